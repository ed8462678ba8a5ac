/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers of bindings. A change is read strictly, noted on disk, made in the
 * kernel, and then answered; where any of these fails, nothing has changed.
 *
 * Must not know: how it is kept, which rules it becomes.
 */
#include <errno.h>
#include <stdlib.h>

#include "http/pieces.h"
#include "hvagent/api_impl.h"
#include "hvagent/api_read.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

/* ---- refusals */

static const struct {
	int ret;
	unsigned int status;
} statuses[] = {
	{ -EPERM, MHD_HTTP_CONFLICT }, /* it is the file's */
	{ -EEXIST, MHD_HTTP_CONFLICT },
	{ -ENOSPC, MHD_HTTP_INSUFFICIENT_STORAGE },
	{ -E2BIG, MHD_HTTP_CONTENT_TOO_LARGE },
};

static void refuse(struct request *rq, int ret, const struct err *err)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].ret == ret) {
			reply_problem(rq, statuses[i].status, "%s", err->msg);
			return;
		}
	reply_err(rq, ret, err);
}

static const struct binding *find(struct request *rq)
{
	const char *name = rq->at[AT_NAME];
	const struct binding *b =
	    bindings_find(&request_api(rq)->a->bindings, name);
	char quoted[160];

	if (!b)
		reply_problem(
		    rq, MHD_HTTP_NOT_FOUND, "no binding %s",
		    text_quote(name, strlen(name), quoted, sizeof(quoted)));
	return b;
}

/* ---- all of them, as fast as the client reads */

struct list_stream {
	struct pieces out; /* first */
	size_t next;
};

/* Another number with each change. */
static uint64_t revision(const void *context)
{
	return ((const struct api *)context)->a->status.revision;
}

static void list_fill(struct pieces *p)
{
	struct list_stream *s = (struct list_stream *)p;
	const struct bindings *l =
	    &((const struct api *)p->context)->a->bindings;
	struct buf *text = &p->piece.text;

	if (s->next == 0)
		buf_append(text, "[", 1);
	while (s->next < l->n && text->len < PIECE_BYTES) {
		if (s->next)
			buf_append(text, ",\n", 2);
		api_write_one(text, l->list[s->next++]);
	}
	if (s->next < l->n)
		return;
	buf_append(text, "]\n", 2);
	p->ended = true;
}

static void list_free(struct pieces *p)
{
	free(p);
}

void api_show_bindings(struct request *rq)
{
	struct list_stream *s = xcalloc(1, sizeof(*s));

	s->out.revision = revision;
	s->out.fill = list_fill;
	s->out.free = list_free;
	pieces_reply(rq, &s->out);
}

/* ---- one */

static void reply_binding(struct request *rq, const struct binding *b)
{
	struct buf text = { 0 };

	api_write_one(&text, b);
	reply_json(rq, json_loads(text.data, 0, NULL));
	buf_free(&text);
}

void api_show_binding(struct request *rq)
{
	const struct binding *b = find(rq);

	if (b)
		reply_binding(rq, b);
}

static bool is_same(const struct binding *a, const struct binding *b)
{
	return a->origin == b->origin && a->port == b->port &&
	       a->proto == b->proto && a->vm_port == b->vm_port &&
	       !addr_cmp(&a->service, &b->service) &&
	       !addr_cmp(&a->vm, &b->vm) && !addr_cmp(&a->tunnel, &b->tunnel);
}

/* Note it, make it, and see what came of it. */
static int put(struct api *api, const struct binding *b, struct err *err)
{
	const struct binding *old = bindings_find(&api->a->bindings, b->name);
	int ret;

	if (old && is_same(old, b))
		return 0;
	ret = keep_put(api->keep, b, 1, false, err);
	if (ret < 0)
		return ret;
	ret = agent_put(api->a, b, err);
	keep_settle(api->keep, ret == 0, &api->a->bindings);
	return ret;
}

void api_put_binding(struct request *rq)
{
	struct api *api = request_api(rq);
	struct err err = { "" };
	struct binding b;
	int ret = api_read_one(rq->body.data, rq->body.len, rq->at[AT_NAME], &b,
			       &err);

	if (ret == 0)
		ret = put(api, &b, &err);
	if (ret < 0)
		refuse(rq, ret, &err);
	else
		reply_binding(rq, &b);
	free(b.name);
}

void api_delete_binding(struct request *rq)
{
	const struct binding *b = find(rq);
	struct api *api = request_api(rq);
	struct err err = { "" };
	int ret;

	if (!b)
		return;
	if (b->origin == BINDING_OF_FILE) {
		reply_problem(rq, MHD_HTTP_CONFLICT,
			      "binding %s is the file's: allowed: bindings "
			      "whose origin is \"api\"",
			      b->name);
		return;
	}
	ret = keep_remove(api->keep, b->name, &err);
	if (ret == 0) {
		ret = agent_remove(api->a, rq->at[AT_NAME], &err);
		keep_settle(api->keep, ret == 0, &api->a->bindings);
	}
	if (ret < 0)
		refuse(rq, ret, &err);
	else
		reply_json(rq, json_pack("{s:s}", "name", rq->at[AT_NAME]));
}

/* ---- many at once */

static int put_list(struct api *api, const struct binding *list, size_t n,
		    bool only, struct err *err)
{
	struct err why = { "" };
	size_t bad = n;
	int ret = keep_put(api->keep, list, n, only, err);

	if (ret < 0)
		return ret;
	ret = agent_put_list(api->a, list, n, only, &bad, &why);
	keep_settle(api->keep, ret == 0, &api->a->bindings);
	if (ret < 0 && bad < n)
		return err_set(err, ret, "[%zu].%s", bad, why.msg);
	return ret < 0 ? err_set(err, ret, "%s", why.msg) : 0;
}

static void change_list(struct request *rq, bool only)
{
	struct api *api = request_api(rq);
	struct err err = { "" };
	struct binding *list;
	size_t n;
	int ret = api_read_list(rq->body.data, rq->body.len, &list, &n, &err);

	if (ret == 0 && (n || only))
		ret = put_list(api, list, n, only, &err);
	if (ret < 0)
		refuse(rq, ret, &err);
	else
		reply_json(rq, json_pack("{s:I, s:I}", "put", (json_int_t)n,
					 "bindings",
					 (json_int_t)api->a->bindings.n));
	api_read_free(list, n);
}

void api_set_bindings(struct request *rq)
{
	change_list(rq, true);
}

void api_add_bindings(struct request *rq)
{
	change_list(rq, false);
}
