/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unified diffs, by E. W. Myers' greedy algorithm ("An O(ND) Difference
 * Algorithm and Its Variations", 1986): what begins and ends alike is set
 * aside, then the shortest script for the rest. Each step's furthest points are
 * kept to find the way back; that is what bounds the number of steps.
 */
#include "revisions/diff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define STEPS_MAX 1500 /* each keeps up to 12 kB */

struct line {
	const char *text;
	size_t len; /* its end included, where it has one */
	uint64_t hash;
};

struct side {
	struct line *list;
	size_t n, cap;
	bool *changed;
};

static void side_split(struct side *s, const struct conf_file *f)
{
	const char *p = f ? f->text : NULL, *end = p ? p + f->len : NULL;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);
		uint64_t hash = 0xcbf29ce484222325u;

		for (size_t i = 0; i < len; i++)
			hash = (hash ^ (unsigned char)p[i]) * 0x100000001b3u;
		*VEC_PUSH(s->list, s->n, s->cap) =
		    (struct line){ p, len, hash };
		p += len;
	}
	s->changed = xcalloc(s->n + 1, sizeof(*s->changed));
}

static void side_free(struct side *s)
{
	free(s->list);
	free(s->changed);
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->len == b->len &&
	       !memcmp(a->text, b->text, a->len);
}

/* The part of both sides that is looked at: [0, n) and [0, m). */
struct middle {
	const struct line *a, *b;
	bool *removed, *added;
	long n, m;
};

static void mark_all(const struct middle *mid)
{
	for (long i = 0; i < mid->n; i++)
		mid->removed[i] = true;
	for (long i = 0; i < mid->m; i++)
		mid->added[i] = true;
}

