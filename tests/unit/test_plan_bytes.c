/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services with none of the rules around them cost what they cost before there
 * were any: the bytes that go to the kernel are the same. The digests were
 * computed by the encoder of commit 3bd0185, over the same histories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

#include "rulesets/encode.h"
#include "tests/unit/plan_world.h"

#define STEPS 60
#define ROOM  (4u << 20)

struct digest {
	uint64_t hash; /* FNV-1a */
	size_t bytes;
};

static void add_bytes(struct digest *d, const struct batch *b)
{
	for (size_t i = 0; i < b->buf.len; i++) {
		d->hash ^= (unsigned char)b->buf.data[i];
		d->hash *= UINT64_C(0x100000001b3);
	}
	d->bytes += b->buf.len;
}

typedef void encode_fn(struct batch *b, const struct plan *p,
		       const char *table);

static void add_part(struct digest *d, const struct plan *p, encode_fn *encode)
{
	struct nl nl = { .seq = 1 };
	struct batch b;

	batch_begin(&b, &nl, 0);
	/* libmnl leaves the bytes between attributes as they are */
	memset(buf_reserve(&b.buf, ROOM), 0, ROOM);
	encode(&b, p, "nftlb");
	assert_true(b.buf.len < ROOM);
	add_bytes(d, &b);
	batch_free(&b);
}

static struct digest history(unsigned int seed)
{
	struct digest d = { UINT64_C(0xcbf29ce484222325), 0 };
	struct world *w = world_new(seed);

	for (int i = 0; i < STEPS; i++) {
		struct plan *p;

		gen_step(&w->gen);
		p = world_plan(w);
		add_part(&d, p, encode_first);
		add_part(&d, p, encode_late);
		world_take(p);
	}
	world_free(w);
	return d;
}

static const struct {
	unsigned int seed;
	struct digest digest;
} known[] = {
	{ 1, { UINT64_C(0x880584b8706e0e0d), 291864 } },
	{ 2, { UINT64_C(0x8d550b396e5a85db), 482552 } },
	{ 3, { UINT64_C(0x94b15e66b80712df), 425152 } },
	{ 4, { UINT64_C(0xdebbcb499952cfa2), 179976 } },
};

static void test_same_bytes(void **state)
{
	size_t differ = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct digest d = history(known[i].seed);

		if (d.hash == known[i].digest.hash &&
		    d.bytes == known[i].digest.bytes)
			continue;
		print_message("seed %u: 0x%016" PRIx64 ", %zu bytes\n",
			      known[i].seed, d.hash, d.bytes);
		differ++;
	}
	assert_int_equal(differ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),
	};

	return cmocka_run_group_tests_name("plan bytes", tests, NULL, NULL);
}
