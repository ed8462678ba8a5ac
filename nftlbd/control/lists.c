/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers of lists: show them, look an address up, change them.
 *
 * Invariant: a list of 500,000 ranges is sent piece by piece, as the client
 * reads; its base is that of one model, and the answer breaks off when there is
 * another by then.
 * Must not know: how a list gets into the kernel.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/handlers.h"
#include "control/json.h"
#include "daemon/lists.h"
#include "http/mistakes.h"
#include "http/pieces.h"
#include "http/reply.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

static const char *const family_names[RS_FAMILIES] = { "ipv4", "ipv6" };

static const struct conf_list *find_list(struct request *rq)
{
	const struct conf *c = request_daemon(rq)->model->conf;

	for (size_t i = 0; i < c->nlists; i++)
		if (!strcmp(c->lists[i].name, rq->at[AT_LIST]))
			return &c->lists[i];
	reply_problem(rq, MHD_HTTP_NOT_FOUND, "no list \"%s\"",
		      rq->at[AT_LIST]);
	return NULL;
}

/* ---- numbers */

static json_t *users(const struct conf *c, const struct conf_list *list)
{
	json_t *names = json_array();

	for (size_t i = 0; i < c->nservices; i++)
		if (lists_used_by(&c->services[i], list))
			json_array_append_new(names,
					      json_safe(c->services[i].name));
	return names;
}

enum count { COUNT_BASE, COUNT_ADDED, COUNT_REMOVED };

static json_t *counts_of(const struct daemon *d, const struct conf_list *list,
			 enum count which)
{
	json_t *o = json_object();

	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		const struct list_overlay *over =
		    lists_overlay(d->lists, list->name, f);
		size_t n = list->nets[f].n;

		if (which == COUNT_ADDED)
			n = over ? over->added.n : 0;
		if (which == COUNT_REMOVED)
			n = over ? over->removed.n : 0;
		json_object_set_new(o, family_names[f],
				    json_integer((json_int_t)n));
	}
	return o;
}

static const char *state_of(const struct daemon *d, const struct conf_list *l,
			    const json_t *services)
{
	if (lists_loading(d->lists, l->name))
		return "loading";
	return json_array_size(services) ? "loaded" : "unused";
}

static json_t *json_list(const struct daemon *d, const struct conf_list *l)
{
	json_t *services = users(d->model->conf, l);

	return json_pack(
	    "{s:o, s:s, s:o, s:o, s:o, s:o}", "name", json_safe(l->name),
	    "state", state_of(d, l, services), "services", services, "ranges",
	    counts_of(d, l, COUNT_BASE), "added", counts_of(d, l, COUNT_ADDED),
	    "removed", counts_of(d, l, COUNT_REMOVED));
}

void show_lists(struct request *rq)
{
	const struct conf *c = request_daemon(rq)->model->conf;
	json_t *all = json_array();

	for (size_t i = 0; i < c->nlists; i++)
		json_array_append_new(
		    all, json_list(request_daemon(rq), &c->lists[i]));
	reply_json(rq, all);
}

/* ---- all that is on one */

/* Arrays of entries, one after the other. */
struct listed {
	const char *key; /* NULL = goes on with the array before */
	const struct nets *nets;
};

struct list_stream {
	struct pieces out;
	struct list_overlay over[RS_FAMILIES]; /* as it was */
	struct listed parts[3 * RS_FAMILIES];
	size_t part, next; /* range of that part */
	bool any;          /* entry in the array */
};

static void put_entry(struct list_stream *s, const struct net_range *r)
{
	char text[96];

	net_print(r, text, sizeof(text));
	buf_printf(&s->out.piece.text, "%s\"%s\"", s->any ? "," : "", text);
	s->any = true;
}

static void list_fill(struct pieces *out)
{
	struct list_stream *s = (struct list_stream *)out;
	struct buf *text = &out->piece.text;
	const size_t nparts = sizeof(s->parts) / sizeof(s->parts[0]);

	while (s->part < nparts && text->len < PIECE_BYTES) {
		const struct listed *p = &s->parts[s->part];

		if (s->next == 0 && p->key) {
			buf_printf(text, "%s,\"%s\":[", s->part ? "]" : "",
				   p->key);
			s->any = false;
		}
		for (; s->next < p->nets->n && text->len < PIECE_BYTES;
		     s->next++)
			put_entry(s, &p->nets->list[s->next]);
		if (s->next < p->nets->n)
			return;
		s->part++;
		s->next = 0;
	}
	if (s->part == nparts) {
		buf_append(text, "]}\n", 3);
		out->ended = true;
	}
}

static void list_free(struct pieces *out)
{
	struct list_stream *s = (struct list_stream *)out;

	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		overlay_free(&s->over[f]);
	free(s);
}

/* What is said of the list as in the list of lists, without its end. */
static void put_head(struct list_stream *s, const struct daemon *d,
		     const struct conf_list *list)
{
	json_t *services = users(d->model->conf, list);
	json_t *head =
	    json_pack("{s:o, s:s, s:o}", "name", json_safe(list->name), "state",
		      state_of(d, list, services), "services", services);
	char *text = json_dumps(head, JSON_COMPACT);

	buf_append(&s->out.piece.text, text, strlen(text) - 1);
	free(text);
	json_decref(head);
}

