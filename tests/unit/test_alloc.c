/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The allocator against an oracle: a flag per slot key and per id. Ranges come
 * from the lower end, so that the first few thousand keys tell everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/alloc.h"
#include "rulesets/form.h"

#define KEYS  4096u
#define OWNED 64
#define STEPS 100000
#define FIRST 16u
#define LAST  0xfffffffeu

static uint32_t rnd(unsigned int *seed, uint32_t below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % below;
}

/* Free extents: sorted, not empty, never touching, as many keys as are free. */
static void check_extents(const struct alloc *a, const bool *used)
{
	uint64_t end = FIRST;

	for (size_t i = 0; i < a->nfree; i++) {
		const struct extent *e = &a->free[i];

		assert_true(e->len > 0);
		assert_true(i == 0 ? e->base >= end : e->base > end);
		for (uint64_t k = end; k < e->base && k < KEYS; k++)
			assert_true(used[k]);
		end = (uint64_t)e->base + e->len;
		for (uint64_t k = e->base; k < end && k < KEYS; k++)
			assert_false(used[k]);
	}
	assert_int_equal(end, (uint64_t)LAST + 1);
}

static bool all_free(const bool *used, uint32_t base, uint32_t len)
{
	for (uint32_t k = base; k < base + len; k++)
		if (used[k])
			return false;
	return true;
}

static void mark(bool *used, uint32_t base, uint32_t len, bool value)
{
	assert_true(base >= FIRST && base + len <= KEYS);
	memset(used + base, value, len);
}

/* The first place where @len keys are free. */
static uint32_t first_fit(const bool *used, uint32_t len)
{
	uint32_t base = FIRST;

	while (!all_free(used, base, len))
		base++;
	return base;
}

static void test_ranges(void **state)
{
	static bool used[2 * KEYS];
	struct extent own[OWNED];
	unsigned int seed = 7;
	struct alloc a;
	size_t n = 0;

	(void)state;
	alloc_init(&a);
	for (int step = 0; step < STEPS; step++) {
		struct extent e = { FIRST + rnd(&seed, KEYS / 2),
				    1 + rnd(&seed, 30) };
		uint32_t what = rnd(&seed, 3);

		if (what == 0 && n > 0) {
			size_t i = rnd(&seed, (uint32_t)n);

			alloc_put_range(&a, own[i].base, own[i].len);
			mark(used, own[i].base, own[i].len, false);
			own[i] = own[--n];
		} else if (what == 1 && n < OWNED) {
			e.base = alloc_range(&a, e.len);
			assert_int_equal(e.base, first_fit(used, e.len));
			mark(used, e.base, e.len, true);
			own[n++] = e;
		} else if (what == 2 && n < OWNED) {
			bool fits = all_free(used, e.base, e.len);

			assert_int_equal(alloc_take_range(&a, e.base, e.len),
					 fits);
			if (!fits)
				continue;
			mark(used, e.base, e.len, true);
			own[n++] = e;
		}
		if (step % 16 == 0)
			check_extents(&a, used);
	}
	while (n-- > 0)
		alloc_put_range(&a, own[n].base, own[n].len);
	assert_int_equal(a.nfree, 1);
	assert_int_equal(a.free[0].base, FIRST);
	assert_int_equal(a.free[0].len, LAST - FIRST + 1);
	alloc_free(&a);
}

static void test_range_edges(void **state)
{
	struct alloc a;

	(void)state;
	alloc_init(&a);
	assert_false(alloc_take_range(&a, 0, 20));
	assert_false(alloc_take_range(&a, FIRST - 1, 1));
	assert_false(alloc_take_range(&a, LAST, 2));
	assert_false(alloc_take_range(&a, UINT32_MAX, 1));
	assert_false(alloc_take_range(&a, LAST - 5, UINT32_MAX));
	assert_true(alloc_take_range(&a, LAST, 1));
	assert_true(alloc_take_range(&a, FIRST, 1));
	assert_false(alloc_take_range(&a, FIRST, 1));
	alloc_put_range(&a, FIRST, 0); /* nothing, not an empty extent */
	assert_int_equal(a.nfree, 1);
	alloc_put_range(&a, LAST, 1);
	alloc_put_range(&a, FIRST, 1);
	assert_int_equal(a.nfree, 1);
	alloc_free(&a);
}

static void test_ids(void **state)
{
	enum { IDS = 3000 };
	static bool used[2 * 4096];
	unsigned int seed = 3, in_use = 0;
	struct alloc a;

	(void)state;
	alloc_init(&a);
	for (int step = 0; step < STEPS; step++) {
		uint32_t id = ID_FIRST + rnd(&seed, IDS);

		switch (rnd(&seed, 3)) {
		case 0:
			in_use -= used[id];
			used[id] = false;
			alloc_put_id(&a, id);
			break;
		case 1:
			assert_int_equal(alloc_take_id(&a, id), !used[id]);
			in_use += !used[id];
			used[id] = true;
			break;
		case 2:
			if (in_use >= IDS)
				break;
			id = alloc_id(&a);
			assert_in_range(id, ID_FIRST, 4096 - 1);
			assert_false(used[id]);
			used[id] = true;
			in_use++;
			break;
		}
	}
	alloc_free(&a);
}

/* An id that was just given back still stands in conntrack's and the packets'
 * eyes for the old address: it must rest. */
static void test_ids_rest(void **state)
{
	struct alloc a;
	uint32_t last = 0;

	(void)state;
	alloc_init(&a);
	for (int i = 0; i < 500; i++) {
		uint32_t id = alloc_id(&a);

		assert_true(i == 0 || id > last);
		alloc_put_id(&a, id);
		last = id;
	}
	alloc_free(&a);
}

/* They grow only when all are taken, and each is given once. */
static void test_ids_many(void **state)
{
	enum { MANY = 70000 };
	bool *used = calloc(2 * MANY, sizeof(*used));
	struct alloc a;

	(void)state;
	alloc_init(&a);
	for (int i = 0; i < MANY; i++) {
		uint32_t id = alloc_id(&a);

		assert_in_range(id, ID_FIRST, ID_FIRST + MANY - 1);
		assert_false(used[id]);
		used[id] = true;
	}
	alloc_free(&a);
	free(used);
}

static void test_id_edges(void **state)
{
	static const uint32_t bad[] = { ID_REJECT, ID_DROP, ID_FIRST - 1,
					1u << 26, ID_NONE };
	struct alloc a;

	(void)state;
	alloc_init(&a);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(alloc_take_id(&a, bad[i]));
		alloc_put_id(&a, bad[i]); /* must not hurt */
	}
	assert_true(alloc_take_id(&a, (1u << 26) - 1));
	assert_false(alloc_take_id(&a, (1u << 26) - 1));
	assert_int_equal(alloc_id(&a), ID_FIRST);
	alloc_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_range_edges),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_ids_rest),
		cmocka_unit_test(test_ids_many),
		cmocka_unit_test(test_id_edges),
	};

	return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
