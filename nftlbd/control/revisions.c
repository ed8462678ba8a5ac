/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers of revisions: what was in effect, what differs, and bringing
 * something in effect.
 *
 * Invariant: what files say is for operators; it may hold secrets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/answer.h"
#include "control/etags.h"
#include "control/price.h"
#include "daemon/configure.h"
#include "daemon/revisions.h"
#include "http/mistakes.h"
#include "http/reply.h"
#include "lib/parse.h"
#include "revisions/diff.h"

#define CONFIRM_ALLOWED "a duration of 1s to 24h"

/* ---- showing */

bool may_read_files(struct request *rq)
{
	if (!rq->peer.reader)
		return true;
	reply_problem(rq, MHD_HTTP_FORBIDDEN,
		      "what files say is for operators: it may hold secrets");
	return false;
}

static json_t *json_revision(const struct daemon *d, const struct revision *r)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:I, s:I, s:b}", "number",
			 (json_int_t)r->number, "time", json_time(r->time_ms),
			 "author", json_author(r->uid, r->token), "cause",
			 word_text(revision_cause_words, (int)r->cause),
			 "added", (json_int_t)r->added, "removed",
			 (json_int_t)r->removed, "current",
			 r->number == d->revision);
}

void show_revisions(struct request *rq)
{
	const struct daemon *d = request_daemon(rq);
	json_t *all = json_array();
	size_t n;
	const struct revision *list = revisions_list(d->revisions, &n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_revision(d, &list[i]));
	reply_json(rq, all);
}

/* The one that was kept before @number; 0 = none. */
static uint64_t number_before(const struct daemon *d, uint64_t number)
{
	uint64_t before = 0;
	size_t n;
	const struct revision *list = revisions_list(d->revisions, &n);

	for (size_t i = 0; i < n && list[i].number < number; i++)
		before = list[i].number;
	return before;
}

static json_t *json_diff(const struct daemon *d, const struct revision *r)
{
	struct revision before = { 0 };
	uint64_t number = number_before(d, r->number);
	struct diff_count count = { 0 };
	struct buf text = { 0 };
	struct err err = { "" };
	json_t *diff;

	/* without one before all of it is new, and that is no news */
	if (number && revisions_read(d->revisions, number, &before, &err) == 0)
		diff_files(before.files, before.nfiles, r->files, r->nfiles,
			   &text, &count);
	diff =
	    before.nfiles ? json_safe(text.data ? text.data : "") : json_null();
	revision_free(&before);
	buf_free(&text);
	return diff;
}

static json_t *json_files(const struct revision *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nfiles; i++)
		json_array_append_new(
		    list,
		    json_pack("{s:o, s:o}", "path", json_safe(r->files[i].path),
			      "text", json_safe(r->files[i].text)));
	return list;
}

void show_revision(struct request *rq)
{
	const struct daemon *d = request_daemon(rq);
	struct err err = { "" };
	struct revision r;
	uint32_t number;
	json_t *o;
	int ret;

	if (parse_number(rq->at[AT_REVISION], 1, UINT32_MAX, &number) < 0) {
		reply_problem(rq, MHD_HTTP_NOT_FOUND,
			      "a revision has a number from 1");
		return;
	}
	if (!may_read_files(rq))
		return;
	ret = revisions_read(d->revisions, number, &r, &err);
	if (ret < 0) {
		reply_err(rq, ret, &err);
		return;
	}
	o = json_revision(d, &r);
	json_object_set_new(o, "diff", json_diff(d, &r));
	json_object_set_new(o, "files", json_files(&r));
	revision_free(&r);
	reply_json(rq, o);
}

/* ---- changing */