void show_list(struct request *rq)
{
	static const char *const keys[] = { "entries", "added", "removed" };
	const struct conf_list *list = find_list(rq);
	struct list_stream *s;

	if (!list)
		return;
	s = xcalloc(1, sizeof(*s));
	s->out.fill = list_fill;
	s->out.free = list_free;
	s->out.revision = control_revision;
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		const struct list_overlay *over =
		    lists_overlay(request_daemon(rq)->lists, list->name, f);

		if (over)
			overlay_copy(&s->over[f], over);
		s->parts[f].nets = &list->nets[f];
		s->parts[RS_FAMILIES + f].nets = &s->over[f].added;
		s->parts[2 * RS_FAMILIES + f].nets = &s->over[f].removed;
	}
	for (size_t k = 0; k < 3; k++)
		s->parts[k * RS_FAMILIES].key = keys[k];
	put_head(s, request_daemon(rq), list);
	pieces_reply(rq, &s->out);
}

/* ---- is an address on it? */

static const struct list_overlay none;

static json_t *verdict(const struct daemon *d, const struct conf_list *list,
		       const struct addr *a)
{
	unsigned int f = family_index(a->family);
	const struct list_overlay *over =
	    lists_overlay(d->lists, list->name, f);
	const struct nets *in = NULL;
	const char *why = "not-listed";
	struct net_range r;
	char text[96] = "", address[ADDR_STRLEN];

	if (!over)
		over = &none;
	if (nets_get(&over->added, a, &r)) {
		in = &over->added;
		why = "added";
	} else if (nets_get(&over->removed, a, &r)) {
		why = "removed";
		net_print(&r, text, sizeof(text));
	} else if (nets_get(&list->nets[f], a, &r)) {
		in = &list->nets[f];
		why = "file";
	}
	if (in)
		net_print(&r, text, sizeof(text));
	return json_pack(
	    "{s:o, s:s, s:b, s:s, s:o}", "list", json_safe(list->name),
	    "address", addr_format(a, address), "listed", in != NULL, "why",
	    why, "entry", text[0] ? json_string(text) : json_null());
}

void test_list(struct request *rq)
{
	const struct conf_list *list = find_list(rq);
	const char *text = request_query(rq, "address");
	char quoted[96];
	struct addr a;

	if (!list)
		return;
	if (!text || addr_parse(text, &a) < 0)
		mistake_query(rq, "address", NULL, "address: %s is no address",
			      text ? text_quote(text, strlen(text), quoted,
						sizeof(quoted))
				   : "nothing");
	else
		reply_json(rq, verdict(request_daemon(rq), list, &a));
}

/* ---- changes */

/* One more mistake; the first one's words are those of all. */
static void wrong(struct request *rq, const char *pointer, int *ret,
		  struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void wrong(struct request *rq, const char *pointer, int *ret,
		  struct err *err, const char *fmt, ...)
{
	struct err why;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why.msg, sizeof(why.msg), fmt, ap);
	va_end(ap);
	if (*ret == 0)
		*err = why;
	*ret = -EINVAL;
	mistake_note(rq, pointer, why.msg);
}

static void read_entries(struct request *rq, const char *key,
			 const json_t *array, struct net_range **out, size_t *n,
			 int *ret, struct err *err)
{
	struct err why = { "" };
	char pointer[48];
	const json_t *value;
	size_t i;

	snprintf(pointer, sizeof(pointer), "/%s", key);
	if (!json_is_array(array)) {
		wrong(rq, pointer, ret, err, "%s: an array is needed", key);
		return;
	}
	*n = json_array_size(array);
	*out = xcalloc(*n + 1, sizeof(**out));
	json_array_foreach(array, i, value) {
		snprintf(pointer, sizeof(pointer), "/%s/%zu", key, i);
		if (!json_is_string(value))
			wrong(rq, pointer, ret, err,
			      "%s, entry %zu: a string is needed", key, i + 1);
		else if (net_parse(json_string_value(value), &(*out)[i], &why) <
			 0)
			wrong(rq, pointer, ret, err, "%s, entry %zu: %s", key,
			      i + 1, why.msg);
		if (json_array_size(rq->mistakes) >= MISTAKES_MAX)
			return;
	}
}

static int read_edit(struct request *rq, struct list_edit *e, struct err *err)
{
	json_t *body = json_loadb(rq->body.len ? rq->body.data : "{}",
				  rq->body.len ? rq->body.len : 2,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *key;
	json_t *value;
	int ret = 0;

	if (!json_is_object(body))
		wrong(rq, "", &ret, err, "the body is no JSON object");
	json_object_foreach(body, key, value) {
		char quoted[64];

		if (!strcmp(key, "add"))
			read_entries(rq, key, value, &e->add, &e->nadd, &ret,
				     err);
		else if (!strcmp(key, "remove"))
			read_entries(rq, key, value, &e->remove, &e->nremove,
				     &ret, err);
		else
			wrong(rq, "", &ret, err,
			      "unknown field %s; allowed: add, remove",
			      text_quote(key, strlen(key), quoted,
					 sizeof(quoted)));
	}
	json_decref(body);
	if (ret < 0)
		return ret;
	if (e->nadd + e->nremove == 0)
		return err_set(err, -EINVAL,
			       "nothing to change: say add or remove");
	if (e->nadd + e->nremove > LISTS_EDIT_MAX)
		return err_set(err, -EINVAL,
			       "%zu entries: at most %u are changed at once",
			       e->nadd + e->nremove, LISTS_EDIT_MAX);
	return 0;
}

void change_list(struct request *rq)
{
	const struct conf_list *list = find_list(rq);
	const struct author who = request_author(rq);
	struct list_edit e = { 0 };
	struct err err = { "" };
	int ret;

	if (!list)
		return;
	ret = read_edit(rq, &e, &err);
	if (ret == 0)
		ret = lists_edit(request_daemon(rq)->lists, &who,
				 rq->at[AT_LIST], &e, &err);
	free(e.add);
	free(e.remove);
	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_json(rq, json_list(request_daemon(rq), list));
}
