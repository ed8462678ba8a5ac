/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services of each kind, as test_chains_kernel makes them. */
#ifndef TESTS_UNIT_CHAINS_SUBJECT_H
#define TESTS_UNIT_CHAINS_SUBJECT_H

#include "rulesets/types.h"

#define BACKENDS 3

struct subject {
	struct rs_service svc;
	struct addr addr;
	struct rs_ports ports[2];
	struct rs_backend backends[BACKENDS];
	struct rs_pin pins[2];
};

/** address() - 10.NET.0.HOST, or its like of IPv6 */
struct addr address(uint8_t family, uint8_t net, uint8_t host);

/* What makes a service one of a kind. */
void filters(struct subject *s);
/* chains_direct_kinds.c */
void dsr(struct subject *s);
void dsr_any_port(struct subject *s);
void dsr_forgetful(struct subject *s);
void ipip(struct subject *s);
void dsr_probed(struct subject *s);
void ipip_probed(struct subject *s);
void probed(struct subject *s);
void stateless(struct subject *s);
void ahead(struct subject *s);
void stateless_ranges(struct subject *s);
void stateless_any_port(struct subject *s);
void interface(struct subject *s);

#endif
