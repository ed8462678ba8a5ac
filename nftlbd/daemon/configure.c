/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is applied with a confirm is undone unless somebody says that it stays:
 * by a timer while the daemon lives, and at its start where the time went by
 * meanwhile. The time is the wall clock's, looked at each second.
 */
#include "daemon/configure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/members.h"
#include "daemon/reload.h"
#include "daemon/revisions.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "revisions/place.h"

#define LOOK_S  1.  /* so often the clock is looked at */
#define RETRY_S 10. /* after an undo that failed */

/* ---- what was */

static bool has(const struct conf_file *list, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].path, path))
			return true;
	return false;
}

/* All files of @rev, and that those of @now beside them go away. The result
 * points into both. */
static struct conf_file *restore_set(const struct revision *rev,
				     const struct conf_file *now, size_t nnow,
				     size_t *n)
{
	struct conf_file *set = xcalloc(rev->nfiles + nnow, sizeof(*set));

	*n = rev->nfiles;
	memcpy(set, rev->files, rev->nfiles * sizeof(*set));
	for (size_t i = 0; i < nnow; i++)
		if (!has(rev->files, rev->nfiles, now[i].path))
			set[(*n)++] = (struct conf_file){ .path = now[i].path };
	return set;
}

/* A revision that is of our main file. */
static int revision_get(const struct daemon *d, uint64_t number,
			struct revision *rev, struct err *err)
{
	int ret = revisions_read(d->revisions, number, rev, err);

	if (ret < 0 || !strcmp(rev->files[0].path, d->conf_path))
		return ret;
	err_set(err, -EBUSY, "revision %" PRIu64 " is of %s, not of %s", number,
		rev->files[0].path, d->conf_path);
	revision_free(rev);
	return -EBUSY;
}

static int restore(struct daemon *d, const struct author *who,
		   enum revision_cause cause, uint64_t number,
		   uint32_t confirm_ms, struct conf_errors *errors,
		   struct err *err)
{
	struct reload_change c = { .cause = cause,
				   .exact = cause == CAUSE_UNDONE,
				   .confirm_ms = confirm_ms,
				   .back_to = d->revision };
	const struct conf_file *now;
	struct conf_file *set;
	struct revision rev;
	size_t n;
	int ret = revision_get(d, number, &rev, err);

	if (ret < 0)
		return ret;
	now = revisions_texts(d->revisions, &n);
	c.files = set = restore_set(&rev, now, n, &c.nfiles);
	ret = daemon_change(d, who, &c, errors, err);
	free(set);
	revision_free(&rev);
	return ret;
}

/* ---- the time that a confirm has */

static void look_later(struct daemon *d, double after_s)
{
	ev_timer_stop(d->loop, &d->confirm);
	ev_timer_set(&d->confirm, after_s, 0.);
	ev_timer_start(d->loop, &d->confirm);
}

static void undo(struct daemon *d)
{
	const struct pending *p = revisions_pending(d->revisions);
	char *token = p->token ? xstrdup(p->token) : NULL;
	const struct author who = { .uid = p->uid, .token = token };
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	int ret = restore(d, &who, CAUSE_UNDONE, p->back_to, 0, &errors, &err);

	conf_errors_free(&errors);
	free(token);
	if (ret == -ENOENT || ret == -EBADMSG) {
		daemon_event(d, "undone", NULL, NULL, NULL, NULL,
			     "not undone: %s; the configuration stays",
			     err.msg);
		revisions_waited(d->revisions);
	} else if (ret != 0) {
		look_later(d, ret == 1 || ret == -EAGAIN ? LOOK_S : RETRY_S);
	}
}

static void confirm_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon *d = w->data;
	const struct pending *p = revisions_pending(d->revisions);
	int64_t left = p ? pending_left_ms(p, revisions_now_ms()) : 0;

	if (!p)
		return;
	if (left == 0)
		undo(d);
	else
		look_later(d, left < 1000 ? (double)left / 1e3 : LOOK_S);
}

static void count_down(struct daemon *d)
{
	if (revisions_pending(d->revisions) && !ev_is_active(&d->confirm))
		look_later(d, 0.);
}

/* ---- commands */

static bool file_says(const char *path, const char *text, size_t len)
{
	size_t n = 0;
	char *now = conf_file_read(path, &n);
	bool same = now && n == len && !memcmp(now, text, len);

	free(now);
	return same;
}

static int check_back(const struct daemon *d, uint32_t confirm_ms,
		      struct err *err)
{
	return confirm_ms && !d->revision
		   ? err_set(err, -EBUSY,
			     "what is in effect could not be kept, so nothing "
			     "could come back; nothing was changed")
		   : 0;
}

int command_config_apply(struct daemon *d, const struct author *who,
			 enum revision_cause cause, const char *text,
			 size_t len, uint32_t confirm_ms,
			 struct conf_errors *errors, struct err *err)
{
	const struct conf_file file = { (char *)d->conf_path, (char *)text,
					len };
	const struct reload_change c = { .cause = cause,
					 .files = &file,
					 .nfiles = 1,
					 .confirm_ms = confirm_ms,
					 .back_to = d->revision };
	const struct conf_file *now;
	size_t n;
	int ret = check_back(d, confirm_ms, err);

	if (ret < 0)
		return ret;
	now = revisions_texts(d->revisions, &n);
	if (n && !file_says(d->conf_path, now[0].text, now[0].len) &&
	    !file_says(d->conf_path, text, len) &&
	    access(d->conf_path, F_OK) == 0)
		return err_set(err, -EBUSY,
			       "%s was edited, and that was never loaded: "
			       "reload it, or apply that file; nothing was "
			       "changed",
			       d->conf_path);
	ret = daemon_change(d, who, &c, errors, err);
	count_down(d);
	return ret;
}

