/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sets are in the kernel, and may they be trusted? After a scan each side
 * that a service needs is looked at; what was ours and was not touched stays.
 *
 * Invariant: d->model->conf names a set for each list and family that a service
 * needs, and after lists_repair() that set is there. Does not know what rules
 * do with them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/lists_impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "rulesets/ruleset.h"

struct list *lists_entry(const struct lists *l, const char *name)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (!strcmp(l->list[i].name, name))
			return &l->list[i];
	return NULL;
}

struct list *lists_get(struct lists *l, const char *name)
{
	struct list *list = lists_entry(l, name);

	if (list)
		return list;
	list = VEC_PUSH(l->list, l->n, l->cap);
	*list = (struct list){ .name = xstrdup(name) };
	return list;
}

struct conf_list *lists_conf(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nlists; i++)
		if (!strcmp(c->lists[i].name, name))
			return &c->lists[i];
	return NULL;
}

static bool among(const struct conf_list *const *lists, size_t n,
		  const struct conf_list *list)
{
	for (size_t i = 0; i < n; i++)
		if (lists[i] == list)
			return true;
	return false;
}

bool lists_used_by(const struct conf_service *s, const struct conf_list *list)
{
	return among(s->allow, s->nallow, list) ||
	       among(s->deny, s->ndeny, list);
}

static bool has_family(const struct conf_service *s, unsigned int family)
{
	for (size_t i = 0; i < s->naddrs; i++)
		if (family_index(s->addrs[i].family) == family)
			return true;
	return false;
}

bool lists_needed(const struct conf *c, const struct conf_list *list,
		  unsigned int family)
{
	for (size_t i = 0; i < c->nservices; i++) {
		const struct conf_service *s = &c->services[i];

		if (lists_used_by(s, list) && has_family(s, family))
			return true;
	}
	return false;
}

/* ---- names */

static void name_side(const struct lists *l, struct conf_list *c,
		      unsigned int family)
{
	const struct list *list = lists_entry(l, c->name);
	const struct list_side *side = list ? &list->side[family] : NULL;

	list_set_name(c->name, side ? side->base : LIST_BASE, c->set[family]);
	c->closed[family] = side && side->closed;
}

void lists_name(const struct lists *l, struct conf *conf)
{
	for (size_t i = 0; i < conf->nlists; i++)
		for (unsigned int f = 0; f < RS_FAMILIES; f++)
			name_side(l, &conf->lists[i], f);
}

void lists_stale(struct lists *l, const char *name, enum list_part part,
		 unsigned int family)
{
	char set[LIST_SET_NAME_MAX];

	*VEC_PUSH(l->stale, l->nstale, l->capstale) =
	    (struct list_name){ xstrdup(list_set_name(name, part, set)),
				family_of(family) };
}

void lists_unstale(struct lists *l, const char *set, uint8_t family)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->nstale; i++) {
		if (l->stale[i].family == family &&
		    !strcmp(l->stale[i].name, set))
			free(l->stale[i].name);
		else
			l->stale[kept++] = l->stale[i];
	}
	l->nstale = kept;
}

static void stale_forget(struct lists *l)
{
	for (size_t i = 0; i < l->nstale; i++)
		free(l->stale[i].name);
	l->nstale = 0;
}

void lists_committed(struct lists *l)
{
	for (size_t i = 0; l && i < l->nstale; i++) {
		struct err err = { "" };
		int ret = lists_delete(l->d->ruleset, l->stale[i].name,
				       l->stale[i].family, &err);

		if (ret < 0)
			log_debug("set %s stays: %s", l->stale[i].name,
				  err.msg);
	}
	if (l)
		stale_forget(l);
}

/* ---- sides */

int lists_make_side(struct lists *l, const struct list *list,
		    unsigned int family, enum list_part base,
		    const struct nets *want, struct err *err)
{
	const struct list_overlay *o = &list->overlay[family];
	const struct {
		enum list_part part;
		const struct nets *want;
	} sets[] = {
		{ base, want },
		{ LIST_ADDED, &o->added },
		{ LIST_REMOVED, &o->removed },
	};
	char name[LIST_SET_NAME_MAX];
	int ret = 0;

	for (size_t i = 0; i < 3 && ret == 0; i++) {
		list_set_name(list->name, sets[i].part, name);
		lists_unstale(l, name, family_of(family));
		ret = lists_fill(l->d->ruleset, name, family_of(family),
				 sets[i].want, err);
	}
	return ret;
}

