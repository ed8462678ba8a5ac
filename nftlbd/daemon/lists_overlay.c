/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of overlays. Pure; the base is only looked up, for it may be
 * large. */
#include "daemon/lists_overlay.h"

void overlay_free(struct list_overlay *o)
{
	nets_free(&o->added);
	nets_free(&o->removed);
}

void overlay_copy(struct list_overlay *to, const struct list_overlay *from)
{
	nets_copy(&to->added, &from->added);
	nets_copy(&to->removed, &from->removed);
}

void overlay_add(struct list_overlay *o, const struct nets *base,
		 const struct net_range *r)
{
	nets_remove(&o->removed, r);
	if (!nets_has_all(base, r))
		nets_add(&o->added, r);
}

void overlay_remove(struct list_overlay *o, const struct nets *base,
		    const struct net_range *r)
{
	nets_remove(&o->added, r);
	if (nets_has_any(base, r))
		nets_add(&o->removed, r);
}

bool overlay_has(const struct list_overlay *o, const struct nets *base,
		 const struct addr *a)
{
	return nets_has(&o->added, a) ||
	       (nets_has(base, a) && !nets_has(&o->removed, a));
}
