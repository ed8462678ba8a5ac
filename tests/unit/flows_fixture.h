/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test_flows needs around it: entries, an oracle, a kernel that fails. */
#ifndef TESTS_UNIT_FLOWS_FIXTURE_H
#define TESTS_UNIT_FLOWS_FIXTURE_H

#include <ev.h>

#include "rulesets/flows_impl.h"
#include "tests/unit/conntrack.h"

/* Faults to come, and what was asked; for nonblocking sockets only: the tests'
 * own ones block. Works by linking with --wrap. */
struct kernel_faults {
	unsigned int reads;       /* of answers, so far */
	bool refuse_filter;       /* as a kernel that does not know it */
	unsigned int send_errors; /* so many requests for a dump fail */
	unsigned int interrupts;  /* so many pieces say NLM_F_DUMP_INTR */
	unsigned int overruns;    /* so many reads fail with ENOBUFS */
	unsigned int dumps, filtered;
};

extern struct kernel_faults kernel;

/** rnd() - the next number below @below of a sequence that rnd_seed() begins */
void rnd_seed(uint64_t seed);
uint32_t rnd(uint32_t below);

/** addr_of() - address number @n of a kind: 10.KIND.x.y or fd00:KIND::n */
struct addr addr_of(bool v6, uint8_t kind, uint32_t n);

/** random_entries() - n of them; few values of everything, so that entries
 * differ in one field only; the clients are unique */
struct ct *random_entries(size_t n);
struct flow_match random_match(void);

/** oracle_fits() - what flows.h says */
bool oracle_fits(const struct flow_match *m, const struct ct *c);

/** assert_table_is() - exactly these entries; sorts @want */
void assert_table_is(struct ct *want, size_t n);

struct fixture {
	struct ev_loop *loop;
	struct flows *flows;
};

struct answer {
	int calls, status;
	uint64_t counts[16];
	struct fixture *fixture;
	const struct flow_match *again; /* ask once more from the callback */
};

/** answered() - flows_done_fn; @arg: struct answer */
void answered(void *arg, int status, const uint64_t *counts, size_t n);

/** run_until() - run the loop until *calls is @want; fails after 20 s */
void run_until(struct fixture *t, const int *calls, int want);

/** run_all() - run the loop until all jobs are done */
void run_all(struct fixture *t);

int flows_setup(void **state);
int flows_teardown(void **state);

#endif
