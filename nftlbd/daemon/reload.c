/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reload: parse and check aside, make the candidate model, plan, ask the kernel
 * whether it would take it, commit, adopt. Until the kernel has taken the plan
 * everything that runs is the old; then everything is the new. Where large
 * lists have to be loaded that is done before, piece by piece, and the reload
 * goes on when they are in.
 */
#include "daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/committer.h"
#include "daemon/full.h"
#include "daemon/health.h"
#include "daemon/lists.h"
#include "daemon/load.h"
#include "daemon/members.h"
#include "daemon/paths.h"
#include "daemon/persist.h"
#include "daemon/revisions.h"
#include "lib/xalloc.h"
#include "model/full.h"
#include "model/step.h"
#include "revisions/place.h"

/* No dry run before: what packets meet is one transaction, and one that the
 * kernel refuses has changed nothing. One repeat with the whole, for somebody
 * may have been in our tables since we last looked. */
static int commit_candidate(struct daemon *d, struct model *candidate,
			    const char *why, struct err *err)
{
	int ret = committer_whole(d, candidate, COMMIT_DIRTY, why, err);

	if (ret == 0)
		return 0;
	model_mark_all_dirty(candidate);
	full_doubt(candidate);
	ret = ruleset_scan(d->ruleset, err);
	if (ret == 0)
		ret = committer_whole(d, candidate, COMMIT_ALL, why, err);
	return ret;
}

static void adopt(struct daemon *d, struct model *candidate)
{
	struct model *old = d->model;

	d->model = candidate;
	d->flushed = false;
	committer_adopted(d);
	lists_adopt(d->lists);
	paths_adopt(d->paths);
	api_adopt(d->api);
	if (!d->verbose)
		log_set_level(candidate->conf->log_level);
	health_sync(d->health);
	full_sync(d->full);
	if (d->load)
		load_sync(d->load);
	persist_snapshot(d->persist, candidate);
	model_free(old);
}

struct reload {
	struct author who;
	char *token; /* who.token: a connection may end before we do */
	enum revision_cause cause;
	char *member; /* NULL = it is a revision */
	struct conf_file *files;
	size_t nfiles;
	bool exact;
	uint32_t confirm_ms;
	uint64_t back_to;
	struct place *place; /* the files, ready to be put there; NULL = none */
	struct conf *conf;   /* the candidate's */
	struct reload_waiter *waiter;
	/* Where the time goes: operators of large files want to know. */
	double parse_ms, commit_ms; /* file to candidate; plan and kernel */
};

static struct reload *reload_new(const struct author *who,
				 const struct reload_change *c)
{
	struct reload *r = xcalloc(1, sizeof(*r));

	r->who = *who;
	r->token = who->token ? xstrdup(who->token) : NULL;
	r->who.token = r->token;
	r->cause = c->cause;
	r->member = c->member ? xstrdup(c->member) : NULL;
	r->exact = c->exact;
	r->confirm_ms = c->confirm_ms;
	r->back_to = c->back_to;
	r->nfiles = c->nfiles;
	r->files = c->nfiles ? xcalloc(c->nfiles, sizeof(*r->files)) : NULL;
	for (size_t i = 0; i < r->nfiles; i++)
		conf_file_copy(&r->files[i], &c->files[i]);
	return r;
}

static void reload_free(struct reload *r)
{
	place_free(r->place);
	conf_files_free(r->files, r->nfiles);
	free(r->member);
	free(r->token);
	free(r);
}

static const char *kind(const struct reload *r)
{
	return r->member ? "pool"
	       : r->cause == CAUSE_PUT
		   ? "apply"
		   : word_text(revision_cause_words, (int)r->cause);
}

static double ms_since(ev_tstamp then)
{
	return (ev_time() - then) * 1e3;
}

/* ---- what is on disk changes along with the kernel */

static bool is_other(const struct daemon *d, const struct reload *r)
{
	return record_sum(r->conf->texts, r->conf->ntexts) !=
	       revisions_sum(d->revisions);
}

static int wait_for_confirm(struct daemon *d, const struct reload *r,
			    struct err *err)
{
	const struct pending p = {
		.back_to = r->back_to,
		.deadline_ms = revisions_now_ms() + (int64_t)r->confirm_ms,
		.confirm_ms = r->confirm_ms,
		.uid = r->who.uid,
		.token = r->token,
	};

	/* what changes nothing needs no confirm */
	return r->confirm_ms && is_other(d, r)
		   ? revisions_wait(d->revisions, &p, err)
		   : 0;
}

/* Before the commit: a disk that refuses is found out while nothing has
 * happened yet. What is pending is on disk before its files are. */
