/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session table of another size is another map. The old one is kept when the
 * rules no longer speak of it, until its entries have been carried over; HAVE
 * does not know it any more. Whoever scans before that is done (a restart, a
 * repair) finds both, and begins anew.
 *
 * Invariant: none is on the list twice; a name is free before a plan uses it.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/ruleset_impl.h"
#include "rulesets/sessions.h"

static bool is_sessions(const char *name)
{
	return !strncmp(name, SET_SESSIONS, strlen(SET_SESSIONS)) ||
	       !strncmp(name, SET_GROUP, strlen(SET_GROUP));
}

/* Where the entries of @have's set @name can go. */
static bool has_heir(const struct unit *have, const struct unit *want,
		     const char *name)
{
	const struct unit_set *old = unit_set(have, name);

	if (!old || !is_sessions(name))
		return false;
	for (size_t i = 0; i < want->nsets; i++)
		if (is_sessions(want->sets[i].name) &&
		    want->sets[i].form.key == old->form.key)
			return true;
	return false;
}

static void moved_add(struct moved *m, const struct unit *u, const char *set)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->list[i].family == u->family &&
		    !strcmp(m->list[i].set, set))
			return;
	*VEC_PUSH(m->list, m->n, m->cap) =
	    (struct moved_set){ xstrdup(u->name), xstrdup(set), u->family };
}

static void moved_drop(struct moved *m, size_t i)
{
	free(m->list[i].unit);
	free(m->list[i].set);
	m->list[i] = m->list[--m->n];
}

void moved_free(struct moved *m)
{
	while (m->n)
		moved_drop(m, 0);
	free(m->list);
	*m = (struct moved){ 0 };
}

static const struct plan_unit *unit_with_set(const struct plan *p,
					     uint8_t family, const char *name)
{
	for (size_t i = 0; i < p->nunits; i++) {
		const struct plan_unit *u = &p->units[i];

		if (u->have && u->want && u->have->family == family &&
		    has_heir(u->have, u->want, name))
			return u;
	}
	return NULL;
}

void moved_plan(struct moved *m, struct plan *p)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		struct set_ops *ops = &p->tab[f].late_sets;
		size_t kept = 0;

		for (size_t i = 0; i < ops->n; i++) {
			const char *name = ops->list[i].name;
			const struct plan_unit *u =
			    is_sessions(name)
				? unit_with_set(p, family_of(f), name)
				: NULL;

			if (u)
				moved_add(m, u->have, name);
			else
				ops->list[kept++] = ops->list[i];
		}
		ops->n = kept;
	}
}

static int delete_set(struct ruleset *rs, uint8_t family, const char *set,
		      struct err *err)
{
	struct nlmsghdr *nlh;
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	nlh = batch_msg(&b, NFT_MSG_DELSET, 0, family, 512, set);
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set);
	batch_msg_end(&b);
	ret = ruleset_send(rs, &b, err);
	batch_free(&b);
	return ret == -ENOENT ? 0 : ret;
}

void moved_make_way(struct ruleset *rs, const struct plan *p)
{
	struct moved *m = &rs->moved;

	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		for (size_t i = 0; i < p->tab[f].sets.n; i++)
			ruleset_sessions_drop(rs, p->tab[f].sets.list[i].name,
					      family_of(f));
	if (p->tab[0].delete_table || p->tab[1].delete_table)
		moved_free(m);
}

bool ruleset_sessions_moved(const struct ruleset *rs, const char *name,
			    bool group, uint8_t family, char *set, size_t size)
{
	const struct moved *m = &rs->moved;

	for (size_t i = 0; i < m->n; i++) {
		const char *unit = m->list[i].unit;

		if (m->list[i].family == family && group == (*unit == '/') &&
		    !strcmp(unit + group, name)) {
			snprintf(set, size, "%s", m->list[i].set);
			return true;
		}
	}
	return false;
}

void ruleset_sessions_drop(struct ruleset *rs, const char *set, uint8_t family)
{
	struct moved *m = &rs->moved;

	for (size_t i = 0; i < m->n; i++) {
		if (m->list[i].family != family ||
		    strcmp(m->list[i].set, set) != 0)
			continue;
		delete_set(rs, family, set, NULL);
		moved_drop(m, i);
		return;
	}
}
