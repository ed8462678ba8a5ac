/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From words to a command: every word narrows the set of rows that are still
 * possible. Pure.
 *
 * Must not know: what the commands do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "lib/near.h"

#define COMMANDS_MAX 96

/* Rows that may still be meant, and the word that each has next. */
struct match {
	bool alive[COMMANDS_MAX];
	struct grammar_word words[COMMANDS_MAX][COMMAND_WORDS_MAX];
	size_t n[COMMANDS_MAX];
	size_t ncommands;
};

static int place_of(const char *word)
{
	for (int p = 0; p < PLACES; p++)
		if (!strcmp(places[p].word, word))
			return p;
	return -1;
}

size_t grammar_split(const char *grammar,
		     struct grammar_word words[COMMAND_WORDS_MAX])
{
	size_t n = 0;

	while (*grammar && n < COMMAND_WORDS_MAX) {
		size_t len = strcspn(grammar, " ");

		snprintf(words[n].text, sizeof(words[n].text), "%.*s", (int)len,
			 grammar);
		words[n].place = place_of(words[n].text);
		n++;
		grammar += len + (grammar[len] == ' ');
	}
	return n;
}

static void match_begin(struct match *m)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; commands[i].grammar && i < COMMANDS_MAX; i++) {
		m->alive[i] = true;
		m->n[i] = grammar_split(commands[i].grammar, m->words[i]);
		m->ncommands = i + 1;
	}
}

/* Distinct next words at @pos that begin with @text; hidden ones only when they
 * are spelled out. */
static size_t next_words(const struct match *m, size_t pos, const char *text,
			 bool values, const char *list[COMMANDS_MAX])
{
	size_t n = 0, j;

	for (size_t i = 0; i < m->ncommands; i++) {
		const struct grammar_word *w = &m->words[i][pos];

		if (!m->alive[i] || m->n[i] <= pos || commands[i].hidden ||
		    (w->place >= 0 && !values) ||
		    strncmp(w->text, text, strlen(text)) != 0)
			continue;
		for (j = 0; j < n && strcmp(list[j], w->text) != 0; j++)
			;
		if (j == n)
			list[n++] = w->text;
	}
	return n;
}

static void join(const char *const *list, size_t n, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i == 0       ? ""
					 : i + 1 == n ? " or "
						      : ", ",
					 list[i]);
}

/* Keep the rows whose word at @pos is @text, or, with NULL, any value. */
static size_t keep(struct match *m, size_t pos, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < m->ncommands; i++) {
		const struct grammar_word *w = &m->words[i][pos];

		if (m->alive[i] && m->n[i] > pos)
			m->alive[i] =
			    text ? w->place < 0 && !strcmp(w->text, text)
				 : w->place >= 0;
		else
			m->alive[i] = false;
		n += m->alive[i];
	}
	return n;
}

static int refuse(const struct match *m, size_t pos, const char *word,
		  struct err *err)
{
	const char *list[COMMANDS_MAX], *near;
	size_t n = next_words(m, pos, "", true, list);
	char all[256];

	if (n == 0)
		return err_set(err, -EINVAL, "\"%s\": nothing more is expected",
			       word);
	near = near_word(word, list, n);
	if (near)
		return err_set(err, -EINVAL,
			       "\"%s\" is unknown; did you mean \"%s\"?", word,
			       near);
	join(list, n, all, sizeof(all));
	return err_set(err, -EINVAL, "\"%s\" is unknown; expected: %s", word,
		       all);
}

/* The one next word of nftlbd's own commands that begins with @text; NULL:
 * none, or several. What was short before the agent had words still is. */
static const char *daemons_word(const struct match *m, size_t pos,
				const char *text)
{
	struct match own = *m;
	const char *list[COMMANDS_MAX];

	for (size_t i = 0; i < own.ncommands; i++)
		own.alive[i] = own.alive[i] && !commands[i].agent;
	if (next_words(&own, pos, text, false, list) != 1)
		return NULL;
	/* @list points into our copy */
	for (size_t i = 0; i < m->ncommands; i++)
		if (own.alive[i] && own.n[i] > pos &&
		    !strcmp(own.words[i][pos].text, list[0]))
			return m->words[i][pos].text;
	return NULL;
}

/* One word: spelled out, shortened, or a value. */
static int narrow(struct match *m, size_t pos, const char *word,
		  struct err *err)
{
	const char *list[COMMANDS_MAX];
	const struct match before = *m;
	char all[256];
	size_t n;

	if (keep(m, pos, word))
		return 0;
	*m = before;
	n = next_words(m, pos, word, false, list);
	if (n == 1 && word[0]) {
		keep(m, pos, list[0]);
		return 0;
	}
	if (n > 1 && word[0] && daemons_word(m, pos, word)) {
		keep(m, pos, daemons_word(m, pos, word));
		return 0;
	}
	if (n > 1 && word[0]) {
		join(list, n, all, sizeof(all));
		return err_set(err, -EINVAL, "\"%s\" may mean %s", word, all);
	}
	if (keep(m, pos, NULL))
		return 0;
	return refuse(&before, pos, word, err);
}

static int finish(const struct match *m, size_t argc, size_t *row,
		  struct err *err)
{
	const char *list[COMMANDS_MAX];
	char all[256];

	for (size_t i = 0; i < m->ncommands; i++) {
		if (m->alive[i] && m->n[i] == argc) {
			*row = i;
			return 0;
		}
	}
	join(list, next_words(m, argc, "", true, list), all, sizeof(all));
	return err_set(err, -EINVAL, "%s expected", all);
}

static bool is_many(int place)
{
	return place == PLACE_ENTRIES || place == PLACE_OPTIONS;
}

/* May the word at @pos be the first of several? */
static bool many_from(const struct match *m, size_t pos)
{
	for (size_t i = 0; i < m->ncommands; i++)
		if (m->alive[i] && m->n[i] == pos + 1 &&
		    is_many(m->words[i][pos].place))
			return true;
	return false;
}

static int check_values(struct call *call, enum place p, char *const *values,
			size_t n, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0 && places[p].check; i++)
		ret = places[p].check(values[i], err);
	call->value[p] = values[0];
	return ret;
}

int command_match(int argc, char *const *argv, struct call *call,
		  struct err *err)
{
	struct match m;
	size_t n = (size_t)argc, row = 0;
	int ret;

	match_begin(&m);
	for (size_t i = 0; i < n; i++) {
		ret = i < COMMAND_WORDS_MAX ? narrow(&m, i, argv[i], err)
					    : refuse(&m, i - 1, argv[i], err);
		if (ret < 0)
			return ret;
		if (many_from(&m, i)) {
			call->entries = argv + i;
			call->nentries = n - i;
			n = i + 1;
		}
	}
	ret = finish(&m, n, &row, err);
	if (ret < 0)
		return ret;
	call->command = &commands[row];
	for (size_t i = 0; i < n; i++) {
		int p = m.words[row][i].place;

		if (p < 0)
			continue;
		ret = check_values(call, (enum place)p, argv + i,
				   is_many(p) ? call->nentries : 1, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
