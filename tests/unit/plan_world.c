/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The histories of plan_world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/unit/plan_world.h"

#include "lib/xalloc.h"
#include "rulesets/encode.h"

struct world *world_new(unsigned int seed)
{
	struct world *w = xcalloc(1, sizeof(*w));

	gen_init(&w->gen, seed);
	have_init(&w->have);
	fake_init(&w->kernel);
	return w;
}

void world_free(struct world *w)
{
	have_free(&w->have);
	fake_free(&w->kernel);
	free(w);
}

struct plan *world_plan(struct world *w)
{
	return plan_make(&w->have, w->gen.list, w->gen.n, true);
}

typedef void encode_fn(struct batch *b, const struct plan *p,
		       const char *table);

static void apply(struct fake *k, const struct plan *p, encode_fn *encode)
{
	struct nl nl = { .seq = 1 };
	struct batch b;

	batch_begin(&b, &nl, 0);
	encode(&b, p, "nftlb");
	assert_true(fake_batch(k, &b));
	batch_free(&b);
}

void world_first(struct world *w, const struct plan *p)
{
	apply(&w->kernel, p, encode_first);
}

void world_late(struct world *w, const struct plan *p)
{
	apply(&w->kernel, p, encode_late);
}

void world_pieces(struct world *w, const struct plan *p, world_seen_fn *seen,
		  void *arg)
{
	struct nl nl = { .seq = 1 };
	struct batch b;
	size_t from = 0;

	batch_begin(&b, &nl, 0);
	encode_first(&b, p, "nftlb");
	batch_may_cut(&b);
	for (size_t i = 0; i < b.ncuts; i++) {
		const struct batch piece = {
			.buf = { .data = b.buf.data + from,
				 .len = b.cuts[i].at - from },
		};

		assert_true(b.cuts[i].at >= from);
		assert_true(fake_batch(&w->kernel, &piece));
		seen(w, arg);
		from = b.cuts[i].at;
	}
	assert_int_equal(from, b.buf.len);
	batch_free(&b);
}

void world_take(struct plan *p)
{
	plan_take_over(p);
	plan_free(p);
}
