/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as bytes: well formed, found again in what a kernel may make of them,
 * and no bytes at all make the reader leave its bounds (ASan watches: each
 * input is in memory of exactly its length).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/base.h"
#include "rulesets/form.h"
#include "rulesets/rule.h"

#define MUTATIONS 100000

static unsigned int seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

/* ---- all rules that we know */

#define RULES_MAX 512

struct rules {
	struct buf r[RULES_MAX];
	size_t n;
};

static void make_service_rules(struct rules *all, uint8_t family)
{
	struct rs_service svc = { .family = family, .hash_seed = 0x1234 };

	svc.scheduler = RS_ROUND_ROBIN;
	service_rule(&all->r[all->n++], &svc, 1000, 7);
	svc.scheduler = RS_SOURCE_HASH;
	for (int key = RS_KEY_SOURCE; key <= RS_KEY_5TUPLE; key++) {
		svc.hash_key = (enum rs_hash_key)key;
		service_rule(&all->r[all->n++], &svc, 1000, 1021);
	}
	source_rule(&all->r[all->n++], &svc);
	svc.source.family = family;
	svc.source.ip[0] = 10;
	source_rule(&all->r[all->n++], &svc);
}

static int make_rules(void **state)
{
	struct rules *all = calloc(1, sizeof(*all));

	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		for (const struct base_chain *c = base_chains; c->name; c++)
			for (unsigned int i = 0;
			     c->rule(&all->r[all->n], i, family_of(f)); i++)
				all->n++;
		make_service_rules(all, family_of(f));
	}
	assert_true(all->n < RULES_MAX);
	*state = all;
	return 0;
}

static int free_rules(void **state)
{
	struct rules *all = *state;

	for (size_t i = 0; i < RULES_MAX; i++)
		buf_free(&all->r[i]);
	free(all);
	return 0;
}

/* ---- well formed: a second, strict reader */

static const struct nlattr *next_attr(const char **at, const char *end)
{
	const struct nlattr *a = (const void *)*at;

	if (*at == end)
		return NULL;
	assert_true(end - *at >= (int)sizeof(*a));
	assert_true(a->nla_len >= sizeof(*a));
	assert_true(MNL_ALIGN(a->nla_len) <= end - *at);
	*at += MNL_ALIGN(a->nla_len);
	return a;
}

static void check_nest(const struct nlattr *nest)
{
	const char *at = (const char *)nest + sizeof(*nest);
	const char *end = (const char *)nest + nest->nla_len;
	const struct nlattr *a;

	while ((a = next_attr(&at, end)))
		if (a->nla_type & NLA_F_NESTED)
			check_nest(a);
}

static void check_expr(const struct nlattr *e)
{
	const char *at = (const char *)e + sizeof(*e);
	const char *end = (const char *)e + e->nla_len;
	const struct nlattr *a = next_attr(&at, end);

	assert_int_equal(e->nla_type, NLA_F_NESTED | NFTA_LIST_ELEM);
	assert_int_equal(a->nla_type, NFTA_EXPR_NAME);
	assert_int_equal(((const char *)a)[a->nla_len - 1], '\0');
	a = next_attr(&at, end);
	if (!a) /* it has nothing to say: notrack */
		return;
	assert_int_equal(a->nla_type, NLA_F_NESTED | NFTA_EXPR_DATA);
	assert_null(next_attr(&at, end));
	check_nest(e);
}

static void test_well_formed(void **state)
{
	const struct rules *all = *state;

	assert_true(all->n > 50);
	for (size_t i = 0; i < all->n; i++) {
		const char *at = all->r[i].data;
		const char *end = at + all->r[i].len;
		const struct nlattr *e;
		int exprs = 0;

		for (; (e = next_attr(&at, end)); exprs++)
			check_expr(e);
		assert_true(exprs >= 1);
	}
}

/* ---- what a dump may look like */

/* How a rewritten copy differs. */
struct rewrite {
	bool reverse;  /* attributes of an expression's data in reverse */
	bool extra;    /* with attributes that nobody sent */
	bool no_flags; /* without NLA_F_NESTED, as old kernels dump */
};

static void open_nest(struct buf *out, uint16_t type, size_t *at)
{
	struct nlattr a = { 0, type };

	*at = out->len;
	buf_append(out, &a, sizeof(a));
}

static void close_nest(struct buf *out, size_t at)
{
	uint16_t len = (uint16_t)(out->len - at);

	memcpy(out->data + at, &len, sizeof(len));
}

static void add_extra(struct buf *out)
{
	struct nlattr a = { 8, 200 };

	buf_append(out, &a, sizeof(a));
	buf_append(out, "\1\2\3\4", 4);
}

