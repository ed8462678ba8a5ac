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
	&keys_of_rules,    &keys_of_weights, &keys_of_lists,  &keys_of_direct,
};

const struct key_set keys_of_nftlbd = { tables,
					sizeof(tables) / sizeof(tables[0]) };

const struct conf_key *keys_at(const struct key_set *set, size_t i)
{
	for (size_t t = 0; t < set->n; t++) {
		if (i < set->tables[t]->n)
			return &set->tables[t]->rows[i];
		i -= set->tables[t]->n;
	}
	return NULL;
}

size_t keys_number(const struct key_set *set, const struct conf_key *key)
{
	size_t before = 0;

	for (size_t t = 0; t < set->n; t++) {
		if (key >= set->tables[t]->rows &&
		    key < set->tables[t]->rows + set->tables[t]->n)
			return before + (size_t)(key - set->tables[t]->rows);
		before += set->tables[t]->n;
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

const struct conf_key *keys_find(const struct key_set *set, unsigned int place,
				 const char *name)
{
	for (size_t t = 0; t < set->n; t++) {
		if (!(set->tables[t]->places & place))
			continue;
		for (size_t i = 0; i < set->tables[t]->n; i++) {
			const struct conf_key *k = &set->tables[t]->rows[i];

			if ((k->places & place) && row_is(k, name))
				return k;
		}
	}
	return NULL;
}

const char *keys_near(const struct key_set *set, unsigned int place,
		      const char *name)
{
	const char *words[DRAFT_KEYS_MAX];
	const struct conf_key *k;
	size_t n = 0;

	for (size_t i = 0; (k = keys_at(set, i)) && n < DRAFT_KEYS_MAX; i++) {
		if (k->places & place)
			words[n++] = k->name;
	}
	return near_word(name, words, n);
}

const char *keys_words(const struct key_set *set, unsigned int place, char *buf,
		       size_t size)
{
	const struct conf_key *k;
	size_t used = 0;
	int n;

	buf[0] = '\0';
	/* those that are a family of lines come last */
	for (int named = 0; named < 2; named++) {
		for (size_t i = 0; (k = keys_at(set, i)) && used < size; i++) {
			if (!(k->places & place) || k->named != (bool)named)
				continue;
			n = snprintf(buf + used, size - used, "%s%s",
				     used ? ", " : "", k->name);
			used += n > 0 ? (size_t)n : 0;
		}
	}
	return buf;
}

/* ---- the daemon's */

bool key_fits(const struct conf_key *key, enum rs_mode mode)
{
	return !key->modes || key->modes & MODE_BIT(mode);
}

const char *key_modes(const struct conf_key *key, char *buf, size_t size)
{
	unsigned int left = 0;
	size_t used;

	for (int m = 0; m < RS_MODES; m++)
		left |= rs_mode_built[m] ? key->modes & MODE_BIT(m) : 0;
	if (!left) /* all of them are still to come */
		left = key->modes;
	used = (size_t)snprintf(buf, size, "with mode =");
	for (int m = 0; m < RS_MODES && used < size; m++) {
		if (!(left & MODE_BIT(m)))
			continue;
		left &= ~MODE_BIT(m);
		used += (size_t)snprintf(buf + used, size - used, " %s%s",
					 word_text(rs_mode_words, m),
					 !left               ? ""
					 : left & (left - 1) ? ","
							     : " or");
	}
	return buf;
}

const struct conf_key *key_at(size_t i)
{
	return keys_at(&keys_of_nftlbd, i);
}

size_t key_number(const struct conf_key *key)
{
	return keys_number(&keys_of_nftlbd, key);
}

const struct conf_key *key_find(unsigned int place, const char *name)
{
	return keys_find(&keys_of_nftlbd, place, name);
}

const char *key_near(unsigned int place, const char *name)
{
	return keys_near(&keys_of_nftlbd, place, name);
}

const char *keys_list(unsigned int place, char *buf, size_t size)
{
	return keys_words(&keys_of_nftlbd, place, buf, size);
}
