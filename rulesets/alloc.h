/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who owns which slot keys and backend ids in one table. Ranges of slots are
 * given out first-fit from a list of free extents; ids go round, so that an id
 * that was just given back is not the next to be used.
 */
#ifndef RULESETS_ALLOC_H
#define RULESETS_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extent {
	uint32_t base, len;
};

struct alloc {
	struct extent *free; /* sorted, never adjacent */
	size_t nfree, capfree;
	uint64_t *ids; /* bit set: in use */
	uint32_t nids; /* bits there are */
	uint32_t next_id;
};

void alloc_init(struct alloc *a);
void alloc_free(struct alloc *a);

/** alloc_range() - @len consecutive slot keys; returns the first */
uint32_t alloc_range(struct alloc *a, uint32_t len);
/** alloc_take_range() - claim a range that the kernel already holds; false:
 * part of it belongs to somebody else */
bool alloc_take_range(struct alloc *a, uint32_t base, uint32_t len);
void alloc_put_range(struct alloc *a, uint32_t base, uint32_t len);

uint32_t alloc_id(struct alloc *a);
bool alloc_take_id(struct alloc *a, uint32_t id);
/** alloc_skip_ids() - give out ids above all that are in use, and @n more; as
 * long as they stay below 65,536 */
void alloc_skip_ids(struct alloc *a, uint32_t n);
void alloc_put_id(struct alloc *a, uint32_t id);

#endif
