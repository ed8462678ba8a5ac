/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/revisions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "revisions/diff.h"
#include "revisions/write.h"

struct revisions {
	char *state_dir;
	struct store *store;
	struct conf_file *texts; /* in effect */
	size_t ntexts;
	uint64_t sum;
	struct pending pending; /* deadline_ms 0 = nothing is */
};

int64_t revisions_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct revisions *revisions_open(const char *state_dir)
{
	struct revisions *r = xcalloc(1, sizeof(*r));
	struct err err = { "" };

	r->state_dir = xstrdup(state_dir);
	r->store = store_open(state_dir);
	if (pending_load(state_dir, &r->pending, &err) < 0)
		log_error("%s: what had to be confirmed is not known any more; "
			  "the configuration stays",
			  err.msg);
	return r;
}

void revisions_close(struct revisions *r)
{
	if (!r)
		return;
	store_close(r->store);
	conf_files_free(r->texts, r->ntexts);
	pending_free(&r->pending);
	free(r->state_dir);
	free(r);
}

const struct revision *revisions_list(const struct revisions *r, size_t *n)
{
	*n = 0;
	return r ? store_list(r->store, n) : NULL;
}

int revisions_read(const struct revisions *r, uint64_t number,
		   struct revision *out, struct err *err)
{
	*out = (struct revision){ 0 };
	return r ? store_read(r->store, number, out, err)
		 : err_set(err, -ENOENT, "no revision is kept");
}

const struct conf_file *revisions_texts(const struct revisions *r, size_t *n)
{
	*n = r ? r->ntexts : 0;
	return r ? r->texts : NULL;
}

uint64_t revisions_sum(const struct revisions *r)
{
	return r ? r->sum : 0;
}

/* What is in effect may not be kept: then it is the newest one. */
uint64_t revisions_before(const struct revisions *r)
{
	size_t n;
	const struct revision *list = revisions_list(r, &n);

	while (n && list[n - 1].sum == r->sum)
		n--;
	return n ? list[n - 1].number : 0;
}

/* ---- what has to be confirmed */

const struct pending *revisions_pending(const struct revisions *r)
{
	return r && r->pending.deadline_ms ? &r->pending : NULL;
}

const char *revisions_pending_words(const struct daemon *d,
				    char words[PENDING_WORDS])
{
	const struct pending *p = revisions_pending(d->revisions);

	words[0] = '\0';
	if (p)
		snprintf(
		    words, PENDING_WORDS,
		    "revision %" PRIu64
		    " waits for a confirm, %lld s left, then revision %" PRIu64
		    " comes back",
		    d->revision,
		    (long long)(pending_left_ms(p, revisions_now_ms()) + 999) /
			1000,
		    p->back_to);
	return words;
}

int revisions_wait(struct revisions *r, const struct pending *p,
		   struct err *err)
{
	int ret = pending_save(r->state_dir, p, err);

	if (ret < 0)
		return ret;
	pending_free(&r->pending);
	r->pending = *p;
	r->pending.token = p->token ? xstrdup(p->token) : NULL;
	return 0;
}

void revisions_waited(struct revisions *r)
{
	struct err err = { "" };

	if (!revisions_pending(r))
		return;
	pending_free(&r->pending);
	if (pending_remove(r->state_dir, &err) < 0)
		log_error("%s: a restart would take it for pending still",
			  err.msg);
}

/* ---- what is in effect */

static const struct conf_file *text_of(const struct conf_file *list, size_t n,
				       const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].path, path))
			return &list[i];
	return NULL;
}

/* Lines that are other than in the one before. */
static void count_lines(const struct revisions *r, struct revision *rev)
{
	const struct revision *last = store_last(r->store);
	struct diff_count count = { 0 };
	struct revision before = { 0 };
	struct err err;

	if (r->texts)
		diff_files(r->texts, r->ntexts, rev->files, rev->nfiles, NULL,
			   &count);
	else if (last && store_read(r->store, last->number, &before, &err) == 0)
		diff_files(before.files, before.nfiles, rev->files, rev->nfiles,
			   NULL, &count);
	revision_free(&before);
	rev->added = count.added;
	rev->removed = count.removed;
}

void revisions_accept(struct daemon *d, const struct author *who,
		      enum revision_cause cause)
{
	struct revisions *r = d->revisions;
	struct conf *c = d->model->conf;
	const struct pending *p = revisions_pending(r);
	struct err err = { "" };
	struct revision rev = { .time_ms = revisions_now_ms(),
				.uid = who->uid,
				.token = (char *)who->token,
				.cause = cause,
				.files = c->texts,
				.nfiles = c->ntexts };
	int ret;

	count_lines(r, &rev);
	ret = store_add(r->store, &rev, c->revisions_kept, p ? p->back_to : 0,
			&err);
	d->revision = ret < 0 ? 0 : rev.number;
	conf_files_free(r->texts, r->ntexts);
	r->texts = c->texts;
	r->ntexts = c->ntexts;
	r->sum = rev.sum;
	c->texts = NULL;
	c->ntexts = 0;
	if (ret < 0)
		daemon_event(d, "revision", NULL, NULL, NULL, NULL,
			     "the configuration is in effect, and could not be "
			     "kept: %s",
			     err.msg);
}

static bool says(const struct conf_file *f, const char *text, size_t len)
{
	return f && f->text && f->len == len && !memcmp(f->text, text, len);
}

static void keep_edit(struct daemon *d, const char *file, const char *text,
		      size_t len)
{
	const struct write_part part = { text, len };
	struct err err = { "" };
	char *path = xasprintf(
	    "%s/" STORE_DIR "/edited-%lld-%s", d->revisions->state_dir,
	    (long long)revisions_now_ms(), strrchr(file, '/') + 1);

	if (write_replace(path, &part, 1, &err) == 0)
		daemon_event(d, "revision", NULL, NULL, NULL, NULL,
			     "%s was edited and never loaded: what it said is "
			     "in %s",
			     file, path);
	else
		log_warning("%s was edited and never loaded, and that is lost: "
			    "%s",
			    file, err.msg);
	free(path);
}

void revisions_keep_edits(struct daemon *d, const struct conf_file *files,
			  size_t n)
{
	const struct revisions *r = d->revisions;
	const struct revision *last = store_last(r->store);
	struct revision loaded = { .files = r->texts, .nfiles = r->ntexts };
	struct err err;

	/* at the start: what was loaded last is the newest that is kept */
	if (!r->texts && last)
		store_read(r->store, last->number, &loaded, &err);
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		char *text = conf_file_read(files[i].path, &len);

		if (text &&
		    !says(text_of(loaded.files, loaded.nfiles, files[i].path),
			  text, len) &&
		    !says(&files[i], text, len))
			keep_edit(d, files[i].path, text, len);
		free(text);
	}
	if (!r->texts)
		revision_free(&loaded);
}
