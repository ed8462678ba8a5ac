/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backend lines, "ADDRESS[:PORT] OPTION...", of pools and services alike, and
 * what must hold inside of one list: names and endpoints are unique.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/resolve.h"
#include "config/values.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define BACKEND_PREFIX 8 /* strlen("backend.") */

struct line {
	struct resolver *resolver;
	const struct doc_section *section;
	const char *key;
	struct where where;
};

static void line_refuse(const struct line *l, const char *found,
			const char *problem, const char *allowed)
{
	char label[LABEL_SIZE];

	doc_label(l->resolver->doc, l->section, label, sizeof(label));
	report_value(l->resolver->report, l->where, label, l->key, found,
		     problem, allowed);
}

/* The next word of a line, NULL at its end; cut in place. */
static char *word_next(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");

	if (!*word)
		return NULL;
	*rest = word + strcspn(word, " \t");
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

static void option_unknown(const struct line *l, const char *word)
{
	const char *near = key_near(IN_BACKEND, word);
	char problem[80], allowed[VALUE_ALLOWED];

	snprintf(problem, sizeof(problem), "unknown option%s%s%s",
		 near ? ", did you mean \"" : "", near ? near : "",
		 near ? "\"?" : "");
	line_refuse(l, word, problem,
		    keys_list(IN_BACKEND, allowed, sizeof(allowed)));
}

static void option_refuse(const struct line *l, const struct conf_key *key,
			  const char *value, const char *problem)
{
	char allowed[VALUE_ALLOWED], name[160];
	struct line at = *l;

	snprintf(name, sizeof(name), "%s %s", l->key, key->name);
	at.key = name;
	line_refuse(&at, value, problem,
		    value_allowed(key, allowed, sizeof(allowed)));
}

/* "weight=2": @word is cut at its "=". */
static bool option_read(const struct line *l, char *word,
			struct backend_draft *b)
{
	char *value = strchr(word, '=');
	const char *problem = NULL;
	const struct conf_key *key;
	uint64_t bit;

	if (value)
		*value++ = '\0';
	key = key_find(IN_BACKEND, word);
	if (!key) {
		option_unknown(l, word);
		return false;
	}
	bit = UINT64_C(1) << key_number(key); /* they are the first rows */
	if (b->said & bit) {
		line_refuse(l, word, "option given twice", "each option once");
		return false;
	}
	b->said |= bit;
	if ((key->kind == VALUE_FLAG) != !value)
		problem = value ? "takes no value" : "\"=\" is missing";
	else if (!value_read(key, value ? value : "", b, &problem))
		return true;
	option_refuse(l, key, value ? value : "", problem);
	return false;
}

static bool endpoint_read(const struct line *l, const char *word,
			  struct backend_draft *b)
{
	static const char allowed[] =
	    "ADDRESS or ADDRESS:PORT of a unicast address, IPv6 with a port as "
	    "[ADDRESS]:PORT, ports 1..65535";
	const char *problem;

	if (!word || endpoint_parse(word, &b->addr, &b->port) < 0) {
		line_refuse(l, word ? word : "", "no address of a backend",
			    allowed);
		return false;
	}
	problem = addr_problem(&b->addr);
	if (problem)
		line_refuse(l, word, problem, allowed);
	return !problem;
}

static bool list_room(const struct line *l, struct backend_list *list)
{
	char found[32];

	if (list->n < RS_BACKENDS_MAX)
		return true;
	if (!list->too_many) {
		snprintf(found, sizeof(found), "backend number %zu",
			 list->n + 1);
		line_refuse(l, found, "too many backends",
			    "at most " BACKENDS_TEXT
			    " backends in a service or pool");
	}
	list->too_many = true;
	return false;
}

bool backend_read(struct resolver *r, const struct doc_section *s,
		  const char *key, char *value, struct where where,
		  struct backend_list *list)
{
	struct line l = { r, s, key, where };
	struct backend_draft b = r->backend_proto;
	char *rest = value, *word;
	bool good = true;

	b.name = key + BACKEND_PREFIX;
	b.where = where;
	if (!list_room(&l, list))
		return false;
	if (!name_valid(b.name)) {
		l.key = "backend"; /* only good names are printed as they are */
		line_refuse(
		    &l, b.name, "bad name of a backend",
		    "backend.NAME, NAME of 1 to 63 characters: letters, "
		    "digits, and after the first also . _ -");
		return false;
	}
	if (!endpoint_read(&l, word_next(&rest), &b))
		return false;
	while ((word = word_next(&rest))) {
		if (!option_read(&l, word, &b))
			good = false;
	}
	if (good)
		*VEC_PUSH(list->list, list->n, list->cap) = b;
	return good;
}

static void twin_refuse(struct resolver *r, const char *label,
			const struct backend_draft *b,
			const struct backend_draft *first, const char *found,
			const char *problem)
{
	char words[512], key[80];

	snprintf(key, sizeof(key), "backend.%s", b->name);
	snprintf(words, sizeof(words), "%s, first at %.300s:%u", problem,
		 r->doc->names[first->where.file], first->where.line);
	report_value(r->report, b->where, label, key, found, words,
		     "each name and each ADDRESS:PORT once in a service, "
		     "members of its pool included");
}

static int endpoint_cmp(const void *pa, const void *pb, void *arg)
{
	const uint32_t *ia = pa, *ib = pb;
	const struct backend_draft *list = arg;
	const struct backend_draft *a = &list[*ia], *b = &list[*ib];
	int order = addr_cmp(&a->addr, &b->addr);

	if (!order)
		order = (int)a->port - (int)b->port;
	return order ? order : (*ia > *ib) - (*ia < *ib);
}

static bool same_endpoint(const struct backend_draft *a,
			  const struct backend_draft *b)
{
	return a->port == b->port && !addr_cmp(&a->addr, &b->addr);
}

static bool endpoints_check(struct resolver *r, const char *label,
			    const struct backend_list *l)
{
	const struct backend_draft *b, *first = NULL;
	char found[ENDPOINT_STRLEN];
	bool good = true;
	size_t i;

	if (r->caporder < l->n) {
		r->order = xreallocarray(r->order, l->cap, sizeof(*r->order));
		r->caporder = l->cap;
	}
	for (i = 0; i < l->n; i++)
		r->order[i] = (uint32_t)i;
	if (l->n)
		qsort_r(r->order, l->n, sizeof(*r->order), endpoint_cmp,
			l->list);
	for (i = 0; i < l->n; i++) {
		b = &l->list[r->order[i]];
		if (!first || !same_endpoint(first, b)) {
			first = b;
			continue;
		}
		endpoint_format(&b->addr, b->port, found);
		twin_refuse(r, label, b, first, found,
			    "another backend has this endpoint");
		good = false;
	}
	return good;
}

/* Join the checks that backends name. */
static bool checks_join(struct resolver *r, const char *label,
			struct backend_list *l)
{
	struct backend_draft *b;
	bool good = true;
	size_t i;

	for (i = 0; i < l->n; i++) {
		b = &l->list[i];
		if (!b->check || b->joined)
			continue;
		b->joined = true;
		/* the name is the end of the key "backend.NAME" */
		if (!checks_find(r, b->check, label, b->name - BACKEND_PREFIX,
				 b->where, &b->own))
			good = false;
	}
	return good;
}

static bool names_check(struct resolver *r, const char *label,
			const struct backend_list *l)
{
	struct names *names = &r->backend_names;
	bool good = true;
	uint32_t first;
	size_t i;

	names_clear(names);
	for (i = 0; i < l->n; i++)
		names_add(names, l->list[i].name, (uint32_t)i);
	names_sort(names);
	for (i = 0; i < names->n; i++) {
		if (!names_twin(names, i, &first))
			continue;
		twin_refuse(r, label, &l->list[names->list[i].i],
			    &l->list[first], names->list[i].text,
			    "another backend has this name");
		good = false;
	}
	return good;
}

bool backends_check(struct resolver *r, const char *label,
		    struct backend_list *l)
{
	bool good = names_check(r, label, l);

	good = endpoints_check(r, label, l) && good;
	return checks_join(r, label, l) && good;
}
