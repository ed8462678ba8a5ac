/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units and what is in them: made, sorted, found, compared. Knows the form of
 * names and keys, not what they are for.
 */
#include "rulesets/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/rule.h"

struct unit *unit_new_in(const char *name, unsigned int table)
{
	struct unit *u = xcalloc(1, sizeof(*u));

	u->name = xstrdup(name);
	u->family = rs_table_family(table);
	u->table = (uint8_t)table;
	return u;
}

struct unit *unit_new(const char *name, uint8_t family)
{
	return unit_new_in(name, rs_table(family, false));
}

static void chain_free(struct unit_chain *c)
{
	for (size_t i = 0; i < c->nrules; i++)
		buf_free(&c->rules[i]);
	free(c->rules);
	free(c->device);
	free(c->name);
	free(c);
}

void unit_free(struct unit *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->nelems; i++)
		elem_clear(&u->elems[i]);
	for (size_t i = 0; i < u->nchains; i++)
		chain_free(u->chains[i]);
	for (size_t i = 0; i < u->nsets; i++)
		free(u->sets[i].name);
	for (size_t i = 0; i < u->nobjs; i++)
		free(u->objs[i]);
	free(u->elems);
	free(u->chains);
	free(u->sets);
	free(u->objs);
	free(u->ids);
	free(u->name);
	free(u);
}

void unit_chain_hook(struct unit_chain *c, const char *device)
{
	free(c->device);
	c->device = xstrdup(device);
}

bool unit_is_group(const struct unit *u)
{
	return u->name[0] == '/' || u->name[0] == '@';
}

struct elem *unit_add(struct unit *u, enum rs_map map)
{
	struct elem *e = VEC_PUSH(u->elems, u->nelems, u->capelems);

	memset(e, 0, sizeof(*e));
	e->map = (uint8_t)map;
	return e;
}

struct unit_chain *unit_chain_add(struct unit *u, const char *name, ...)
{
	struct unit_chain *c = xcalloc(1, sizeof(*c));
	va_list ap;

	va_start(ap, name);
	c->name = xvasprintf(name, ap);
	va_end(ap);
	*VEC_PUSH(u->chains, u->nchains, u->capchains) = c;
	return c;
}

struct buf *chain_rule(struct unit_chain *c)
{
	struct buf *r = VEC_PUSH(c->rules, c->nrules, c->caprules);

	memset(r, 0, sizeof(*r));
	return r;
}

void unit_set_add(struct unit *u, const char *name, const struct set_form *form)
{
	*VEC_PUSH(u->sets, u->nsets, u->capsets) =
	    (struct unit_set){ xstrdup(name), *form };
}

void unit_obj_add(struct unit *u, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	*VEC_PUSH(u->objs, u->nobjs, u->capobjs) = xvasprintf(name, ap);
	va_end(ap);
}

/* ---- order */

int elem_cmp(const struct elem *a, const struct elem *b)
{
	static const uint8_t none[ELEM_KEY_MAX];
	int c;

	if (a->map != b->map)
		return a->map < b->map ? -1 : 1;
	c = memcmp(a->key, b->key, sizeof(a->key));
	if (c || (!a->key_end && !b->key_end))
		return c;
	return memcmp(a->key_end ? a->key_end : none,
		      b->key_end ? b->key_end : none, sizeof(none));
}

void elem_clear(struct elem *e)
{
	free(e->key_end);
	free(e->text);
	e->key_end = NULL;
	e->text = NULL;
}

uint8_t *elem_key_end(struct elem *e)
{
	if (!e->key_end)
		e->key_end = xcalloc(1, ELEM_KEY_MAX);
	return e->key_end;
}

static int elem_qsort(const void *a, const void *b)
{
	return elem_cmp(a, b);
}

static int by_chain_name(const void *a, const void *b)
{
	return strcmp((*(struct unit_chain *const *)a)->name,
		      (*(struct unit_chain *const *)b)->name);
}

