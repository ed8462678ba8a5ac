/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of checks over the items of a host. Pure.
 *
 * Invariant: what several items share (an interface, a family) is said once.
 * Must not know: any single check.
 */
#include <stdlib.h>
#include <string.h>

#include "hostcheck/impl.h"
#include "lib/xalloc.h"

const struct word host_level_words[] = {
	{ "ok", HOST_OK },
	{ "warning", HOST_WARNING },
	{ "error", HOST_ERROR },
	{ NULL, 0 },
};

static char *words(const char *text, const struct host *h,
		   const struct host_item *it, const struct figures *fig)
{
	struct buf out = { 0 };

	host_words(&out, text, h, it, fig);
	return out.data;
}

static void finding_free(struct host_finding *f)
{
	free(f->subject);
	free(f->found);
	free(f->mend);
}

void host_findings_free(struct host_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_free(&f->list[i]);
	free(f->list);
	memset(f, 0, sizeof(*f));
}

/* Was the same said before, of the same? @from: the check's first finding. */
static bool is_said(const struct host_findings *f, size_t from,
		    const struct host_finding *said)
{
	for (size_t i = from; i < f->n; i++)
		if (!strcmp(f->list[i].subject, said->subject) &&
		    !strcmp(f->list[i].mend, said->mend))
			return true;
	return false;
}

static void finding_add(struct host_findings *f, size_t from,
			const struct host_finding *one)
{
	struct host_finding copy = *one;

	if (is_said(f, from, one))
		finding_free(&copy);
	else
		*VEC_PUSH(f->list, f->n, f->cap) = copy;
}

/* One row, one item. Return: does the one apply to the other? */
static bool judge_item(const struct host_check *c, const struct host *h,
		       const struct host_item *it, struct host_findings *out,
		       size_t from)
{
	struct figures fig = { 0 };
	struct host_finding f = { .check = c->name };

	if (it->kind != c->kind || !(it->use & c->uses))
		return false;
	f.level = c->judge(h, it, &fig);
	if (f.level == HOST_OK)
		return true;
	if (c->advice)
		f.level = HOST_OK;
	f.subject = words(c->subject, h, it, &fig);
	f.found = words(c->found, h, it, &fig);
	f.mend = words(c->mend, h, it, &fig);
	finding_add(out, from, &f);
	return true;
}

/* Return: how many items it looked at */
static size_t judge_row(const struct host_check *c, const struct host *h,
			struct host_findings *out, size_t from)
{
	const struct host_item itself = { .kind = HOST_ITSELF, .use = h->use };
	size_t looked = judge_item(c, h, &itself, out, from);

	for (size_t i = 0; i < h->n; i++)
		looked += judge_item(c, h, &h->items[i], out, from);
	return c->advice ? 0 : looked;
}

static void say_good(const char *check, struct host_findings *out)
{
	const struct host_finding good = { .check = check,
					   .level = HOST_OK,
					   .subject = xstrdup(""),
					   .found = xstrdup("good"),
					   .mend = xstrdup("") };

	*VEC_PUSH(out->list, out->n, out->cap) = good;
}

/* Rows of one name stand together, and are one check. */
void hostcheck_judge(const struct host *h, struct host_findings *out)
{
	const struct host_check *c = host_checks;

	while (c->name) {
		const char *name = c->name;
		size_t from = out->n, looked = 0;

		for (; c->name && !strcmp(c->name, name); c++)
			looked += judge_row(c, h, out, from);
		if (looked && out->n == from)
			say_good(name, out);
	}
}
