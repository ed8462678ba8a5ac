/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of addresses as arrays of ranges. Invariant of a tidy set: sorted, no
 * two ranges overlap or touch; so equal sets have equal arrays, and every
 * question is a binary search. Does not know what the sets are for.
 */
#include "lib/nets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/xalloc.h"

void nets_free(struct nets *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

/* ---- addresses as numbers */

bool addr_next(struct addr *a)
{
	for (unsigned int i = addr_len(a); i-- > 0;)
		if (++a->ip[i] != 0)
			return true;
	return false;
}

bool addr_before(struct addr *a)
{
	for (unsigned int i = addr_len(a); i-- > 0;)
		if (a->ip[i]-- != 0)
			return true;
	return false;
}

/* Is @b above @a, with at least one address between them? */
static bool apart(const struct addr *a, const struct addr *b)
{
	struct addr next = *a;

	return addr_next(&next) && addr_cmp(&next, b) < 0;
}

/* All bits from @prefix on become 0 or 1. */
static void fill_bits(struct addr *a, unsigned int prefix, bool ones)
{
	for (unsigned int i = 0; i < addr_len(a); i++) {
		unsigned int kept = prefix > i * 8 ? prefix - i * 8 : 0;
		uint8_t mask = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);

		a->ip[i] = ones ? a->ip[i] | mask : a->ip[i] & (uint8_t)~mask;
	}
}

/* ---- text */

#define FORMS "an address, a network or a range"

static int not_a(const char *text, const char *what, struct err *err)
{
	char quoted[128];

	return err_set(err, -EINVAL, "%s is not %s; allowed: " FORMS,
		       text_quote(text, strlen(text), quoted, sizeof(quoted)),
		       what);
}

static int parse_prefix(const char *text, struct net_range *out,
			struct err *err)
{
	unsigned int bits = addr_len(&out->lo) * 8;
	uint32_t prefix;

	if (parse_number(text, 0, bits, &prefix) < 0)
		return not_a(text,
			     bits == 32 ? "a prefix length of 0..32"
					: "a prefix length of 0..128",
			     err);
	fill_bits(&out->lo, prefix, false);
	out->hi = out->lo;
	fill_bits(&out->hi, prefix, true);
	return 0;
}

static int parse_end(const char *text, struct net_range *out, struct err *err)
{
	char first[ADDR_STRLEN], words[ADDR_STRLEN + 64];

	if (addr_parse(text, &out->hi) < 0)
		return not_a(text, "an address", err);
	addr_format(&out->lo, first);
	snprintf(words, sizeof(words), "of the family of %s", first);
	if (out->hi.family != out->lo.family)
		return not_a(text, words, err);
	snprintf(words, sizeof(words), "%s or above it", first);
	if (addr_cmp(&out->hi, &out->lo) < 0)
		return not_a(text, words, err);
	return 0;
}

int net_parse(const char *text, struct net_range *out, struct err *err)
{
	size_t len = strcspn(text, "/-");
	char first[ADDR_STRLEN];
	struct net_range r;
	int ret = 0;

	if (len >= sizeof(first))
		return not_a(text, "an address", err);
	memcpy(first, text, len);
	first[len] = '\0';
	if (addr_parse(first, &r.lo) < 0)
		return not_a(text, "an address", err);
	r.hi = r.lo;
	if (text[len] == '/')
		ret = parse_prefix(text + len + 1, &r, err);
	else if (text[len] == '-')
		ret = parse_end(text + len + 1, &r, err);
	if (ret == 0)
		*out = r;
	return ret;
}

/* The prefix length whose network @r is, or -1. */
static int range_prefix(const struct net_range *r)
{
	struct net_range net = *r;
	unsigned int bits = addr_len(&r->lo) * 8, prefix = 0;

	while (prefix < bits &&
	       !((r->lo.ip[prefix / 8] ^ r->hi.ip[prefix / 8]) &
		 (0x80 >> prefix % 8)))
		prefix++;
	fill_bits(&net.lo, prefix, false);
	fill_bits(&net.hi, prefix, true);
	return addr_cmp(&net.lo, &r->lo) == 0 && addr_cmp(&net.hi, &r->hi) == 0
		   ? (int)prefix
		   : -1;
}

