/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * [list NAME] sections: entries said in the section and those of the files that
 * it names, as sorted ranges; and finding lists by the names that services give
 * them. Half a million bad lines are as many mistakes as one: a few are shown,
 * the rest is counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/netlists.h"
#include "config/values.h"
#include "lib/near.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define ENTRY_SIZE       128 /* longer than any entry */
#define ERRORS_MAX       20  /* of one list that are shown */
#define ENTRIES_MAX_TEXT "500000"

_Static_assert(NETS_MAX == 500000, "ENTRIES_MAX_TEXT says the same");

static const char entry_allowed[] =
    "an address, a network such as 192.0.2.0/24, or a range such as "
    "192.0.2.10-192.0.2.19";

/* A list that is being read. */
struct reading {
	struct resolver *r;
	struct list_draft *draft;
	const char *label, *key;
	struct where where; /* of what is read at the moment */
	struct nets *sets;  /* where it goes, by family */
};

static void error_note(struct reading *g, const char *found)
{
	struct list_draft *d = g->draft;

	if (d->errors < ERRORS_MAX)
		report_value(g->r->report, g->where, g->label, g->key, found,
			     *found ? NULL : "empty item", entry_allowed);
	else if (d->errors == ERRORS_MAX)
		d->more = g->where;
	d->errors++;
}

/* False when there are too many: no need to go on. */
static bool entry_take(struct reading *g, const char *text)
{
	struct list_draft *d = g->draft;
	struct net_range range;
	struct err err;

	if (d->entries == NETS_MAX) {
		if (!d->full)
			report_value(g->r->report, g->where, g->label, g->key,
				     text, "too many entries",
				     "at most " ENTRIES_MAX_TEXT
				     " entries in a list");
		d->full = true;
		return false;
	}
	d->entries++;
	if (net_parse(text, &range, &err) < 0)
		error_note(g, text);
	else
		nets_push(&g->sets[range.lo.family == AF_INET6], &range);
	return true;
}

/* ---- files */

/* The entry of a line, without blanks and comment; "" where there is none. */
static void line_entry(const char *line, size_t n, char entry[ENTRY_SIZE])
{
	size_t end = 0;

	while (end < n && line[end] != '#' && line[end] != ';')
		end++;
	for (; end && (*line == ' ' || *line == '\t'); end--)
		line++;
	while (end && line[end - 1] && strchr(" \t\r", line[end - 1]))
		end--;
	/* what is cut is no entry either */
	if (end >= ENTRY_SIZE)
		end = ENTRY_SIZE - 1;
	memcpy(entry, line, end);
	entry[end] = '\0';
	if (memchr(entry, '\0', end))
		snprintf(entry, ENTRY_SIZE, "(NUL bytes)");
}

static void lines_read(struct reading *g, const struct buf *text)
{
	const char *line = text->data, *last = line + text->len, *end;
	char entry[ENTRY_SIZE];

	if (text->len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3))
		line += 3;
	for (; line < last; line = end + 1) {
		end = memchr(line, '\n', (size_t)(last - line));
		if (!end)
			end = last;
		g->where.line++;
		line_entry(line, (size_t)(end - line), entry);
		if (*entry && !entry_take(g, entry))
			return;
	}
}

/* The path does not depend on where a printed configuration is kept. */
static char *path_absolute(const char *path)
{
	char *real = realpath(path, NULL), *copy = xstrdup(real ? real : path);

	free(real);
	return copy;
}

static void file_take(struct reading *g, const char *name)
{
	char *path = doc_path(g->r->doc, g->where.file, name);
	struct conf_list *list = &g->draft->conf;
	struct buf text = { 0 };
	char words[256];
	struct stat st;

	if (text_load(path, &text, &st, words, sizeof(words)) < 0) {
		report_value(g->r->report, g->where, g->label, g->key, name,
			     words, list_files_allowed);
		g->draft->errors++;
	} else {
		g->where.file = doc_name_add(g->r->doc, path);
		g->where.line = 0;
		lines_read(g, &text);
		list->files = xreallocarray(list->files, list->nfiles + 1,
					    sizeof(*list->files));
		list->files[list->nfiles++] = path_absolute(path);
	}
	buf_free(&text);
	free(path);
}

/* ---- the section */

bool list_entry(struct resolver *r, const struct doc_section *s,
		const struct conf_key *key, const char *value,
		struct where where, struct list_draft *draft)
{
	char label[LABEL_SIZE], item[ENTRY_SIZE];
	struct reading g = {
		.r = r,
		.draft = draft,
		.label = doc_label(r->doc, s, label, sizeof(label)),
		.key = key->name,
		.where = where,
		.sets = draft->conf.own,
	};
	size_t errors = draft->errors;