int command_config_rollback(struct daemon *d, const struct author *who,
			    uint64_t number, uint32_t confirm_ms,
			    struct conf_errors *errors, struct err *err)
{
	const struct pending *p = revisions_pending(d->revisions);
	int ret = check_back(d, confirm_ms, err);

	if (ret < 0)
		return ret;
	if (!number)
		number = p ? p->back_to : revisions_before(d->revisions);
	if (!number)
		return err_set(err, -ENOENT,
			       "there is no revision before this one");
	ret = restore(d, who, CAUSE_ROLLBACK, number, confirm_ms, errors, err);
	count_down(d);
	return ret;
}

int command_config_confirm(struct daemon *d, const struct author *who,
			   struct err *err)
{
	char words[AUTHOR_MAX];

	if (!revisions_pending(d->revisions))
		return err_set(err, -EBUSY, "nothing waits for a confirm");
	revisions_waited(d->revisions);
	daemon_event(d, "confirm", NULL, NULL, NULL, NULL,
		     "revision %" PRIu64 " stays; %s", d->revision,
		     author_text(who, words));
	return 0;
}

/* ---- the start */

/* @conf by another source, or as it is where that is bad. */
static struct conf *load_other(const struct daemon *d, struct conf *conf,
			       const struct conf_source *source,
			       const char *what)
{
	struct conf_errors errors = { 0 };
	struct conf *other = NULL;

	if (conf_load_from(d->conf_path, source, &other, &errors) == 0) {
		conf_free(conf);
		return other;
	}
	log_error("%s cannot be taken up, what is in the files serves:", what);
	for (size_t i = 0; i < errors.n; i++)
		log_error("%s:%u: %s", errors.list[i].file, errors.list[i].line,
			  errors.list[i].text);
	conf_errors_free(&errors);
	return conf;
}

/* Its time was over before the daemon was back. */
static struct conf *undo_first(struct daemon *d, struct conf *conf)
{
	const struct pending *p = revisions_pending(d->revisions);
	struct conf_source source = { .only = true };
	struct conf_file *set;
	struct revision rev;
	struct err err = { "" };
	struct conf *old;

	if (revision_get(d, p->back_to, &rev, &err) < 0) {
		log_error("what was not confirmed stays: %s", err.msg);
		return conf;
	}
	set = restore_set(&rev, conf->texts, conf->ntexts, &source.nfiles);
	source.files = set;
	d->restore = xcalloc(source.nfiles, sizeof(*d->restore));
	d->nrestore = source.nfiles;
	for (size_t i = 0; i < source.nfiles; i++)
		conf_file_copy(&d->restore[i], &set[i]);
	old = load_other(d, conf, &source, "what was before an apply");
	if (old == conf) {
		conf_files_free(d->restore, d->nrestore);
		d->restore = NULL;
		d->nrestore = 0;
	}
	free(set);
	revision_free(&rev);
	return old;
}

static struct conf *with_members(struct daemon *d, struct conf *conf)
{
	struct conf_source source = { .files = conf->texts,
				      .nfiles = conf->ntexts,
				      .only = true,
				      .lists = conf };

	members_source(d->members, &source);
	return source.nmembers
		   ? load_other(d, conf, &source, "members of dynamic pools")
		   : conf;
}

struct conf *configure_first(struct daemon *d, struct conf *conf)
{
	const struct pending *p;

	d->revisions = revisions_open(conf->state_dir);
	d->members = members_open(conf->state_dir);
	p = revisions_pending(d->revisions);
	if (p && pending_left_ms(p, revisions_now_ms()) == 0)
		conf = undo_first(d, conf);
	return with_members(d, conf);
}

static void put_back(struct daemon *d)
{
	struct place *place = NULL;
	struct err err = { "" };

	revisions_keep_edits(d, d->restore, d->nrestore);
	if (place_prepare(&place, d->restore, d->nrestore, &err) < 0 ||
	    place_swap(place, &err) < 0)
		daemon_event(d, "undone", NULL, NULL, NULL, NULL,
			     "what is on disk is not what runs, and a reload "
			     "would take it up: %s",
			     err.msg);
	place_free(place);
	conf_files_free(d->restore, d->nrestore);
	d->restore = NULL;
}

void configure_start(struct daemon *d)
{
	const struct pending *p = revisions_pending(d->revisions);
	struct author who = { .uid = getuid(), .pid = getpid() };
	bool over = p && pending_left_ms(p, revisions_now_ms()) == 0;
	bool undone = d->restore != NULL;
	char *token = p && p->token ? xstrdup(p->token) : NULL;

	if (undone) {
		who.uid = p->uid;
		who.token = token;
		put_back(d);
	}
	if (over)
		revisions_waited(d->revisions);
	revisions_accept(d, &who, undone ? CAUSE_UNDONE : CAUSE_START);
	members_adopt(d);
	if (undone)
		daemon_event(d, "undone", NULL, NULL, NULL, NULL,
			     "nobody confirmed in time: revision=%" PRIu64
			     " is what was before",
			     d->revision);
	else if (over)
		daemon_event(d, "undone", NULL, NULL, NULL, NULL,
			     "not undone, what was before cannot be taken up: "
			     "the configuration stays");
	free(token);
	ev_init(&d->confirm, confirm_cb);
	d->confirm.data = d;
	count_down(d);
}

void configure_stop(struct daemon *d)
{
	if (d->loop)
		ev_timer_stop(d->loop, &d->confirm);
	conf_files_free(d->restore, d->nrestore);
	revisions_close(d->revisions);
	members_close(d->members);
}
