/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random list of services that changes step by step, as an operator and the
 * health checks would change it. Two services never ask for the same packet
 * (the configuration refuses that), but keys change hands between steps.
 */
#ifndef TESTS_UNIT_PLAN_SERVICES_H
#define TESTS_UNIT_PLAN_SERVICES_H

#include "rulesets/types.h"

#define GEN_SERVICES 20 /* entries; two of them share a name */
#define GEN_BACKENDS 10

struct gen_entry {
	bool present;
	char name[16];
	uint8_t cell; /* which addresses and ports it may use */
	struct addr addrs[2];
	uint8_t protos[3];
	struct rs_ports ports[3];
	struct rs_service svc;
	bool there[GEN_BACKENDS];
	char names[GEN_BACKENDS][8];
	struct rs_backend all[GEN_BACKENDS];
	struct rs_backend backends[GEN_BACKENDS]; /* those that are there */
};

struct gen {
	unsigned int seed;
	struct gen_entry entries[GEN_SERVICES];
	struct rs_service list[GEN_SERVICES]; /* what gen_step() made */
	size_t n;
};

/** gen_init() - nothing is there; @g must stay in place */
void gen_init(struct gen *g, unsigned int seed);
/** gen_step() - change something, then write the list */
void gen_step(struct gen *g);
/** gen_write() - write the list again, after somebody changed an entry */
void gen_write(struct gen *g);
uint32_t gen_rnd(struct gen *g, uint32_t below);

#endif
