/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key table, in parts. A key exists because it has a row in one of them:
 * parser, checker, printer, error messages, list of keys and the manual's test
 * all read it. A row without a default is required or off; a default is text,
 * read by the same code as the user's, so it cannot be out of range unnoticed.
 */
#include "config/keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/draft.h"
#include "lib/near.h"

/* Options of backends first: backends.c has a bit for each of these rows. */
static const struct key_table *const tables[] = {
	&keys_of_backends, &keys_of_globals, &keys_of_checks, &keys_of_services,
	&keys_of_rules,    &keys_of_weights, &keys_of_lists,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

const struct conf_key *key_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++) {
		if (i < tables[t]->n)
			return &tables[t]->rows[i];
		i -= tables[t]->n;
	}
	return NULL;
}

size_t key_number(const struct conf_key *key)
{
	size_t before = 0;

	for (size_t t = 0; t < TABLES; t++) {
		if (key >= tables[t]->rows &&
		    key < tables[t]->rows + tables[t]->n)
			return before + (size_t)(key - tables[t]->rows);
		before += tables[t]->n;
	}
	return before;
}

/* "backend.NAME" is the key of every line that begins like this. */
static bool row_is(const struct conf_key *key, const char *name)
{
	size_t stem;

	if (name[0] != key->name[0]) /* most of a hundred rows */
		return false;
	stem = key->named ? strcspn(key->name, ".") + 1 : 0;
	return stem ? !strncmp(name, key->name, stem)
		    : !strcmp(name, key->name);
}

const struct conf_key *key_find(unsigned int place, const char *name)
{
	for (size_t t = 0; t < TABLES; t++) {
		if (!(tables[t]->places & place))
			continue;
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct conf_key *k = &tables[t]->rows[i];

			if ((k->places & place) && row_is(k, name))
				return k;
		}
	}
	return NULL;
}

const char *key_near(unsigned int place, const char *name)
{
	const char *words[DRAFT_KEYS_MAX];
	const struct conf_key *k;
	size_t n = 0;

	for (size_t i = 0; (k = key_at(i)) && n < DRAFT_KEYS_MAX; i++) {
		if (k->places & place)
			words[n++] = k->name;
	}
	return near_word(name, words, n);
}

const char *keys_list(unsigned int place, char *buf, size_t size)
{
	const struct conf_key *k;
	size_t used = 0;
	int n;

	buf[0] = '\0';
	/* those that are a family of lines come last */
	for (int named = 0; named < 2; named++) {
		for (size_t i = 0; (k = key_at(i)) && used < size; i++) {
			if (!(k->places & place) || k->named != (bool)named)
				continue;
			n = snprintf(buf + used, size - used, "%s%s",
				     used ? ", " : "", k->name);
			used += n > 0 ? (size_t)n : 0;
		}
	}
	return buf;
}