void net_print(const struct net_range *r, char *text, size_t size)
{
	char lo[ADDR_STRLEN], hi[ADDR_STRLEN];
	int prefix = range_prefix(r);

	addr_format(&r->lo, lo);
	if (addr_cmp(&r->lo, &r->hi) == 0)
		snprintf(text, size, "%s", lo);
	else if (prefix >= 0)
		snprintf(text, size, "%s/%d", lo, prefix);
	else
		snprintf(text, size, "%s-%s", lo, addr_format(&r->hi, hi));
}

/* ---- building */

void nets_push(struct nets *s, const struct net_range *r)
{
	*VEC_PUSH(s->list, s->n, s->cap) = *r;
	s->loose = true;
}

static int range_cmp(const void *a, const void *b)
{
	const struct net_range *x = a, *y = b;
	int c = addr_cmp(&x->lo, &y->lo);

	return c ? c : addr_cmp(&x->hi, &y->hi);
}

static bool is_sorted(const struct nets *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (addr_cmp(&s->list[i - 1].lo, &s->list[i].lo) > 0)
			return false;
	return true;
}

void nets_tidy(struct nets *s)
{
	size_t n = 0;

	if (!s->loose)
		return;
	s->loose = false;
	if (!is_sorted(s))
		qsort(s->list, s->n, sizeof(*s->list), range_cmp);
	for (size_t i = 0; i < s->n; i++) {
		struct net_range *last = n ? &s->list[n - 1] : NULL;

		if (!last || apart(&last->hi, &s->list[i].lo))
			s->list[n++] = s->list[i];
		else if (addr_cmp(&last->hi, &s->list[i].hi) < 0)
			last->hi = s->list[i].hi;
	}
	s->n = n;
}

void nets_copy(struct nets *to, const struct nets *from)
{
	struct net_range *list = NULL;

	if (from->n) {
		list = xreallocarray(NULL, from->n, sizeof(*list));
		memcpy(list, from->list, from->n * sizeof(*list));
	}
	nets_free(to);
	*to = (struct nets){ list, from->n, from->n, from->loose };
}

/* ---- asking and changing */