static void copy_nest(struct buf *out, const struct nlattr *nest,
		      const struct rewrite *rw, bool ordered)
{
	const char *at = (const char *)nest + sizeof(*nest);
	const char *end = (const char *)nest + nest->nla_len;
	const struct nlattr *kids[32], *a;
	size_t n = 0, open;
	uint16_t type = nest->nla_type;

	while ((a = next_attr(&at, end)))
		kids[n++] = a;
	open_nest(out, rw->no_flags ? type & NLA_TYPE_MASK : type, &open);
	if (rw->extra)
		add_extra(out);
	for (size_t i = 0; i < n; i++) {
		a = kids[rw->reverse && !ordered ? n - 1 - i : i];
		if (a->nla_type & NLA_F_NESTED)
			copy_nest(out, a, rw, false);
		else
			buf_append(out, a, MNL_ALIGN(a->nla_len));
	}
	close_nest(out, open);
}

static struct buf rewritten(const struct buf *rule, const struct rewrite *rw)
{
	const char *at = rule->data, *end = at + rule->len;
	const struct nlattr *e;
	struct buf out = { 0 };

	while ((e = next_attr(&at, end)))
		copy_nest(&out, e, rw, false);
	return out;
}

static bool matches(const struct buf *want, const struct buf *have)
{
	return rule_matches(want->data, want->len, have->data, have->len);
}

/* Each rule is found in each way of dumping it, and no rule in another's. */
static void test_dumps_match(void **state)
{
	const struct rules *all = *state;

	for (int way = 0; way < 8; way++) {
		const struct rewrite rw = { way & 1, way & 2, way & 4 };

		for (size_t i = 0; i < all->n; i++) {
			struct buf dump = rewritten(&all->r[i], &rw);

			assert_true(matches(&all->r[i], &dump));
			for (size_t k = 0; k < all->n; k++) {
				const struct buf *a = &all->r[i];
				const struct buf *b = &all->r[k];
				bool same = a->len == b->len &&
					    !memcmp(a->data, b->data, a->len);

				assert_int_equal(matches(b, &dump), same);
			}
			buf_free(&dump);
		}
	}
}

/* Every byte of the values counts: the bytes of attributes that are not
 * nested, without their headers and padding. */
static void flip_values(const struct buf *rule, struct buf *copy,
			const char *from, size_t len)
{
	const char *at = from, *end = from + len;
	const struct nlattr *a;

	while ((a = next_attr(&at, end))) {
		const char *value = (const char *)a + sizeof(*a);
		size_t n = a->nla_len - sizeof(*a);

		if (a->nla_type & NLA_F_NESTED) {
			flip_values(rule, copy, value, n);
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			size_t off = (size_t)(value - rule->data) + i;

			copy->data[off] ^= 0x10;
			assert_false(matches(rule, copy));
			copy->data[off] ^= 0x10;
		}
	}
}

static void test_values_differ(void **state)
{
	const struct rules *all = *state;

	for (size_t i = 0; i < all->n; i++) {
		struct buf copy = { 0 };

		buf_append(&copy, all->r[i].data, all->r[i].len);
		flip_values(&all->r[i], &copy, all->r[i].data, all->r[i].len);
		assert_true(matches(&all->r[i], &copy));
		buf_free(&copy);
	}
}

static void append_expr(struct buf *out, const char *name)
{
	size_t expr, data, len = strlen(name) + 1;
	struct nlattr a = { (uint16_t)(sizeof(a) + len), NFTA_EXPR_NAME };
	static const char zeros[4];

	open_nest(out, NLA_F_NESTED | NFTA_LIST_ELEM, &expr);
	buf_append(out, &a, sizeof(a));
	buf_append(out, name, len);
	buf_append(out, zeros, MNL_ALIGN(len) - len);
	open_nest(out, NLA_F_NESTED | NFTA_EXPR_DATA, &data);
	add_extra(out);
	close_nest(out, data);
	close_nest(out, expr);
}

