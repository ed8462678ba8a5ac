/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units and their elements: made, sorted, compared. Knows the form of the keys,
 * not what they are for.
 */
#include "rulesets/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

struct unit *unit_new(const char *name, uint8_t family)
{
	struct unit *u = xcalloc(1, sizeof(*u));

	u->name = xstrdup(name);
	u->family = family;
	return u;
}

void unit_free(struct unit *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->nelems; i++)
		free(u->elems[i].text);
	free(u->elems);
	free(u->ids);
	buf_free(&u->rule);
	buf_free(&u->source);
	free(u->name);
	free(u);
}

struct elem *unit_add(struct unit *u, enum rs_map map)
{
	struct elem *e = VEC_PUSH(u->elems, u->nelems, u->capelems);

	memset(e, 0, sizeof(*e));
	e->map = (uint8_t)map;
	return e;
}

int elem_cmp(const struct elem *a, const struct elem *b)
{
	int c;

	if (a->map != b->map)
		return a->map < b->map ? -1 : 1;
	c = memcmp(a->key, b->key, sizeof(a->key));
	return c ? c : memcmp(a->key_end, b->key_end, sizeof(a->key_end));
}

static int elem_qsort(const void *a, const void *b)
{
	return elem_cmp(a, b);
}

void unit_sort(struct unit *u)
{
	if (u->nelems > 0)
		qsort(u->elems, u->nelems, sizeof(*u->elems), elem_qsort);
}

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
	return e->map == MAP_BACKENDS || e->map == MAP_BACKENDS_PORTLESS;
}

const char *elem_backend_name(const struct elem *e)
{
	const char *slash = e->text ? strchr(e->text, '/') : NULL;

	return slash ? slash + 1 : "";
}

const struct elem *unit_backend(const struct unit *u, uint32_t id)
{
	static const enum rs_map maps[] = { MAP_BACKENDS,
					    MAP_BACKENDS_PORTLESS };
	struct elem key = { 0 };

	elem_set_id(&key, id);
	for (size_t i = 0; i < 2; i++) {
		const struct elem *e;

		key.map = (uint8_t)maps[i];
		e = bsearch(&key, u->elems, u->nelems, sizeof(*u->elems),
			    elem_qsort);
		if (e)
			return e;
	}
	return NULL;
}

int unit_cmp(const char *name_a, uint8_t family_a, const char *name_b,
	     uint8_t family_b)
{
	int c = strcmp(name_a, name_b);

	return c ? c : (int)family_a - (int)family_b;
}
