/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services made of numbers, and what a slot table looks like. */
#ifndef TESTS_UNIT_SLOTS_FIXTURE_H
#define TESTS_UNIT_SLOTS_FIXTURE_H

#include "rulesets/slots.h"

#define MAKE_MAX 1000

struct make {
	struct rs_service svc;
	struct rs_backend backends[MAKE_MAX];
	char names[MAKE_MAX][16];
};

/** make_service() - n backends b1, b2...; @weights: NULL = all 1 */
void make_service(struct make *k, enum rs_scheduler scheduler, size_t n,
		  const uint32_t *weights);

/** make_random() - as above; weights 0..@weight_max, not all 0 */
void make_random(struct make *k, enum rs_scheduler scheduler, size_t n,
		 uint32_t weight_max);

/** make_shuffle() - another order of the same backends */
void make_shuffle(struct make *k);

void rnd_seed(uint64_t seed);
uint32_t rnd(uint32_t below);

struct table {
	uint32_t m;
	uint16_t *owner;
	uint32_t *count; /* per backend */
};

/** table_make() - size, fill, count; fails where an owner may not own */
struct table table_make(const struct rs_service *svc);
void table_free(struct table *t);

/** table_max_run() - most consecutive slots of one owner, across the wrap */
uint32_t table_max_run(const struct table *t);

/** table_moved() - share of slots whose owner has another name in @b; @gone: do
 * not look at slots that this name owned in @a; NULL = look at all */
double table_moved(const struct table *a, const struct rs_service *sa,
		   const struct table *b, const struct rs_service *sb,
		   const char *gone);

#endif
