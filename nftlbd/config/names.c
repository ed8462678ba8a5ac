/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names by binary search. Sorting keeps the order of equal names: the one with
 * the lower index, which stood first in the files, comes first. */
#include "config/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/near.h"
#include "lib/xalloc.h"

#define NAMES_SHOWN 8

void names_add(struct names *names, const char *text, uint32_t i)
{
	*VEC_PUSH(names->list, names->n, names->cap) = (struct name){ text, i };
}

static int name_cmp(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;
	int order = strcmp(a->text, b->text);

	return order ? order : (a->i > b->i) - (a->i < b->i);
}

void names_sort(struct names *names)
{
	if (names->n)
		qsort(names->list, names->n, sizeof(*names->list), name_cmp);
}

ssize_t names_find(const struct names *names, const char *text)
{
	size_t lo = 0, hi = names->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(names->list[mid].text, text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == names->n || strcmp(names->list[lo].text, text))
		return -1;
	return names->list[lo].i;
}

bool names_twin(const struct names *names, size_t at, uint32_t *first)
{
	const char *text = names->list[at].text;

	if (!at || strcmp(names->list[at - 1].text, text))
		return false;
	*first = (uint32_t)names_find(names, text);
	return true;
}

const char *names_print(const struct names *names, char *buf, size_t size)
{
	size_t used = 0, i;
	int n;

	snprintf(buf, size, "(there is none)");
	for (i = 0; i < names->n && used < size; i++) {
		if (i == NAMES_SHOWN) {
			snprintf(buf + used, size - used, ", ...");
			break;
		}
		n = snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
			     names->list[i].text);
		used += n > 0 ? (size_t)n : 0;
	}
	return buf;
}

const char *names_near(const struct names *names, const char *text)
{
	const char **words = xcalloc(names->n + 1, sizeof(*words)), *near;
	size_t i;

	for (i = 0; i < names->n; i++)
		words[i] = names->list[i].text;
	near = near_word(text, words, names->n);
	free(words);
	return near;
}

void names_clear(struct names *names)
{
	names->n = 0;
}

void names_free(struct names *names)
{
	free(names->list);
	*names = (struct names){ 0 };
}
