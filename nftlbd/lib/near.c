/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean": the edit distance (Levenshtein, with neighbours swapped as
 * one edit) between what was typed and what exists. Pure.
 */
#include "lib/near.h"

#include <string.h>

#define NEAR_MAX 32 /* longer words are not compared */

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

static unsigned int word_distance(const char *a, const char *b)
{
	unsigned int d[NEAR_MAX + 1][NEAR_MAX + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return NEAR_MAX;
	for (i = 0; i <= la; i++)
		d[i][0] = (unsigned int)i;
	for (j = 0; j <= lb; j++)
		d[0][j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		for (j = 1; j <= lb; j++) {
			d[i][j] =
			    min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				 d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

const char *near_word(const char *text, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned int at = 3, distance;
	size_t i;

	for (i = 0; i < n; i++) {
		distance = word_distance(text, words[i]);
		/* half of a short word being wrong is no resemblance */
		if (distance < at && distance * 2 < strlen(words[i])) {
			at = distance;
			best = words[i];
		}
	}
	return best;
}