static int disk_change(struct daemon *d, struct reload *r, struct err *err)
{
	bool undone = r->cause == CAUSE_UNDONE;
	struct err why;
	int ret = members_save(d->members, err);

	if (ret == 0 && r->nfiles && (undone || r->cause == CAUSE_ROLLBACK))
		revisions_keep_edits(d, r->files, r->nfiles);
	if (ret == 0 && r->nfiles)
		ret = place_prepare(&r->place, r->files, r->nfiles, err);
	if (ret == 0)
		ret = wait_for_confirm(d, r, err);
	if (ret == 0 && r->place)
		ret = place_swap(r->place, err);
	/* whose fault it is, words say: a client's it is not */
	if (ret < 0 && ret != -ENOSPC && ret != -EDQUOT)
		ret = -EROFS;
	if (ret < 0 && undone) { /* what serves matters more */
		daemon_event(d, "undone", NULL, NULL, NULL, NULL,
			     "what is on disk is not what runs, and a restart "
			     "would take it up: %s",
			     err->msg);
		return 0;
	}
	if (ret < 0 && r->confirm_ms)
		revisions_waited(d->revisions);
	if (ret < 0) {
		why = *err;
		err_set(err, ret, "%s; nothing was changed", why.msg);
	}
	return ret;
}

static void disk_back(struct daemon *d, struct reload *r)
{
	struct err err = { "" };

	if (r->place && place_back(r->place, &err) < 0)
		daemon_event(d, kind(r), NULL, NULL, NULL, NULL,
			     "refused, but what is on disk is not what runs: "
			     "%s",
			     err.msg);
	if (r->confirm_ms)
		revisions_waited(d->revisions);
}

static void drop_candidate(struct daemon *d, struct reload *r)
{
	lists_unstage(d->lists);
	members_unstage(d->members);
	conf_free(r->conf);
}

/* All is in effect. */
static void settle(struct daemon *d, struct reload *r, struct changes *changes)
{
	if (!r->member) {
		if (r->cause == CAUSE_ROLLBACK || r->cause == CAUSE_UNDONE)
			revisions_waited(d->revisions);
		revisions_accept(d, &r->who, r->cause);
	}
	members_adopt(d);
	daemon_changes(d, changes);
	health_catch_up(d->health);
}

/* From the candidate's sets being there to the end; takes r->conf. */
static int finish(struct daemon *d, struct reload *r, struct err *err)
{
	ev_tstamp start = ev_time();
	struct changes changes = { 0 };
	struct model *candidate;
	int ret = api_stage(d->api, r->conf, err);

	if (ret == 0) {
		ret = disk_change(d, r, err);
		if (ret < 0)
			api_unstage(d->api);
	}
	if (ret < 0) {
		drop_candidate(d, r);
		return ret;
	}
	candidate = model_new(r->conf, d->model);
	paths_stage(d->paths, candidate);
	step_begin(candidate, daemon_now_ms(), &changes);
	lists_stage_marks(d->lists, candidate);
	if (d->flushed) /* there is nothing that the rest could be left as */
		model_mark_all_dirty(candidate);
	r->parse_ms += ms_since(start);
	start = ev_time();
	ret = commit_candidate(d, candidate, kind(r), err);
	r->commit_ms = ms_since(start);
	if (ret < 0) {
		changes_free(&changes);
		disk_back(d, r);
		lists_unstage(d->lists);
		members_unstage(d->members);
		paths_unstage(d->paths);
		api_unstage(d->api);
		model_free(candidate);
		/* The scan may have shown damage: repair to the old model. */
		committer_retry(d->committer, err);
		return ret;
	}
	adopt(d, candidate);
	settle(d, r, &changes);
	return 0;
}

static void report(struct daemon *d, const struct reload *r, int ret,
		   const struct err *err)
{
	char pending[PENDING_WORDS], who[AUTHOR_MAX];

	if (ret < 0 && r->member) /* who asked has the answer */
		return;
	/* one that was not tried says nothing of the file */
	if (ret == -EALREADY || ret == -EAGAIN) {
		daemon_event(d, kind(r), NULL, NULL, NULL, NULL, "refused: %s",
			     err->msg);
		return;
	}
	d->last_reload_ok = ret == 0;
	if (ret < 0)
		d->observed.reloads_refused++;
	else
		d->observed.reloads++;
	if (ret < 0) {
		snprintf(d->last_error, sizeof(d->last_error), "%s: %s",
			 kind(r), err->msg);
		daemon_event(d, kind(r), NULL, NULL, NULL, NULL,
			     "refused, nothing was changed: %s", err->msg);
		return;
	}
	d->observed.reloaded = ev_time();
	d->last_error[0] = '\0';
	revisions_pending_words(d, pending);
	daemon_event(d, kind(r), NULL, NULL, NULL, NULL,
		     "%s%srevision=%llu services=%zu %s parse=%.1fms "
		     "commit=%.1fms%s%s",
		     r->member ? r->member : "", r->member ? "; " : "",
		     (unsigned long long)d->revision, d->model->nservices,
		     author_text(&r->who, who) + strlen("operator "),
		     r->parse_ms, r->commit_ms, pending[0] ? "; " : "",
		     pending);
}