/* The first range that ends at @a or above it. */
static size_t find_end(const struct nets *s, const struct addr *a)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(&s->list[mid].hi, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool nets_get(const struct nets *s, const struct addr *a, struct net_range *out)
{
	size_t i = find_end(s, a);

	if (i == s->n || addr_cmp(&s->list[i].lo, a) > 0)
		return false;
	*out = s->list[i];
	return true;
}

bool nets_has(const struct nets *s, const struct addr *a)
{
	struct net_range r;

	return nets_get(s, a, &r);
}

bool nets_has_any(const struct nets *s, const struct net_range *r)
{
	size_t i = find_end(s, &r->lo);

	return i < s->n && addr_cmp(&s->list[i].lo, &r->hi) <= 0;
}

bool nets_has_all(const struct nets *s, const struct net_range *r)
{
	size_t i = find_end(s, &r->hi);

	return i < s->n && addr_cmp(&s->list[i].lo, &r->lo) <= 0;
}

/* The ranges @from..@to (not included) become the @n of @with. */
static void splice(struct nets *s, size_t from, size_t to,
		   const struct net_range *with, size_t n)
{
	size_t tail = s->n - to, len = from + n + tail;

	if (len > s->cap) {
		s->cap = len + len / 8 + 8;
		s->list = xreallocarray(s->list, s->cap, sizeof(*s->list));
	}
	if (tail && from + n != to)
		memmove(s->list + from + n, s->list + to,
			tail * sizeof(*s->list));
	if (n)
		memcpy(s->list + from, with, n * sizeof(*s->list));
	s->n = len;
}

bool nets_add(struct nets *s, const struct net_range *r)
{
	struct net_range joined = *r;
	struct addr below = r->lo;
	size_t from = 0, to;

	/* From the one that ends just below @r on, ranges may join it. */
	if (addr_before(&below))
		from = find_end(s, &below);
	for (to = from; to < s->n && !apart(&r->hi, &s->list[to].lo); to++)
		continue;
	if (to > from) {
		const struct net_range *a = &s->list[from];
		const struct net_range *b = &s->list[to - 1];

		if (addr_cmp(&a->lo, &joined.lo) < 0)
			joined.lo = a->lo;
		if (addr_cmp(&b->hi, &joined.hi) > 0)
			joined.hi = b->hi;
		if (to == from + 1 && range_cmp(a, &joined) == 0)
			return false;
	}
	splice(s, from, to, &joined, 1);
	return true;
}

bool nets_remove(struct nets *s, const struct net_range *r)
{
	size_t from = find_end(s, &r->lo), to = from, n = 0;
	struct net_range left[2];

	while (to < s->n && addr_cmp(&s->list[to].lo, &r->hi) <= 0)
		to++;
	if (to == from)
		return false;
	if (addr_cmp(&s->list[from].lo, &r->lo) < 0) {
		left[n] = (struct net_range){ s->list[from].lo, r->lo };
		addr_before(&left[n++].hi);
	}
	if (addr_cmp(&s->list[to - 1].hi, &r->hi) > 0) {
		left[n] = (struct net_range){ r->hi, s->list[to - 1].hi };
		addr_next(&left[n++].lo);
	}
	splice(s, from, to, left, n);
	return true;
}

/* ---- two sets */

void nets_add_all(struct nets *s, const struct nets *more)
{
	struct net_range *list;
	size_t i = 0, k = 0, n = 0;

	if (!more->n)
		return;
	list = xreallocarray(NULL, s->n + more->n, sizeof(*list));
	while (i < s->n || k < more->n)
		list[n++] =
		    k == more->n || (i < s->n && range_cmp(&s->list[i],
							   &more->list[k]) <= 0)
			? s->list[i++]
			: more->list[k++];
	free(s->list);
	*s = (struct nets){ list, n, n, true };
	nets_tidy(s);
}

/* What is left of @r. *at: the first range of @less that ends at @r or above
 * it, from there on to the first that the next one can meet. */
static void push_rest(struct nets *to, struct net_range r,
		      const struct nets *less, size_t *at)
{
	while (*at < less->n && addr_cmp(&less->list[*at].hi, &r.lo) < 0)
		++*at;
	for (; *at < less->n; ++*at) {
		const struct net_range *cut = &less->list[*at];
		struct net_range left = { r.lo, cut->lo };

		if (addr_cmp(&cut->lo, &r.hi) > 0)
			break;
		if (addr_cmp(&cut->lo, &r.lo) > 0) {
			addr_before(&left.hi);
			nets_push(to, &left);
		}
		if (addr_cmp(&cut->hi, &r.hi) >= 0)
			return;
		r.lo = cut->hi;
		addr_next(&r.lo);
	}
	nets_push(to, &r);
}

void nets_remove_all(struct nets *s, const struct nets *less)
{
	struct nets rest = { 0 };
	size_t at = 0;

	if (!less->n)
		return;
	for (size_t i = 0; i < s->n; i++)
		push_rest(&rest, s->list[i], less, &at);
	rest.loose = false; /* parts of a tidy set, in its order */
	nets_free(s);
	*s = rest;
}

bool nets_same(const struct nets *a, const struct nets *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (range_cmp(&a->list[i], &b->list[i]) != 0)
			return false;
	return true;
}

size_t nets_distance(const struct nets *a, const struct nets *b, size_t max)
{
	size_t i = 0, k = 0, n = 0;

	while (n <= max && i < a->n && k < b->n) {
		int c = range_cmp(&a->list[i], &b->list[k]);

		n += c != 0;
		i += c <= 0;
		k += c >= 0;
	}
	return n > max ? n : n + (a->n - i) + (b->n - k);
}

void nets_diff(const struct nets *have, const struct nets *want,
	       struct nets *del, struct nets *add)
{
	size_t h = 0, w = 0;

	while (h < have->n || w < want->n) {
		int c = h == have->n ? 1
			: w == want->n
			    ? -1
			    : range_cmp(&have->list[h], &want->list[w]);

		if (c < 0)
			nets_push(del, &have->list[h]);
		if (c > 0)
			nets_push(add, &want->list[w]);
		h += c <= 0;
		w += c >= 0;
	}
	/* Parts of tidy sets, but they may touch what stays: no merging. */
	del->loose = add->loose = false;
}
