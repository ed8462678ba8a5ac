/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operator said of a list, beside what its files say: an address is on
 * the list if it is in `added`, or in the base and not in `removed`.
 */
#ifndef NFTLB_DAEMON_LISTS_OVERLAY_H
#define NFTLB_DAEMON_LISTS_OVERLAY_H

#include "lib/nets.h"

/* Of one family. The two have no address in common. */
struct list_overlay {
	struct nets added, removed;
};

void overlay_free(struct list_overlay *o);
void overlay_copy(struct list_overlay *to, const struct list_overlay *from);
/** overlay_add(), overlay_remove() - the last word on the @n ranges of @list.
 * The cost grows with them and with the overlay, and with the logarithm of
 * @base. What @base says as well is not kept. */
void overlay_add(struct list_overlay *o, const struct nets *base,
		 const struct net_range *list, size_t n);
void overlay_remove(struct list_overlay *o, const struct nets *base,
		    const struct net_range *list, size_t n);
bool overlay_has(const struct list_overlay *o, const struct nets *base,
		 const struct addr *a);

#endif