/* @text: NULL = no confirm is asked for; false: answered. */
static bool read_confirm(struct request *rq, const char *text, uint32_t *ms)
{
	struct err err = { "" };
	char quoted[64];

	*ms = 0;
	if (!text || (parse_duration(text, ms) == 0 && *ms >= CONFIRM_MIN_MS &&
		      *ms <= CONFIRM_MAX_MS))
		return true;
	text_quote(text, strlen(text), quoted, sizeof(quoted));
	if (request_query(rq, "confirm") == text) {
		mistake_query(rq, "confirm", NULL,
			      "confirm: %s; allowed: " CONFIRM_ALLOWED, quoted);
		return false;
	}
	err_set(&err, 0, "confirm: %s; allowed: " CONFIRM_ALLOWED, quoted);
	mistake_note(rq, "/confirm", err.msg);
	reply_err(rq, -EINVAL, &err);
	return false;
}

/* A configuration as the body; false: answered. */
static bool read_text(struct request *rq)
{
	const char *type = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);

	if (rq->body.len == 0) {
		reply_problem(rq, MHD_HTTP_BAD_REQUEST,
			      "body: empty; allowed: the text of a "
			      "configuration file");
		return false;
	}
	if (type && !strncmp(type, "application/json", 16)) {
		reply_problem(rq, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
			      "Content-Type: %.40s; allowed: text/plain, the "
			      "text of a configuration file",
			      type);
		return false;
	}
	return true;
}

static void try_text(struct request *rq)
{
	const struct conf_file file = { (char *)request_daemon(rq)->conf_path,
					rq->body.data, rq->body.len };
	const struct conf_source source = { .files = &file, .nfiles = 1 };

	reply_diff(rq, NULL, &source);
}

static void apply(struct request *rq, enum revision_cause cause)
{
	struct daemon *d = request_daemon(rq);
	const struct author who = request_author(rq);
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	char etag[ETAG_STRLEN];
	uint32_t confirm_ms;
	bool dry;
	int ret;

	if (!read_text(rq) ||
	    !read_confirm(rq, request_query(rq, "confirm"), &confirm_ms) ||
	    !read_dry_run(rq, &dry) || !request_fresh(rq, etag_config(d, etag)))
		return;
	if (dry) {
		try_text(rq);
		return;
	}
	ret = command_config_apply(d, &who, cause, rq->body.data, rq->body.len,
				   confirm_ms, &errors, &err);
	reply_change(rq, ret, &errors, &err, reply_revision);
}

void config_put(struct request *rq)
{
	apply(rq, CAUSE_PUT);
}

void config_apply(struct request *rq)
{
	apply(rq, CAUSE_APPLY);
}

enum { BACK_REVISION, BACK_CONFIRM, BACK_FIELDS };

static const struct input_field back_fields[BACK_FIELDS] = {
	{ .name = "revision",
	  .kind = INPUT_NUMBER,
	  .min = 1,
	  .max = INT32_MAX },
	{ .name = "confirm",
	  .kind = INPUT_TEXT,
	  .max = 20,
	  .allowed = CONFIRM_ALLOWED },
};

void config_rollback(struct request *rq)
{
	struct daemon *d = request_daemon(rq);
	const struct author who = request_author(rq);
	struct input_value v[BACK_FIELDS] = { { 0 } };
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	char etag[ETAG_STRLEN];
	uint32_t confirm_ms;
	int ret = request_input(rq, back_fields, BACK_FIELDS, v, &err);

	if (ret < 0) {
		reply_err(rq, ret, &err);
	} else if (read_confirm(rq, v[BACK_CONFIRM].text, &confirm_ms) &&
		   request_fresh(rq, etag_config(d, etag))) {
		ret = command_config_rollback(d, &who,
					      (uint64_t)v[BACK_REVISION].number,
					      confirm_ms, &errors, &err);
		reply_change(rq, ret, &errors, &err, reply_revision);
	}
	input_free(v, BACK_FIELDS);
}

void config_confirm(struct request *rq)
{
	const struct author who = request_author(rq);
	struct err err = { "" };
	int ret = request_input(rq, NULL, 0, NULL, &err);

	if (ret == 0)
		ret = command_config_confirm(request_daemon(rq), &who, &err);
	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_revision(rq);
}
