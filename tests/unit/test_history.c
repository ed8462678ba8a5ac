/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history: what is kept, for how long, and how vague it becomes; and that
 * it goes on through a reload.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/history.h"
#include "tests/unit/model_rig.h"

#define CHECK "check c type=tcp rise=1 fall=1\n"
#define TWO                                                                    \
	CHECK "service s scheduler=weighted\nbackend b1 check=c weight=3\n"    \
	      "backend b2 check=c weight=1\n"
#define ONE                                                                    \
	CHECK "service t scheduler=weighted\nbackend x\n"                      \
	      "service s scheduler=weighted\nbackend b2 check=c weight=1\n"

struct story {
	struct model_rig r;
	struct history h;
};

static void begin(struct story *s)
{
	memset(s, 0, sizeof(*s));
	model_rig_conf(&s->r, TWO);
	history_sync(&s->h, s->r.m, 0);
}

static void end(struct story *s)
{
	history_free(&s->h);
	model_rig_free(&s->r);
}

static void note(struct story *s, const char *script, int64_t now_ms)
{
	model_rig_do(&s->r, script);
	for (size_t i = 0; i < s->r.m->nservices; i++)
		history_states(&s->h, s->r.m, &s->r.m->services[i], now_ms);
}

/* Every number is told within 0.1 %, none is told as unknown. */
static void test_numbers(void **state)
{
	for (uint64_t n = 0; n < 2048; n++)
		assert_int_equal(history_unpack(history_pack(n)), n);
	for (uint64_t n = 2048; n < UINT64_C(1) << 40; n += n / 7) {
		uint64_t back = history_unpack(history_pack(n));

		assert_in_range(back, n - n / 1000, n);
		assert_int_not_equal(history_pack(n), HISTORY_UNKNOWN);
	}
	assert_int_not_equal(history_pack(UINT64_MAX), HISTORY_UNKNOWN);
}

static void test_states(void **state)
{
	struct story s;
	const struct history_spans *b1;

	begin(&s);
	b1 = &s.h.services[0].backends[0].spans;
	note(&s, "b1 c refused", 5000);
	note(&s, "wait 1", 6000); /* nothing new */
	note(&s, "b1 c ok", 12300);
	note(&s, "b1 drain", 20000);
	assert_int_equal(b1->n, 4);
	assert_int_equal(b1->list[0].begin_ds, 0);
	assert_int_equal(b1->list[0].state, BACKEND_ACTIVE);
	assert_int_equal(b1->list[1].begin_ds, 50);
	assert_int_equal(b1->list[1].state, BACKEND_DOWN);
	assert_int_equal(b1->list[2].begin_ds, 123);
	assert_int_equal(b1->list[3].state, BACKEND_DRAIN);
	assert_int_equal(s.h.services[0].backends[1].spans.n, 1);
	assert_int_equal(s.h.services[0].spans.list[1].state, SERVICE_DEGRADED);
	end(&s);
}

/* A long outage is kept as it was, whatever flaps later; of what flapped it is
 * known that it did. */
static void test_too_many(void **state)
{
	struct story s;
	const struct history_spans *b1;
	bool mixed = false;

	begin(&s);
	b1 = &s.h.services[0].backends[0].spans;
	note(&s, "b1 c refused", 100000);
	note(&s, "b1 c ok", 900000);
	for (int i = 0; i < 1000; i++)
		note(&s, i % 2 ? "b1 c ok" : "b1 c refused",
		     1800000 + i * 1000);
	assert_int_equal(b1->n, HISTORY_SPANS);
	assert_int_equal(b1->list[1].begin_ds, 1000);
	assert_int_equal(b1->list[1].state, BACKEND_DOWN);
	assert_int_equal(b1->list[2].begin_ds, 9000);
	assert_int_equal(b1->list[2].state, BACKEND_ACTIVE);
	for (size_t i = 1; i < b1->n; i++) {
		assert_true(b1->list[i].begin_ds > b1->list[i - 1].begin_ds);
		mixed |= b1->list[i].state == HISTORY_MIXED;
	}
	assert_true(mixed);
	assert_int_equal(b1->list[b1->n - 1].state, BACKEND_ACTIVE);
	end(&s);
}

static void test_samples(void **state)
{
	struct story s;
	struct history_service *h;

	begin(&s);
	h = &s.h.services[0];
	assert_int_equal(history_cell(&s.h, 0), -1);
	assert_true(history_tick(&s.h, 1000));
	assert_false(history_tick(&s.h, 9999));
	h->connections[history_cell(&s.h, 0)] = history_pack(7);
	history_shares(&s.h, s.r.m, &s.r.m->services[0]);
	assert_int_equal(h->backends[0].share[history_cell(&s.h, 0)],
			 HISTORY_SHARE_ONE * 3 / 4);
	/* three were missed */
	assert_true(history_tick(&s.h, 40000));
	assert_int_equal(h->connections[history_cell(&s.h, 0)],
			 HISTORY_UNKNOWN);
	assert_int_equal(h->connections[history_cell(&s.h, 3)],
			 HISTORY_UNKNOWN);
	assert_int_equal(history_unpack(h->connections[history_cell(&s.h, 4)]),
			 7);
	assert_int_equal(history_cell(&s.h, 5), -1);
	/* an hour later it is forgotten, and a day's sleep is no loop of days
	 */
	assert_true(history_tick(&s.h, 40000 + HISTORY_HOUR_MS * 24));
	for (uint32_t ago = 0; ago < s.h.cells; ago++)
		assert_int_equal(h->connections[history_cell(&s.h, ago)],
				 HISTORY_UNKNOWN);
	end(&s);
}

/* Who is still there keeps his past, wherever he is now. */
static void test_reload(void **state)
{
	struct story s;
	const struct history_service *h;

	begin(&s);
	note(&s, "b2 c refused", 5000);
	history_tick(&s.h, 10000);
	s.h.services[0].connections[history_cell(&s.h, 0)] = history_pack(9);
	s.h.services[0].backends[1].connections[history_cell(&s.h, 0)] =
	    history_pack(4);
	model_rig_conf(&s.r, ONE);
	history_sync(&s.h, s.r.m, 15000);
	assert_int_equal(s.h.nservices, 2);
	h = history_of(&s.h, "s");
	assert_ptr_equal(h, &s.h.services[1]);
	assert_int_equal(history_unpack(h->connections[history_cell(&s.h, 0)]),
			 9);
	assert_int_equal(h->nbackends, 1);
	assert_string_equal(h->backends[0].name, "b2");
	assert_int_equal(
	    history_unpack(h->backends[0].connections[history_cell(&s.h, 0)]),
	    4);
	assert_int_equal(h->backends[0].spans.list[1].begin_ds, 50);
	h = history_of(&s.h, "t");
	assert_int_equal(h->spans.list[0].begin_ds, 150);
	assert_null(history_of(&s.h, "u"));
	assert_int_equal(s.h.began_ms, 0);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),  cmocka_unit_test(test_states),
		cmocka_unit_test(test_too_many), cmocka_unit_test(test_samples),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
