/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's changes: tried on copies of the overlays, brought to the
 * kernel in one transaction, then adopted and kept. The base is not touched, so
 * the cost is that of what the operator changed so far.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/committer.h"
#include "daemon/lists_impl.h"
#include "lib/xalloc.h"

/* Those of one family; *n: how many. To be freed. */
static struct net_range *of_family(const struct net_range *list, size_t all,
				   unsigned int family, size_t *n)
{
	struct net_range *out = xcalloc(all + 1, sizeof(*out));

	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (family_index(list[i].lo.family) == family)
			out[(*n)++] = list[i];
	return out;
}

void lists_edit_apply(struct list_overlay overlay[RS_FAMILIES],
		      const struct conf_list *base,
		      const struct list_edit *edit)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		size_t nadd, nremove;
		struct net_range *add =
		    of_family(edit->add, edit->nadd, f, &nadd);
		struct net_range *remove =
		    of_family(edit->remove, edit->nremove, f, &nremove);

		overlay_add(&overlay[f], &base->nets[f], add, nadd);
		overlay_remove(&overlay[f], &base->nets[f], remove, nremove);
		free(add);
		free(remove);
	}
}

/* The sets that change: two in each family that is in the kernel. */
struct edit_changes {
	struct list_change list[2 * RS_FAMILIES];
	char name[2][LIST_SET_NAME_MAX];
	size_t n;
};

static void change_add(struct edit_changes *c, const char *set,
		       unsigned int family, const struct nets *have,
		       const struct nets *want)
{
	struct list_change *to = &c->list[c->n];

	*to = (struct list_change){ .name = set, .family = family_of(family) };
	nets_diff(have, want, &to->del, &to->add);
	c->n += to->del.n > 0 || to->add.n > 0;
}

static int bring(struct lists *l, const struct list *list,
		 const struct list_overlay next[RS_FAMILIES], struct err *err)
{
	struct edit_changes c = { .n = 0 };
	int ret = 0;

	list_set_name(list->name, LIST_ADDED, c.name[0]);
	list_set_name(list->name, LIST_REMOVED, c.name[1]);
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		if (!list->side[f].there)
			continue;
		change_add(&c, c.name[0], f, &list->overlay[f].added,
			   &next[f].added);
		change_add(&c, c.name[1], f, &list->overlay[f].removed,
			   &next[f].removed);
	}
	if (c.n > 0)
		ret = lists_change(l->d->ruleset, c.list, c.n, err);
	for (size_t i = 0; i < c.n; i++) {
		nets_free(&c.list[i].del);
		nets_free(&c.list[i].add);
	}
	return ret;
}

/* To the kernel, once more after a repair: somebody may have been there. */
static int bring_or_repair(struct lists *l, const char *name,
			   const struct list_overlay next[RS_FAMILIES],
			   struct err *err)
{
	int ret = bring(l, lists_get(l, name), next, err);

	if (ret == 0 || l->d->flushed)
		return ret;
	ret = committer_repair(l->d->committer, RESYNC_REFUSED, err);
	return ret < 0 ? ret : bring(l, lists_get(l, name), next, err);
}

static size_t changed(const struct list_overlay overlay[RS_FAMILIES])
{
	size_t n = 0;

	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		n += overlay[f].added.n + overlay[f].removed.n;
	return n;
}

/* What makes it less is always welcome. */
static int check_size(const struct list_overlay old[RS_FAMILIES],
		      const struct list_overlay next[RS_FAMILIES],
		      struct err *err)
{
	size_t n = changed(next);

	if (n <= LISTS_CHANGED_MAX || n <= changed(old))
		return 0;
	return err_set(err, -EINVAL,
		       "%zu ranges would not be as the list's files say, at "
		       "most %u may; put them into a file; nothing was changed",
		       n, LISTS_CHANGED_MAX);
}

int lists_edit(struct lists *l, const struct author *who, const char *name,
	       const struct list_edit *edit, struct err *err)
{
	const struct conf_list *base = lists_conf(l->d->model->conf, name);
	struct list_overlay next[RS_FAMILIES] = { { { 0 }, { 0 } } };
	struct list *list;
	char words[AUTHOR_MAX];
	int ret;

	if (!base)
		return err_set(err, -ENOENT, "no list \"%s\"", name);
	list = lists_get(l, name);
	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		overlay_copy(&next[f], &list->overlay[f]);
	lists_edit_apply(next, base, edit);
	ret = check_size(list->overlay, next, err);
	if (ret == 0)
		ret = bring_or_repair(l, name, next, err);
	list = lists_get(l, name);
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		overlay_free(ret == 0 ? &list->overlay[f] : &next[f]);
		if (ret == 0)
			list->overlay[f] = next[f];
	}
	if (ret < 0)
		return ret;
	list_keep_edit(l->keep, name, edit);
	daemon_event(l->d, "list", NULL, NULL, NULL, NULL,
		     "%s: %zu added, %zu removed by %s", name, edit->nadd,
		     edit->nremove, author_text(who, words));
	return 0;
}
