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

static struct nets tidy(const struct net_range *list, size_t n)
{
	struct nets s = { 0 };

	for (size_t i = 0; i < n; i++)
		nets_push(&s, &list[i]);
	nets_tidy(&s);
	return s;
}

void overlay_add(struct list_overlay *o, const struct nets *base,
		 const struct net_range *list, size_t n)
{
	struct nets all = tidy(list, n), news = { 0 };

	for (size_t i = 0; i < all.n; i++)
		if (!nets_has_all(base, &all.list[i]))
			nets_push(&news, &all.list[i]);
	nets_tidy(&news);
	nets_remove_all(&o->removed, &all);
	nets_add_all(&o->added, &news);
	nets_free(&all);
	nets_free(&news);
}

void overlay_remove(struct list_overlay *o, const struct nets *base,
		    const struct net_range *list, size_t n)
{
	struct nets all = tidy(list, n), known = { 0 };

	for (size_t i = 0; i < all.n; i++)
		if (nets_has_any(base, &all.list[i]))
			nets_push(&known, &all.list[i]);
	nets_tidy(&known);
	nets_remove_all(&o->added, &all);
	nets_add_all(&o->removed, &known);
	nets_free(&all);
	nets_free(&known);
}

bool overlay_has(const struct list_overlay *o, const struct nets *base,
		 const struct addr *a)
{
	return nets_has(&o->added, a) ||
	       (nets_has(base, a) && !nets_has(&o->removed, a));
}
