/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flags of full backends: elements of the set backends-full, which the packet
 * raises that makes a backend full. They go by themselves after a while, lest a
 * backend be out for ever when nobody looks after them.
 */
#ifndef RULESETS_FULL_H
#define RULESETS_FULL_H

#include "rulesets/ruleset.h"

struct full_flag {
	uint8_t family;
	uint32_t id;      /* of the backend */
	uint32_t left_ms; /* until it goes */
};

/**
 * full_read() - the flags that are up, by family and id
 * One dump for each family, of as many elements as there are flags. No set: no
 * flags. The caller frees *list.
 * Return: 0 or -errno with words; *list is NULL then.
 */
int full_read(struct ruleset *rs, struct full_flag **list, size_t *n,
	      struct err *err);

/** full_find() - is it among the n flags that full_read() gave? NULL: no */
const struct full_flag *full_find(const struct full_flag *list, size_t n,
				  uint8_t family, uint32_t id);

/** full_raise() - put a flag up for so long, instead of the one that is up */
int full_raise(struct ruleset *rs, uint8_t family, uint32_t id, uint32_t for_ms,
	       struct err *err);
/** full_clear() - take a flag down; 0 also where there is none */
int full_clear(struct ruleset *rs, uint8_t family, uint32_t id,
	       struct err *err);

/**
 * full_id() - a backend's id, as HAVE has it; 0 = it is not there
 */
uint32_t full_id(const struct ruleset *rs, const char *service, uint8_t family,
		 const char *backend);

#endif
