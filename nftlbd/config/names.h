/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An index of names: sorted once, then searched; finds what is there twice. */
#ifndef NFTLB_CONFIG_NAMES_H
#define NFTLB_CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct name {
	const char *text; /* not owned */
	uint32_t i;       /* whose name it is */
};

struct names {
	struct name *list;
	size_t n, cap;
};

void names_add(struct names *names, const char *text, uint32_t i);
void names_sort(struct names *names);

/** names_find() - the lowest index that has the name, -1 where none has */
ssize_t names_find(const struct names *names, const char *text);

/**
 * names_twin() - has the entry at position @at the name of one before it?
 * @first: index of the first that has the name
 */
bool names_twin(const struct names *names, size_t at, uint32_t *first);

/** names_print() - "a, b, c" or "(there is none)"; cut after a few */
const char *names_print(const struct names *names, char *buf, size_t size);

/** names_near() - one that is spelled much like @text, or NULL */
const char *names_near(const struct names *names, const char *text);

void names_clear(struct names *names);
void names_free(struct names *names);

#endif
