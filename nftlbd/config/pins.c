/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "pin.NAME = CLIENT BACKEND" lines of a service. They are read as they come
 * and judged when its backends are known: each leads to a backend of its
 * family, and no client is in two of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/service.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define PIN_PREFIX 4 /* strlen("pin.") */

static const char pin_allowed[] =
    "pin.NAME = CLIENT BACKEND, CLIENT an address or a network, BACKEND a name";

/* An address or a network, no range. */
static bool client_read(char *text, struct pin_draft *p)
{
	char *slash = strchr(text, '/');
	struct net_range range;
	uint32_t bits;
	struct err err;

	if (strchr(text, '-') || net_parse(text, &range, &err) < 0)
		return false;
	bits = addr_len(&range.lo) * 8;
	if (slash && parse_number(slash + 1, 1, bits, &bits) < 0)
		return false;
	p->conf.from = range.lo;
	p->conf.prefix = (uint8_t)bits;
	p->to = range.hi;
	return true;
}

bool pin_read(struct resolver *r, const struct doc_section *s, const char *key,
	      char *value, struct where where)
{
	struct pin_draft p = { .where = where, .name = key + PIN_PREFIX };
	char *backend = value + strcspn(value, " \t");
	char label[LABEL_SIZE], found[RS_NAME_MAX * 3];
	const char *problem = NULL;

	snprintf(found, sizeof(found), "%s", value);
	if (*backend)
		*backend++ = '\0';
	backend += strspn(backend, " \t");
	p.backend = backend;
	if (!name_valid(p.name))
		problem = "bad name of a pin";
	else if (!client_read(value, &p))
		problem = "not an address or network";
	else if (!*backend || strpbrk(backend, " \t"))
		problem = *backend ? "more than a backend" : "no backend";
	if (!problem) {
		*VEC_PUSH(r->pins, r->npins, r->cappins) = p;
		return true;
	}
	doc_label(r->doc, s, label, sizeof(label));
	/* only good names are printed as they are */
	report_value(r->report, where, label, name_valid(p.name) ? key : "pin",
		     name_valid(p.name) ? found : p.name, problem, pin_allowed);
	return false;
}

/* ---- what must hold between them and the rest of the service */

static void pin_refuse(struct look *l, const struct pin_draft *p,
		       const char *found, const char *problem,
		       const char *allowed)
{
	char key[RS_NAME_MAX + 8];

	snprintf(key, sizeof(key), "pin.%s", p->name);
	report_value(l->r->report, p->where, l->label, key, found, problem,
		     allowed);
	l->draft->broken = true;
}

static void backend_judge(struct look *l, struct pin_draft *p)
{
	const struct names *names = &l->r->backend_names;
	ssize_t i = names_find(names, p->backend);
	char problem[128], allowed[640];
	const char *near;

	if (i < 0) {
		near = names_near(names, p->backend);
		snprintf(problem, sizeof(problem), "no such backend%s%s%s",
			 near ? ", did you mean \"" : "", near ? near : "",
			 near ? "\"?" : "");
		snprintf(allowed, sizeof(allowed), "backends of the service: ");
		names_print(names, allowed + strlen(allowed),
			    sizeof(allowed) - strlen(allowed));
		pin_refuse(l, p, p->backend, problem, allowed);
		return;
	}
	p->conf.backend = (size_t)i;
	if (l->backends->list[i].addr.family != p->conf.from.family)
		pin_refuse(l, p, p->backend,
			   "client and backend are of different families",
			   "a backend of the client's family");
}

/* Networks nest or are apart: sorted, one that is inside of another has one
 * that it is inside of right before it. */
static int pin_cmp(const void *pa, const void *pb)
{
	const struct pin_draft *const *a = pa, *const *b = pb;
	int order = addr_cmp(&(*a)->conf.from, &(*b)->conf.from);

	if (!order)
		order = (int)(*a)->conf.prefix - (int)(*b)->conf.prefix;
	return order ? order : *a < *b ? -1 : *a > *b;
}

static bool shares(const struct pin_draft *a, const struct pin_draft *b)
{
	return a->conf.from.family == b->conf.from.family &&
	       addr_cmp(&b->conf.from, &a->to) <= 0;
}

static void pins_overlap(struct look *l)
{
	const struct pin_draft **sorted =
	    xcalloc(l->r->npins + 1, sizeof(*sorted));
	char found[ADDR_STRLEN], problem[512];

	for (size_t i = 0; i < l->r->npins; i++)
		sorted[i] = &l->r->pins[i];
	qsort(sorted, l->r->npins, sizeof(*sorted), pin_cmp);
	for (size_t i = 1; i < l->r->npins; i++) {
		/* the array is in the order of lines */
		bool swap = sorted[i - 1] > sorted[i];
		const struct pin_draft *a = sorted[swap ? i : i - 1];
		const struct pin_draft *b = sorted[swap ? i - 1 : i];

		if (!shares(sorted[i - 1], sorted[i]))
			continue;
		snprintf(problem, sizeof(problem),
			 "overlaps with pin.%s at %.300s:%u", a->name,
			 l->r->doc->names[a->where.file], a->where.line);
		pin_refuse(l, b, addr_format(&b->conf.from, found), problem,
			   "each client in one pin of a service");
	}
	free(sorted);
}

static void pins_twice(struct look *l)
{
	struct names names = { 0 };
	char problem[512];
	uint32_t first;

	for (size_t i = 0; i < l->r->npins; i++)
		names_add(&names, l->r->pins[i].name, (uint32_t)i);
	names_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		if (!names_twin(&names, i, &first))
			continue;
		snprintf(problem, sizeof(problem),
			 "another pin has this name, first at %.300s:%u",
			 l->r->doc->names[l->r->pins[first].where.file],
			 l->r->pins[first].where.line);
		pin_refuse(l, &l->r->pins[names.list[i].i], names.list[i].text,
			   problem, "each name once in a service");
	}
	names_free(&names);
}

void pins_judge(struct look *l)
{
	const struct conf_key *row = key_find(IN_SERVICE, "pin.NAME");
	char key[RS_NAME_MAX + 8], modes[MODES_TEXT];

	if (!l->r->npins)
		return;
	pins_twice(l);
	for (size_t i = 0; i < l->r->npins; i++) {
		struct pin_draft *p = &l->r->pins[i];

		snprintf(key, sizeof(key), "pin.%s", p->name);
		if (!key_fits(row, l->draft->conf.mode))
			look_useless(l, p->where, key,
				     key_modes(row, modes, sizeof(modes)));
		else
			backend_judge(l, p);
	}
	pins_overlap(l);
}

void pins_build(struct look *l)
{
	struct conf_service *s = &l->draft->conf;

	s->npins = l->r->npins;
	if (s->npins)
		s->pins = xcalloc(s->npins, sizeof(*s->pins));
	for (size_t i = 0; i < s->npins; i++) {
		const struct pin_draft *p = &l->r->pins[i];

		s->pins[i] = p->conf;
		s->pins[i].name = xstrdup(p->name);
		s->pins[i].file = l->r->doc->names[p->where.file];
		s->pins[i].line = p->where.line;
	}
}