/* Does the way to diagonal @k at step @d come from above (a line was added)? */
static bool from_above(const long *v, long k, long d)
{
	return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* @trace: of each step d the furthest points before it, at diagonals -d..d. */
static void walk_back(const struct middle *mid, long **trace, long d)
{
	long x = mid->n, y = mid->m;

	for (; d > 0; d--) {
		const long *v = trace[d] + d; /* v[-d..d] of step d - 1 */
		long k = x - y;
		bool above = from_above(v, k, d);
		long before_k = above ? k + 1 : k - 1;
		long before_x = v[before_k], before_y = before_x - before_k;

		if (above)
			mid->added[before_y] = true;
		else
			mid->removed[before_x] = true;
		x = before_x;
		y = before_y;
	}
}

static void steps_run(const struct middle *mid)
{
	long max = mid->n + mid->m < STEPS_MAX ? mid->n + mid->m : STEPS_MAX;
	long *points = xcalloc((size_t)(2 * max + 3), sizeof(*points));
	long **trace = xcalloc((size_t)max + 1, sizeof(*trace));
	long *v = points + max + 1, d, k, end = -1;

	for (d = 0; d <= max && end < 0; d++) {
		trace[d] = xcalloc((size_t)(2 * d + 1), sizeof(*v));
		memcpy(trace[d], v - d, (size_t)(2 * d + 1) * sizeof(*v));
		for (k = -d; k <= d && end < 0; k += 2) {
			long x = from_above(v, k, d) ? v[k + 1] : v[k - 1] + 1;
			long y = x - k;

			while (x < mid->n && y < mid->m && x >= 0 && y >= 0 &&
			       same(&mid->a[x], &mid->b[y])) {
				x++;
				y++;
			}
			v[k] = x;
			if (x >= mid->n && y >= mid->m)
				end = d;
		}
	}
	if (end >= 0)
		walk_back(mid, trace, end);
	else
		mark_all(mid);
	for (k = 0; k < d; k++)
		free(trace[k]);
	free(trace);
	free(points);
}

static void compare(struct side *a, struct side *b)
{
	size_t first = 0, na = a->n, nb = b->n;
	struct middle mid;

	while (first < na && first < nb &&
	       same(&a->list[first], &b->list[first]))
		first++;
	while (na > first && nb > first &&
	       same(&a->list[na - 1], &b->list[nb - 1])) {
		na--;
		nb--;
	}
	mid = (struct middle){ .a = a->list + first,
			       .b = b->list + first,
			       .removed = a->changed + first,
			       .added = b->changed + first,
			       .n = (long)(na - first),
			       .m = (long)(nb - first) };
	if (!mid.n || !mid.m)
		mark_all(&mid);
	else
		steps_run(&mid);
}

/* ---- printing */

static void print_line(struct buf *out, char mark, const struct line *l)
{
	buf_append(out, &mark, 1);
	buf_append(out, l->text, l->len);
	if (l->text[l->len - 1] != '\n')
		buf_printf(out, "\n\\ No newline at end of file\n");
}

static bool changed_at(const struct side *s, size_t i)
{
	return i < s->n && s->changed[i];
}

/* A line number as a hunk's head has it: an empty range stands after a line. */
static size_t head(size_t from, size_t to)
{
	return to > from ? from + 1 : from;
}

/* The hunk whose first change is at @i of @a and @j of @b; moves both to behind
 * the last one. */
static void print_hunk(struct buf *out, const struct side *a,
		       const struct side *b, size_t *i, size_t *j)
{
	size_t lead = *i < DIFF_CONTEXT ? *i : DIFF_CONTEXT;
	size_t a0 = *i - lead, b0 = *j - lead, a1 = *i, b1 = *j, gap = 0;
	size_t x, y;

	for (x = *i, y = *j;
	     (x < a->n || y < b->n) && gap <= 2 * DIFF_CONTEXT;) {
		if (changed_at(a, x) || changed_at(b, y)) {
			x += changed_at(a, x);
			y += changed_at(b, y) && !changed_at(a, x);
			a1 = x;
			b1 = y;
			gap = 0;
		} else {
			x++;
			y++;
			gap++;
		}
	}
	*i = a1;
	*j = b1;
	for (gap = 0; gap < DIFF_CONTEXT && a1 < a->n; gap++) {
		a1++;
		b1++;
	}
	buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", head(a0, a1), a1 - a0,
		   head(b0, b1), b1 - b0);
	for (x = a0, y = b0; x < a1 || y < b1;) {
		if (x < a1 && changed_at(a, x)) {
			print_line(out, '-', &a->list[x++]);
		} else if (y < b1 && changed_at(b, y)) {
			print_line(out, '+', &b->list[y++]);
		} else {
			print_line(out, ' ', &a->list[x++]);
			y++;
		}
	}
}

static void print_hunks(struct buf *out, const struct side *a,
			const struct side *b)
{
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		if (changed_at(a, i) || changed_at(b, j)) {
			print_hunk(out, a, b, &i, &j);
		} else {
			i++;
			j++;
		}
	}
}

static size_t count_changed(const struct side *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->changed[i];
	return n;
}

void diff_text(const char *path, const struct conf_file *a,
	       const struct conf_file *b, struct buf *out,
	       struct diff_count *count)
{
	struct side old = { 0 }, new = { 0 };
	size_t added, removed;

	side_split(&old, a);
	side_split(&new, b);
	compare(&old, &new);
	added = count_changed(&new);
	removed = count_changed(&old);
	if (out && (added || removed)) {
		buf_printf(out, "--- %s\n", a && a->text ? path : "/dev/null");
		buf_printf(out, "+++ %s\n", b && b->text ? path : "/dev/null");
		print_hunks(out, &old, &new);
	}
	count->added += added;
	count->removed += removed;
	side_free(&old);
	side_free(&new);
}

static const struct conf_file *file_of(const struct conf_file *list, size_t n,
				       const char *path)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i].path, path))
			return &list[i];
	}
	return NULL;
}

void diff_files(const struct conf_file *a, size_t na, const struct conf_file *b,
		size_t nb, struct buf *out, struct diff_count *count)
{
	for (size_t i = 0; i < nb; i++)
		diff_text(b[i].path, file_of(a, na, b[i].path), &b[i], out,
			  count);
	for (size_t i = 0; i < na; i++) {
		if (!file_of(b, nb, a[i].path))
			diff_text(a[i].path, &a[i], NULL, out, count);
	}
}