void lists_remember(struct lists *l)
{
	struct list_finds finds = { 0 };
	char name[LIST_SET_NAME_MAX];

	lists_scan(l->d->ruleset, &finds, NULL);
	for (size_t i = 0; i < l->n; i++)
		for (unsigned int f = 0; f < RS_FAMILIES; f++) {
			struct list_side *side = &l->list[i].side[f];
			const struct list_found *found = list_find(
			    &finds,
			    list_set_name(l->list[i].name, side->base, name),
			    family_of(f));

			side->handle = found ? found->handle : 0;
		}
	list_finds_free(&finds);
}

/* Of two bases at most one is looked up by a rule, and cannot be deleted. */
static enum list_part base_in_use(struct lists *l, const char *name,
				  unsigned int family,
				  const struct list_finds *finds)
{
	char set[LIST_SET_NAME_MAX];

	for (enum list_part part = LIST_BASE; part <= LIST_BASE2; part++)
		if (list_find(finds, list_set_name(name, part, set),
			      family_of(family)) &&
		    lists_delete(l->d->ruleset, set, family_of(family), NULL) <
			0)
			return part;
	return LIST_BASE;
}

static enum list_part other_base(enum list_part part)
{
	return part == LIST_BASE ? LIST_BASE2 : LIST_BASE;
}

static bool trusted(const struct list_side *side,
		    const struct list_found *found, bool touched)
{
	return side->there && !side->closed && !touched && found &&
	       found->handle == side->handle;
}

/* The base as the kernel has it goes on serving, or an empty one stands in,
 * until the whole is loaded. */
static int load_later(struct lists *l, struct list *list, unsigned int family,
		      bool found, const struct nets *want, struct err *err)
{
	struct list_side *side = &list->side[family];
	char name[LIST_SET_NAME_MAX];
	int ret = 0;

	side->closed |= !found; /* a stand-in that is found is still one */
	if (!found)
		ret = lists_fill(l->d->ruleset,
				 list_set_name(list->name, side->base, name),
				 family_of(family), NULL, err);
	lists_job_add(l, list->name, family, other_base(side->base), want);
	return ret;
}

static int repair_side(struct lists *l, const struct conf_list *c,
		       unsigned int family, bool touched,
		       const struct list_finds *finds, struct err *err)
{
	struct list *list = lists_get(l, c->name);
	struct list_side *side = &list->side[family];
	const struct nets *want = &c->nets[family];
	const struct list_found *found;
	char name[LIST_SET_NAME_MAX];
	bool keep;
	int ret = 0;

	if (!side->there)
		side->base = base_in_use(l, c->name, family, finds);
	found = list_find(finds, list_set_name(c->name, side->base, name),
			  family_of(family));
	keep = trusted(side, found, touched);
	side->there = false;
	if (!keep && want->n > LIST_ONCE_MAX)
		ret = load_later(l, list, family, found != NULL, want, err);
	else if (!keep) {
		ret = lists_fill(l->d->ruleset, name, family_of(family), want,
				 err);
		side->closed = false;
	}
	if (ret == 0)
		ret = lists_fill(
		    l->d->ruleset, list_set_name(c->name, LIST_ADDED, name),
		    family_of(family), &list->overlay[family].added, err);
	if (ret == 0)
		ret = lists_fill(
		    l->d->ruleset, list_set_name(c->name, LIST_REMOVED, name),
		    family_of(family), &list->overlay[family].removed, err);
	side->there = ret == 0;
	return ret;
}

/* Sets that no rule will name when the next commit is over. */
static void find_stale(struct lists *l, const struct list_finds *finds)
{
	const struct conf *conf = l->d->model->conf;
	char name[LIST_SET_NAME_MAX];

	stale_forget(l);
	for (size_t i = 0; i < finds->n; i++)
		*VEC_PUSH(l->stale, l->nstale, l->capstale) =
		    (struct list_name){ xstrdup(finds->list[i].name),
					finds->list[i].family };
	for (size_t i = 0; i < conf->nlists; i++)
		for (unsigned int f = 0; f < RS_FAMILIES; f++) {
			const struct conf_list *c = &conf->lists[i];

			if (!lists_needed(conf, c, f))
				continue;
			lists_unstale(l, c->set[f], family_of(f));
			lists_unstale(l,
				      list_set_name(c->name, LIST_ADDED, name),
				      family_of(f));
			lists_unstale(
			    l, list_set_name(c->name, LIST_REMOVED, name),
			    family_of(f));
		}
	for (size_t i = 0; i < l->njobs; i++)
		lists_unstale(
		    l, list_set_name(l->jobs[i].name, l->jobs[i].part, name),
		    family_of(l->jobs[i].family));
}