	if (key->kind == VALUE_ENTRIES) {
		while (list_next(&value, item, sizeof(item)) &&
		       entry_take(&g, item))
			;
	} else {
		g.sets = draft->conf.nets;
		file_take(&g, value);
	}
	return draft->errors == errors && !draft->full;
}

static void list_add(struct resolver *r, const struct doc_section *s)
{
	struct list_draft draft = { 0 };
	struct conf_list *list = &draft.conf;

	section_read(r, s, IN_LIST, &draft, draft.set, NULL);
	if (draft.errors > ERRORS_MAX)
		report_add(r->report, draft.more, "and %zu more errors in it",
			   draft.errors - ERRORS_MAX);
	for (int f = 0; f < RS_FAMILIES; f++) {
		nets_tidy(&list->own[f]);
		for (size_t i = 0; i < list->own[f].n; i++)
			nets_push(&list->nets[f], &list->own[f].list[i]);
		nets_tidy(&list->nets[f]);
	}
	list->name = xstrdup(doc_text(r->doc, s->name));
	list->file = r->doc->names[s->where.file];
	list->line = s->where.line;
	r->conf->lists[r->conf->nlists++] = *list;
}

/* As it was read before. */
static bool list_inherit(struct resolver *r, const struct doc_section *s)
{
	const struct conf *from = r->doc->source ? r->doc->source->lists : NULL;
	const char *name = doc_text(r->doc, s->name);
	const struct conf_list *old = NULL;
	struct conf_list *list;

	for (size_t i = 0; from && i < from->nlists && !old; i++) {
		if (!strcmp(from->lists[i].name, name))
			old = &from->lists[i];
	}
	if (!old)
		return false;
	list = &r->conf->lists[r->conf->nlists++];
	list->name = xstrdup(name);
	list->file = r->doc->names[s->where.file];
	list->line = s->where.line;
	for (int f = 0; f < RS_FAMILIES; f++) {
		nets_copy(&list->nets[f], &old->nets[f]);
		nets_copy(&list->own[f], &old->own[f]);
	}
	list->files = xcalloc(old->nfiles + 1, sizeof(*list->files));
	for (size_t i = 0; i < old->nfiles; i++)
		list->files[list->nfiles++] = xstrdup(old->files[i]);
	return true;
}

static int list_cmp(const void *pa, const void *pb)
{
	const struct conf_list *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

void lists_read(struct resolver *r)
{
	struct conf *c = r->conf;
	size_t n = 0;

	for (size_t i = 0; i < r->doc->nsections; i++)
		n += r->doc->sections[i].kind == DOC_LIST;
	if (!n)
		return;
	/* all the room at once: services will point into the array */
	c->lists = xcalloc(n, sizeof(*c->lists));
	for (size_t i = 0; i < r->doc->nsections; i++) {
		if (r->doc->sections[i].kind == DOC_LIST &&
		    !list_inherit(r, &r->doc->sections[i]))
			list_add(r, &r->doc->sections[i]);
	}
	qsort(c->lists, c->nlists, sizeof(*c->lists), list_cmp);
	for (size_t i = 0; i < c->nlists; i++)
		names_add(&r->lists, c->lists[i].name, (uint32_t)i);
}

/* ---- lists by name */

static bool list_find(struct resolver *r, const char *name, const char *label,
		      const char *key, struct where where,
		      const struct conf_list **list)
{
	ssize_t i = names_find(&r->lists, name);
	char allowed[640], problem[96];
	const char *near;

	if (i >= 0) {
		*list = &r->conf->lists[i];
		return true;
	}
	near = names_near(&r->lists, name);
	snprintf(problem, sizeof(problem), "no such list%s%s%s",
		 near ? ", did you mean \"" : "", near ? near : "",
		 near ? "\"?" : "");
	snprintf(allowed, sizeof(allowed), "names of [list NAME] sections: ");
	names_print(&r->lists, allowed + strlen(allowed),
		    sizeof(allowed) - strlen(allowed));
	report_value(r->report, where, label, key, name, problem, allowed);
	return false;
}

bool lists_find(struct resolver *r, const char *names, const char *label,
		const char *key, struct where where, struct list_refs *out)
{
	const char *rest = names && *names ? names : NULL;
	const struct conf_list *list;
	char item[RS_NAME_MAX + 2];
	bool good = true;

	out->n = 0;
	while (list_next(&rest, item, sizeof(item))) {
		if (!list_find(r, item, label, key, where, &list)) {
			good = false;
			continue;
		}
		for (size_t i = 0; i < out->n; i++) {
			if (out->list[i] != list)
				continue;
			report_value(r->report, where, label, key, names,
				     "a list is named twice", "each list once");
			good = false;
		}
		out->list[out->n++] = list; /* values.c has counted them */
	}
	return good;
}