static int by_set_name(const void *a, const void *b)
{
	return strcmp(((const struct unit_set *)a)->name,
		      ((const struct unit_set *)b)->name);
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, and in no more memory than it takes: there are many units. */
static void *finish(void *list, size_t n, size_t *cap, size_t size,
		    int (*cmp)(const void *, const void *))
{
	if (n > 1 && cmp)
		qsort(list, n, size, cmp);
	if (n == 0 || n == *cap)
		return list;
	*cap = n;
	return xreallocarray(list, n, size);
}

void unit_sort(struct unit *u)
{
	u->chains = finish(u->chains, u->nchains, &u->capchains,
			   sizeof(*u->chains), by_chain_name);
	u->sets = finish(u->sets, u->nsets, &u->capsets, sizeof(*u->sets),
			 by_set_name);
	u->objs =
	    finish(u->objs, u->nobjs, &u->capobjs, sizeof(*u->objs), by_string);
	u->elems = finish(u->elems, u->nelems, &u->capelems, sizeof(*u->elems),
			  elem_qsort);
	for (size_t i = 0; i < u->nchains; i++) {
		struct unit_chain *c = u->chains[i];

		c->rules = finish(c->rules, c->nrules, &c->caprules,
				  sizeof(*c->rules), NULL);
	}
}

/* ---- found by name */

struct unit_chain *unit_chain(const struct unit *u, const char *name)
{
	struct unit_chain key = { .name = (char *)name }, *k = &key, **hit;

	if (!u || u->nchains == 0)
		return NULL;
	hit = bsearch(&k, u->chains, u->nchains, sizeof(*u->chains),
		      by_chain_name);
	return hit ? *hit : NULL;
}

const struct unit_set *unit_set(const struct unit *u, const char *name)
{
	struct unit_set key = { .name = (char *)name };

	if (!u || u->nsets == 0)
		return NULL;
	return bsearch(&key, u->sets, u->nsets, sizeof(*u->sets), by_set_name);
}

bool unit_has_obj(const struct unit *u, const char *name)
{
	return u && u->nobjs > 0 &&
	       bsearch(&name, u->objs, u->nobjs, sizeof(*u->objs), by_string);
}

static void set_name(char out[CHAIN_NAME_MAX], const char *name, size_t i)
{
	if (i == 1)
		snprintf(out, CHAIN_NAME_MAX, "%s", name);
	else
		snprintf(out, CHAIN_NAME_MAX, "%s/%zu", name, i);
}

void unit_set_name(const struct unit *have, const char *name,
		   const struct set_form *form, char out[CHAIN_NAME_MAX])
{
	const struct unit_set *set;
	size_t names = have ? have->nsets + 1 : 1, free_name = 0;

	/* Among one name more than there are sets one is free. */
	for (size_t i = 1; i <= names; i++) {
		set_name(out, name, i);
		set = unit_set(have, out);
		if (set && set_form_same(&set->form, form))
			return;
		if (!set && !free_name)
			free_name = i;
	}
	set_name(out, name, free_name);
}

bool unit_slots(const struct unit *u, uint32_t *base, uint32_t *m)
{
	char name[CHAIN_NAME_MAX];
	const struct unit_chain *c;

	snprintf(name, sizeof(name), CHAIN_SERVICE "%s", u->name);
	c = unit_chain(u, name);
	if (!c) {
		snprintf(name, sizeof(name), CHAIN_STATELESS "%s", u->name);
		c = unit_chain(u, name);
	}
	for (size_t i = 0; c && i < c->nrules; i++)
		if (rule_slots(c->rules[i].data, c->rules[i].len, base, m))
			return true;
	return false;
}

bool chain_same(const struct unit_chain *have, const struct unit_chain *want)
{
	if (have->nrules != want->nrules)
		return false;
	for (size_t i = 0; i < want->nrules; i++)
		if (!rule_matches(want->rules[i].data, want->rules[i].len,
				  have->rules[i].data, have->rules[i].len))
			return false;
	return true;
}

/* ---- elements */

bool elem_same(const struct elem *a, const struct elem *b)
{
	if (memcmp(a->data, b->data, sizeof(a->data)) != 0)
		return false;
	if (!a->text || !b->text)
		return a->text == b->text;
	return !strcmp(a->text, b->text);
}

uint32_t elem_id(const struct elem *e)
{
	uint32_t id;

	memcpy(&id, e->key, sizeof(id));
	return id;
}

void elem_set_id(struct elem *e, uint32_t id)
{
	memcpy(e->key, &id, sizeof(id));
}

bool elem_is_backend(const struct elem *e)
{
	return map_owns_ids((enum rs_map)e->map);
}

const char *elem_backend_name(const struct elem *e)
{
	const char *slash = e->text ? strchr(e->text, '/') : NULL;

	return slash ? slash + 1 : "";
}

/* Of any family, whatever the table's is. */
enum { END_PORT = 16, END_FAMILY = 18 };

void elem_set_end(struct elem *e, const struct addr *a, uint16_t port)
{
	memcpy(e->data, a->ip, addr_len(a));
	memcpy(e->data + END_PORT, &port, sizeof(port));
	e->data[END_FAMILY] = a->family;
}

bool elem_end(const struct elem *e, struct addr *a, uint16_t *port)
{
	*a = (struct addr){ .family = e->data[END_FAMILY] };
	memcpy(a->ip, e->data, addr_len(a));
	memcpy(port, e->data + END_PORT, sizeof(*port));
	return a->family != 0;
}

const struct elem *unit_backend(const struct unit *u, uint32_t id)
{
	static const enum rs_map maps[] = { MAP_BACKENDS, MAP_BACKENDS_PORTLESS,
					    MAP_WAYS };
	struct elem key = { 0 };

	elem_set_id(&key, id);
	for (size_t i = 0; i < 3; i++) {
		const struct elem *e;

		key.map = (uint8_t)maps[i];
		e = bsearch(&key, u->elems, u->nelems, sizeof(*u->elems),
			    elem_qsort);
		if (e)
			return e;
	}
	return NULL;
}

const struct elem *unit_elem(const struct unit *u, const struct elem *key)
{
	if (!u || u->nelems == 0)
		return NULL;
	return bsearch(key, u->elems, u->nelems, sizeof(*u->elems), elem_qsort);
}

int unit_cmp(const char *name_a, unsigned int table_a, const char *name_b,
	     unsigned int table_b)
{
	int c = strcmp(name_a, name_b);

	return c ? c : (int)table_a - (int)table_b;
}
