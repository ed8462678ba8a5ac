/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of words, both ways. Pure; tables are short, a linear search does. */
#include "lib/words.h"

#include <stdio.h>
#include <string.h>

int word_find(const struct word *table, const char *text)
{
	for (; table->text; table++) {
		if (!strcmp(table->text, text))
			return table->value;
	}
	return -1;
}

const char *word_text(const struct word *table, int value)
{
	for (; table->text; table++) {
		if (table->value == value)
			return table->text;
	}
	return "?";
}

const char *words_list(const struct word *table, char *buf, unsigned int size)
{
	const char *sep = "";
	unsigned int used = 0;
	int n;

	if (!size)
		return buf;
	buf[0] = '\0';
	for (; table->text && used < size; table++) {
		n = snprintf(buf + used, size - used, "%s%s", sep, table->text);
		if (n < 0)
			break;
		used += (unsigned int)n;
		sep = table[1].text && !table[2].text ? " or " : ", ";
	}
	return buf;
}
