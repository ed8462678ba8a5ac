/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IPVS and its tools have in common: addresses, schedulers, persistence.
 */
#ifndef NFTLB_IMPORT_TARGETS_H
#define NFTLB_IMPORT_TARGETS_H

#include "import/draft.h"

#define TARGETS_MAX 256 /* of one virtual server */

struct target {
	struct addr addr;
	uint16_t port; /* 0 = any */
};

struct targets {
	struct target *list; /* free() it */
	size_t n, cap;
};

/** targets_add() - an address, a range (.1-10, A-B, A/29) and a port
 * Return: NULL, or why it has no equivalent. */
const char *targets_add(struct targets *t, const char *addr, const char *port);
/** targets_sort() - by family, port, address */
void targets_sort(struct targets *t);
/** targets_run() - how many from @from on have its family and port */
size_t targets_run(const struct targets *t, size_t from);

/** targets_scheduler() - IPVS's word as ours
 * Return: NULL, or how ours is another. */
const char *targets_scheduler(struct draft_keys *keys, const char *word);
/** targets_protocol() - false: none that there is */
bool targets_protocol(struct draft_service *s, const char *word);
/** targets_persist() - @seconds: 0 = as before; @mask: a netmask or a prefix
 * length, NULL = as before. False: no such mask. */
bool targets_persist(struct draft_service *s, unsigned int seconds,
		     const char *mask);
/** targets_finish() - all has been said of @s */
void targets_finish(struct draft_service *s);

#endif