static bool all_good(const struct list_finds *finds)
{
	for (size_t i = 0; i < finds->n; i++)
		if (!finds->list[i].good)
			return false;
	return true;
}

/* What is in the kernel; tables with sets of another form are not ours. */
static int look(struct lists *l, struct list_finds *finds, struct err *err)
{
	struct ruleset *rs = l->d->ruleset;
	int ret = lists_scan(rs, finds, err);

	if (ret < 0 || all_good(finds))
		return ret;
	ret = ruleset_flush(rs, err);
	if (ret == 0)
		ret = ruleset_scan(rs, err);
	return ret < 0 ? ret : lists_scan(rs, finds, err);
}

/* Sides that no service needs any more. */
static void forget_sides(struct lists *l, const struct conf *conf)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct conf_list *c = lists_conf(conf, l->list[i].name);

		for (unsigned int f = 0; f < RS_FAMILIES; f++)
			if (!c || !lists_needed(conf, c, f))
				l->list[i].side[f] = (struct list_side){ 0 };
	}
}

static int repair_sides(struct lists *l, const struct list_finds *finds,
			bool touched, struct err *err)
{
	const struct conf *conf = l->d->model->conf;
	int ret = 0;

	forget_sides(l, conf);
	for (size_t i = 0; i < conf->nlists && ret == 0; i++)
		for (unsigned int f = 0; f < RS_FAMILIES && ret == 0; f++)
			if (lists_needed(conf, &conf->lists[i], f))
				ret = repair_side(l, &conf->lists[i], f,
						  touched, finds, err);
	return ret;
}

int lists_repair(struct lists *l, struct err *err)
{
	static const struct err changed = { "somebody changed our tables "
					    "meanwhile; try again" };
	struct list_finds finds = { 0 };
	bool touched;
	int ret;

	if (!l)
		return 0;
	touched = ruleset_lists_touched(l->d->ruleset);
	lists_jobs_drop(l);
	if (l->conf)
		lists_stage_over(l, -EAGAIN, &changed);
	ret = look(l, &finds, err);
	if (ret == 0)
		ret = repair_sides(l, &finds, touched, err);
	if (ret == 0) {
		lists_name(l, l->d->model->conf);
		find_stale(l, &finds);
		if (!l->started)
			ret = lists_jobs_run(l, err);
	}
	if (ret == 0) {
		lists_remember(l);
		lists_jobs_start(l);
		l->started = true;
	}
	list_finds_free(&finds);
	return ret;
}

void lists_flushed(struct lists *l)
{
	static const struct err flushed = { "the tables were flushed" };

	if (!l)
		return;
	lists_jobs_drop(l);
	if (l->conf)
		lists_stage_over(l, -EAGAIN, &flushed);
	for (size_t i = 0; i < l->n; i++)
		memset(l->list[i].side, 0, sizeof(l->list[i].side));
	stale_forget(l);
}

/* ---- open, close, questions */

struct lists *lists_open(struct daemon *d)
{
	struct lists *l = xcalloc(1, sizeof(*l));

	l->d = d;
	lists_jobs_init(l);
	lists_name(l, d->model->conf);
	l->keep = list_keep_open(l);
	return l;
}

void lists_close(struct lists *l)
{
	if (!l)
		return;
	lists_jobs_drop(l);
	if (l->conf)
		lists_stage_over(l, -EAGAIN, &(struct err){ "" });
	list_keep_close(l->keep);
	stale_forget(l);
	for (size_t i = 0; i < l->n; i++) {
		free(l->list[i].name);
		for (unsigned int f = 0; f < RS_FAMILIES; f++)
			overlay_free(&l->list[i].overlay[f]);
	}
	free(l->list);
	free(l->jobs);
	free(l->stale);
	free(l->stages);
	free(l);
}

const struct list_overlay *lists_overlay(const struct lists *l,
					 const char *name, unsigned int family)
{
	const struct list *list = l ? lists_entry(l, name) : NULL;

	return list ? &list->overlay[family] : NULL;
}

bool lists_loading(const struct lists *l, const char *name)
{
	for (size_t i = 0; l && i < l->njobs; i++)
		if (!strcmp(l->jobs[i].name, name))
			return true;
	return false;
}
