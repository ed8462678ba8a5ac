/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The project's enumerations have one spelling each, used by config, CLI, API,
 * logs and metrics alike. A table of words maps both ways.
 */
#ifndef NFTLB_LIB_WORDS_H
#define NFTLB_LIB_WORDS_H

struct word {
	const char *text; /* NULL ends the table */
	int value;
};

/** word_find() - value of @text; -1 where the table does not have it */
int word_find(const struct word *table, const char *text);

/** word_text() - spelling of @value; "?" where the table does not have it */
const char *word_text(const struct word *table, int value);

/** words_list() - "a, b or c" into @buf, for error messages; returns @buf */
const char *words_list(const struct word *table, char *buf, unsigned int size);

#endif
