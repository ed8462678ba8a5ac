/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of the configuration, what the operator changed of them, and the
 * sets in the kernel that hold them (rulesets/lists.h).
 *
 * A base that is large and new is loaded piece by piece from the event loop,
 * 30 to 100 ms each, with everything else in between. Until it is in, the old
 * one is in use; where there is none (somebody flushed the tables) nobody is
 * let in by services that need it.
 */
#ifndef NFTLB_DAEMON_LISTS_H
#define NFTLB_DAEMON_LISTS_H

#include "config/conf.h"
#include "daemon/daemon.h"
#include "daemon/lists_overlay.h"

struct lists;

/** lists_open() - read the operator's changes from state-dir; nothing is in the
 * kernel yet. Never NULL. */
struct lists *lists_open(struct daemon *d);
void lists_close(struct lists *l);

/* ---- for the committer */

/**
 * lists_repair() - after a scan: see to it that every set is there that a
 * service's rule will name, and name them in d->model->conf
 * Sets that cannot be trusted are written anew: small ones at once, large ones
 * piece by piece (the first time in the daemon's life: at once).
 */
int lists_repair(struct lists *l, struct err *err);
/** lists_committed() - rules were: sets that none names any more may go */
void lists_committed(struct lists *l);
/** lists_flushed() - our tables were deleted, and stay away */
void lists_flushed(struct lists *l);

/* ---- for a reload: stage, commit the rules, then adopt or unstage */

/* Called once if lists_stage() returned 1; @ret: 0, or -errno with words. */
typedef void lists_staged_fn(struct daemon *d, int ret, const struct err *err);

/**
 * lists_stage() - have all sets that rules from @conf need, beside those in use
 * Their names are put into @conf, which must stay until the reload is over.
 * Return: 0; 1: it takes a while, @done is called then; -EAGAIN: something is
 * being loaded already; other -errno: nothing was changed.
 */
int lists_stage(struct lists *l, struct conf *conf, lists_staged_fn *done,
		struct err *err);
/** lists_stage_marks() - mark services dirty whose sets are others than before
 * @m: the model of the staged configuration */
void lists_stage_marks(const struct lists *l, struct model *m);
/** lists_adopt() - the rules are in: d->model has the staged configuration */
void lists_adopt(struct lists *l);
void lists_unstage(struct lists *l);
/** lists_try() - as ruleset_try(), with the sets of @conf that are missing */
int lists_try(struct lists *l, const struct conf *conf, const struct plan *p,
	      struct err *err);
/** lists_name() - put the names of the sets in use into @conf; @l may be NULL
 */
void lists_name(const struct lists *l, struct conf *conf);

/* ---- for the operator */

#define LISTS_EDIT_MAX 16384u /* entries in one change */
/* Ranges of a list that are not as its files say. A repair writes them in one
 * transaction, whose time grows faster than they do. */
#define LISTS_CHANGED_MAX 32768u

/* Entries to put in and to take out, in this order. */
struct list_edit {
	struct net_range *add, *remove;
	size_t nadd, nremove;
};

/**
 * lists_edit() - all of it or nothing; kept in state-dir
 * Return: 0; -ENOENT: no such list; -EINVAL: too much would be changed by then;
 * the kernel's -errno.
 */
int lists_edit(struct lists *l, const struct author *who, const char *name,
	       const struct list_edit *edit, struct err *err);

/** lists_overlay() - what was changed of list @name; NULL: nothing ever */
const struct list_overlay *lists_overlay(const struct lists *l,
					 const char *name, unsigned int family);
/** lists_used_by() - does the service allow or deny who is on @list? */
bool lists_used_by(const struct conf_service *s, const struct conf_list *list);
/** lists_loading() - is the list not all in the kernel yet? */
bool lists_loading(const struct lists *l, const char *name);

#endif