/* An expression more or less, known or not, first or last: another rule. */
static void test_expressions_count(void **state)
{
	static const char *const names[] = { "counter", "limit", "no-such",
					     "" };
	const struct rules *all = *state;

	for (size_t i = 0; i < all->n; i++) {
		const struct buf *r = &all->r[i];
		const struct nlattr *first = (const void *)r->data;
		size_t skip = MNL_ALIGN(first->nla_len);

		assert_false(rule_matches(r->data, r->len, r->data + skip,
					  r->len - skip));
		assert_false(rule_matches(r->data + skip, r->len - skip,
					  r->data, r->len));
		for (size_t n = 0; n < 4; n++) {
			struct buf before = { 0 }, after = { 0 };

			append_expr(&before, names[n]);
			buf_append(&before, r->data, r->len);
			buf_append(&after, r->data, r->len);
			append_expr(&after, names[n]);
			assert_false(matches(r, &before));
			assert_false(matches(r, &after));
			buf_free(&before);
			buf_free(&after);
		}
	}
	assert_true(rule_matches(NULL, 0, NULL, 0));
	assert_false(rule_matches(all->r[0].data, all->r[0].len, NULL, 0));
	assert_false(rule_matches(NULL, 0, all->r[0].data, all->r[0].len));
}

static void test_slots_read(void **state)
{
	const struct rewrite dumped = { true, true, true };
	struct rs_service svc = { .family = AF_INET6 };
	struct buf r = { 0 }, dump;
	uint32_t base, m;

	(void)state;
	for (int way = 0; way < 2; way++) {
		svc.scheduler = way ? RS_SOURCE_HASH : RS_WEIGHTED;
		buf_clear(&r);
		service_rule(&r, &svc, 0xfffff000u, 65521);
		dump = rewritten(&r, &dumped);
		base = m = 0;
		assert_true(rule_slots(dump.data, dump.len, &base, &m));
		assert_int_equal(base, 0xfffff000u);
		assert_int_equal(m, 65521);
		buf_free(&dump);
	}
	buf_clear(&r);
	source_rule(&r, &svc);
	assert_false(rule_slots(r.data, r.len, &base, &m));
	assert_false(rule_slots(NULL, 0, &base, &m));
	buf_free(&r);
}

/* ---- hostile bytes */

/* Damage a copy: bytes, lengths that lie, a cut, a repetition. */
static struct buf mutated(const struct buf *r)
{
	static const uint16_t lens[] = { 0, 1, 3, 4, 5, 0x7fff, 0xffff };
	struct buf out = { 0 };
	uint32_t hits = 1 + rnd(4);

	buf_append(&out, r->data, r->len);
	while (hits-- > 0 && out.len > 4) {
		uint32_t at = rnd((uint32_t)out.len - 2);

		switch (rnd(4)) {
		case 0:
			out.data[at] = (char)rnd(256);
			break;
		case 1:
			memcpy(out.data + at / 4 * 4, &lens[rnd(7)], 2);
			break;
		case 2:
			out.len = at;
			break;
		case 3:
			out.data[at] ^= (char)(1 << rnd(8));
			break;
		}
	}
	return out;
}

/* Memory of exactly @len bytes, so that one byte further is an error. */
static void read_both(const void *bytes, size_t len, const struct buf *want)
{
	char *exact = malloc(len ? len : 1);
	uint32_t base, m;

	memcpy(exact, bytes, len);
	rule_matches(want->data, want->len, exact, len);
	rule_matches(exact, len, want->data, want->len);
	rule_slots(exact, len, &base, &m);
	free(exact);
}

static void test_mutations(void **state)
{
	const struct rules *all = *state;
	unsigned int damaged = 0;

	for (int i = 0; i < MUTATIONS; i++) {
		const struct buf *r = &all->r[rnd((uint32_t)all->n)];
		struct buf bad = mutated(r);

		damaged += !matches(r, &bad);
		if (bad.len > 0)
			read_both(bad.data, bad.len, r);
		buf_free(&bad);
	}
	assert_true(damaged > MUTATIONS / 2);
}

static void test_truncations(void **state)
{
	const struct rules *all = *state;

	for (size_t i = 0; i < all->n; i++)
		for (size_t len = 1; len < all->r[i].len; len++) {
			const struct buf *r = &all->r[i];

			assert_false(
			    rule_matches(r->data, r->len, r->data, len));
			read_both(r->data, len, r);
		}
}

static void test_noise(void **state)
{
	const struct rules *all = *state;
	char noise[256];

	for (int i = 0; i < MUTATIONS; i++) {
		uint32_t len = 1 + rnd(sizeof(noise) - 1);

		for (uint32_t k = 0; k < len; k++)
			noise[k] = (char)rnd(rnd(2) ? 256 : 16);
		read_both(noise, len, &all->r[rnd((uint32_t)all->n)]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well_formed),
		cmocka_unit_test(test_dumps_match),
		cmocka_unit_test(test_values_differ),
		cmocka_unit_test(test_expressions_count),
		cmocka_unit_test(test_slots_read),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests_name("rule", tests, make_rules,
					   free_rules);
}
