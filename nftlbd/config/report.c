/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complaints: collected while the stages run in whatever order suits them,
 * handed out in the order of files and lines. Bounded: a file of garbage gives
 * REPORT_MAX complaints and a number. Knows nothing of keys or services.
 */
#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/xalloc.h"

#define FOUND_SHOWN 64 /* quotes and cut mark included */

void report_add(struct report *r, struct where where, const char *fmt, ...)
{
	struct complaint *c;
	va_list ap;

	if (r->n == REPORT_MAX) {
		r->more++;
		return;
	}
	c = VEC_PUSH(r->list, r->n, r->cap);
	*c = (struct complaint){ .where = where, .seq = (uint32_t)r->n };
	va_start(ap, fmt);
	c->text = xvasprintf(fmt, ap);
	va_end(ap);
}

const char *report_found(const char *text, char buf[REPORT_FOUND])
{
	return text_quote(text, strlen(text), buf, FOUND_SHOWN);
}

void report_value(struct report *r, struct where where, const char *section,
		  const char *key, const char *found, const char *problem,
		  const char *allowed)
{
	char quoted[REPORT_FOUND];

	report_add(r, where, "%s %s: found %s%s%s; allowed: %s", section, key,
		   report_found(found, quoted), problem ? ": " : "",
		   problem ? problem : "", allowed);
}

static int complaint_cmp(const void *pa, const void *pb)
{
	const struct complaint *a = pa, *b = pb;

	if (a->where.file != b->where.file)
		return a->where.file < b->where.file ? -1 : 1;
	if (a->where.line != b->where.line)
		return a->where.line < b->where.line ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

size_t report_finish(struct report *r, char *const *files,
		     struct conf_errors *out)
{
	struct conf_error *e;
	size_t i;

	if (r->n)
		qsort(r->list, r->n, sizeof(*r->list), complaint_cmp);
	for (i = 0; i < r->n; i++) {
		e = VEC_PUSH(out->list, out->n, out->cap);
		e->file = xstrdup(files[r->list[i].where.file]);
		e->line = r->list[i].where.line;
		e->text = r->list[i].text;
	}
	if (r->more) {
		e = VEC_PUSH(out->list, out->n, out->cap);
		e->file = xstrdup(files[0]);
		e->line = 0;
		e->text = xasprintf("and %zu more errors", r->more);
	}
	free(r->list);
	*r = (struct report){ 0 };
	return out->n;
}
