/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The specs that jobs share: encoded once, known by their bytes, numbered for
 * the prober. Plain data and pure functions.
 */
#ifndef NFTLB_DAEMON_HEALTH_SPECS_H
#define NFTLB_DAEMON_HEALTH_SPECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum health_spec_state {
	HEALTH_SPEC_FREE,
	HEALTH_SPEC_WANTED,
	HEALTH_SPEC_STOPPING /* no job uses it; the prober may know it */
};

struct health_spec {
	char *data; /* encoded */
	size_t len;
	uint64_t hash;
	uint32_t next; /* in its bucket, plus 1; of those that are not free */
	uint8_t type;  /* enum hc_type */
	uint8_t state;
	bool kept;   /* by the walk that is under way */
	bool queued; /* the prober has yet to be told something */
	bool told;   /* the prober has all of it */
};

/* An id is the index and 1. */
struct health_specs {
	struct health_spec *list;
	size_t n, cap;
	uint32_t *buckets; /* nbuckets of them, a power of two or 0 */
	size_t nbuckets;
	uint32_t *free_list; /* indices */
	size_t nfree, capfree;
	size_t wanted;
};

/**
 * health_specs_want() - the spec with these bytes, made where it is new; kept
 * @bytes: what spec_encode() made; the contents are taken where they are new
 * Return: its index. It is WANTED afterwards, whatever it was.
 */
uint32_t health_specs_want(struct health_specs *t, uint8_t type,
			   struct buf *bytes);
/** health_specs_release() - the prober does not have it (any more): forget it
 */
void health_specs_release(struct health_specs *t, uint32_t index);
void health_specs_free(struct health_specs *t);

#endif
