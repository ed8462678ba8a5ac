/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading rules back. The kernel may dump attributes in another order, add some
 * with default values, and write registers in the old 16-byte numbering: what
 * we sent has to be found in what it says, no more.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "rulesets/rule.h"

/* A walk over the attributes of a stretch of bytes, safe for any bytes. */
struct walk {
	const char *at;
	size_t left;
};

static const struct nlattr *walk_next(struct walk *w)
{
	const struct nlattr *a = (const void *)w->at;
	size_t step;

	if (w->left < sizeof(*a) || a->nla_len < sizeof(*a) ||
	    a->nla_len > w->left)
		return NULL;
	step = MNL_ALIGN(a->nla_len);
	if (step > w->left)
		step = w->left;
	w->at += step;
	w->left -= step;
	return a;
}

static uint16_t attr_type(const struct nlattr *a)
{
	return a->nla_type & NLA_TYPE_MASK;
}

static struct walk walk_into(const struct nlattr *a)
{
	return (struct walk){ (const char *)a + sizeof(*a),
			      a->nla_len - sizeof(*a) };
}

static const struct nlattr *walk_find(struct walk w, uint16_t type)
{
	const struct nlattr *a;

	while ((a = walk_next(&w)))
		if (attr_type(a) == type)
			return a;
	return NULL;
}

static bool attrs_match(struct walk want, struct walk have);

static bool attr_matches(const struct nlattr *want, const struct nlattr *have)
{
	struct walk w, h;

	if (!have)
		return false;
	w = walk_into(want);
	h = walk_into(have);
	/* Only our side says what is nested: flags of dumps vary by version. */
	if (want->nla_type & NLA_F_NESTED)
		return attrs_match(w, h);
	return w.left == h.left && !memcmp(w.at, h.at, w.left);
}

static bool attrs_match(struct walk want, struct walk have)
{
	const struct nlattr *a;

	while ((a = walk_next(&want))) {
		const struct nlattr *b = walk_find(have, attr_type(a));

		/* an expression that has nothing to say: notrack */
		if (!b && a->nla_len == sizeof(*a))
			continue;
		/* not dumped where the set has it as well; of what we send,
		 * nothing else that is nested has this number */
		if (!b && a->nla_type == (NLA_F_NESTED | NFTA_DYNSET_EXPR))
			continue;
		if (!attr_matches(a, b))
			return false;
	}
	return true;
}

bool rule_matches(const void *want, size_t want_len, const void *have,
		  size_t have_len)
{
	struct walk w = { want, want_len }, h = { have, have_len };
	const struct nlattr *a, *b;

	if (want_len == have_len && want_len > 0 &&
	    !memcmp(want, have, want_len))
		return true;
	while ((a = walk_next(&w))) {
		b = walk_next(&h);
		if (!b || !attrs_match(walk_into(a), walk_into(b)))
			return false;
	}
	return !walk_next(&h);
}

static bool attr_u32(struct walk w, uint16_t type, uint32_t *out)
{
	const struct nlattr *a = walk_find(w, type);
	uint32_t be;

	if (!a || a->nla_len != sizeof(*a) + sizeof(be))
		return false;
	memcpy(&be, (const char *)a + sizeof(*a), sizeof(be));
	*out = ntohl(be);
	return true;
}

static bool is_string(const struct nlattr *a, const char *s)
{
	size_t len = strlen(s) + 1;

	return a && a->nla_len == sizeof(*a) + len &&
	       !memcmp((const char *)a + sizeof(*a), s, len);
}

bool rule_slots(const void *rule, size_t len, uint32_t *base, uint32_t *m)
{
	static const struct {
		const char *name;
		uint16_t mod, offset;
	} kinds[] = {
		{ "numgen", NFTA_NG_MODULUS, NFTA_NG_OFFSET },
		{ "hash", NFTA_HASH_MODULUS, NFTA_HASH_OFFSET },
	};
	struct walk w = { rule, len };
	const struct nlattr *a;

	while ((a = walk_next(&w))) {
		const struct nlattr *name =
		    walk_find(walk_into(a), NFTA_EXPR_NAME);
		const struct nlattr *data =
		    walk_find(walk_into(a), NFTA_EXPR_DATA);

		for (size_t i = 0; data && i < 2; i++)
			if (is_string(name, kinds[i].name))
				return attr_u32(walk_into(data), kinds[i].mod,
						m) &&
				       attr_u32(walk_into(data),
						kinds[i].offset, base);
	}
	return false;
}
