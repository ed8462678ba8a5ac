/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test_track needs around it: a tracker, and an oracle that reads the
 * kernel's table. */
#ifndef TESTS_UNIT_TRACK_FIXTURE_H
#define TESTS_UNIT_TRACK_FIXTURE_H

#include "rulesets/track.h"
#include "tests/unit/flows_fixture.h"

#define RIG_MATCHES 64

struct rig {
	struct ev_loop *loop;
	struct tracker *t;
	struct flow_match match[RIG_MATCHES];
	size_t cell[RIG_MATCHES];
	size_t n, ncells;
};

/* Faults of the events' socket; those of the dump's are in "kernel". */
struct event_faults {
	int receive_buffer;       /* bytes; 0: what is asked for */
	unsigned int reads;       /* so far */
	unsigned int audit_share; /* of a core, in parts of 100; 0: so much that
				   * tests need not wait for audits */
};

extern struct event_faults events;

int rig_setup(void **state);
int rig_teardown(void **state);

/** rig_want() - the first @n of r->match, in r->cell */
void rig_want(struct rig *r, size_t n);

/** random_matches() - want @n of which many of random_entries() fit one, some
 * two */
void random_matches(struct rig *r, size_t n);

/** many_entries() - MANY, and r->match that all of them fit: a dump of many
 * pieces */
#define MANY 5000u
struct ct *many_entries(struct rig *r);

uint8_t random_state(void);

/** churn() - some entries come, others change, others go */
void churn(struct ct *list, size_t n);

/** kernel_says() - whether entries made from now on have events: 0 never, 2
 * where somebody listens; 0 or a shell's status */
int kernel_says(int how);

struct track_stats rig_stats(const struct rig *r);

/** rig_right() - are all counts those of the kernel's table? */
bool rig_right(const struct rig *r);

/** rig_settle() - run the loop until they are; fails where they stay wrong */
void rig_settle(struct rig *r);

/** rig_run() - run the loop for a while, ms */
void rig_run(struct rig *r, int ms);

/** rig_entries() - run the loop until so many flows are known */
void rig_entries(struct rig *r, uint64_t n);

/** rig_audit() - run the loop until one more dump has ended that began after
 * this */
void rig_audit(struct rig *r);

/** rig_dumps() - run the loop until so many dumps have ended since the start */
void rig_dumps(struct rig *r, uint64_t n);

#endif