/* ---- one that had to wait for lists */

static void staged(struct daemon *d, int ret, const struct err *why)
{
	struct reload *r = d->reload;
	struct reload_waiter *w = r->waiter;
	struct err err = { "" };

	d->reload = NULL;
	if (ret == 0) {
		ret = finish(d, r, &err);
	} else {
		err = *why;
		drop_candidate(d, r);
	}
	report(d, r, ret, &err);
	if (w) {
		w->reload = NULL;
		w->done(w, ret, &err);
	}
	reload_free(r);
}

void daemon_reload_wait(struct daemon *d, struct reload_waiter *w)
{
	d->reload->waiter = w;
	w->reload = d->reload;
}

void daemon_reload_leave(struct reload_waiter *w)
{
	if (w->reload)
		w->reload->waiter = NULL;
	w->reload = NULL;
}

/* ---- */

/* What was applied and not confirmed is not built upon. */
static int check_pending(const struct daemon *d, const struct reload *r,
			 struct err *err)
{
	char words[PENDING_WORDS];

	if (!revisions_pending(d->revisions) || r->member ||
	    r->cause == CAUSE_UNDONE ||
	    (r->cause == CAUSE_ROLLBACK && !r->confirm_ms))
		return 0;
	return err_set(err, -EALREADY,
		       "%s; confirm it, or roll it back, before anything else",
		       revisions_pending_words(d, words));
}

/* Files that patterns of `include` find, and that are not of the revision. */
static int check_strays(const struct reload *r, struct err *err)
{
	for (size_t i = 0; i < r->conf->ntexts; i++) {
		const char *path = r->conf->texts[i].path;
		size_t k = 0;

		while (k < r->nfiles && strcmp(r->files[k].path, path) != 0)
			k++;
		if (r->cause == CAUSE_ROLLBACK && k == r->nfiles)
			return err_set(err, -EBUSY,
				       "%s is not of that revision, and would "
				       "be read: move it away; nothing was "
				       "changed",
				       path);
	}
	return 0;
}

static struct conf_source source_of(const struct daemon *d,
				    const struct reload *r)
{
	struct conf_source s = { .files = r->files,
				 .nfiles = r->nfiles,
				 .only = r->exact };

	if (r->member) {
		s.files = revisions_texts(d->revisions, &s.nfiles);
		s.only = true;
		s.lists = d->model->conf;
	}
	return s;
}

static int begin(struct daemon *d, struct reload *r, struct conf_errors *errors,
		 struct err *err)
{
	ev_tstamp start = ev_time();
	struct conf_source source;
	int ret;

	if (d->reload)
		return err_set(err, -EAGAIN,
			       "a reload is under way that loads large lists");
	ret = check_pending(d, r, err);
	if (ret < 0)
		return ret;
	source = source_of(d, r);
	ret = reload_load(d, d->conf_path, &source, &r->conf, errors, err);
	if (ret < 0)
		return ret;
	r->parse_ms = ms_since(start);
	ret = check_strays(r, err);
	if (ret == 0)
		ret = lists_stage(d->lists, r->conf, staged, err);
	if (ret < 0)
		conf_free(r->conf);
	return ret == 0 ? finish(d, r, err) : ret;
}

int daemon_change(struct daemon *d, const struct author *who,
		  const struct reload_change *c, struct conf_errors *errors,
		  struct err *err)
{
	struct reload *r = reload_new(who, c);
	int ret = begin(d, r, errors, err);

	for (size_t i = 0; i < errors->n && !r->member; i++)
		log_error("%s:%u: %s", errors->list[i].file,
			  errors->list[i].line, errors->list[i].text);
	if (ret == 1) {
		d->reload = r;
		return 1;
	}
	if (ret < 0 && r->member)
		members_unstage(d->members);
	report(d, r, ret, err);
	reload_free(r);
	return ret;
}

int daemon_reload(struct daemon *d, const struct author *who,
		  struct conf_errors *errors, struct err *err)
{
	const struct reload_change c = { .cause = CAUSE_RELOAD };

	return daemon_change(d, who, &c, errors, err);
}
