/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers of pools. A member is said as JSON and read as a line of the file
 * would be: what is allowed is said in one place.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/answer.h"
#include "control/etags.h"
#include "control/price.h"
#include "daemon/members.h"
#include "http/json.h"
#include "http/mistakes.h"
#include "http/reply.h"
#include "lib/parse.h"

/* ---- showing */

static const struct conf_pool *find_pool(struct request *rq)
{
	const struct conf *c = request_daemon(rq)->model->conf;

	for (size_t i = 0; i < c->npools; i++)
		if (!strcmp(c->pools[i].name, rq->at[AT_POOL]))
			return &c->pools[i];
	reply_problem(rq, MHD_HTTP_NOT_FOUND, "no pool \"%s\"",
		      rq->at[AT_POOL]);
	return NULL;
}

static const struct conf_pool_member *member_of(const struct conf_pool *p,
						const char *name)
{
	for (size_t i = 0; i < p->nmembers; i++)
		if (!strcmp(p->members[i].name, name))
			return &p->members[i];
	return NULL;
}

static json_t *json_member(const struct conf_pool_member *m)
{
	char text[ADDR_STRLEN];

	return json_pack("{s:s, s:s, s:o, s:I, s:b, s:b, s:s, s:s}", "name",
			 m->name, "address", addr_format(&m->addr, text),
			 "port", m->port ? json_integer(m->port) : json_null(),
			 "weight", (json_int_t)m->weight, "backup",
			 (int)m->backup, "disabled", (int)m->disabled,
			 "options", m->options, "source",
			 m->api ? "api" : "file");
}

static json_t *json_users(const struct conf *c, const struct conf_pool *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nservices; i++)
		if (c->services[i].pool &&
		    !strcmp(c->services[i].pool, p->name))
			json_array_append_new(list,
					      json_string(c->services[i].name));
	return list;
}

static json_t *json_pool(const struct conf *c, const struct conf_pool *p)
{
	json_t *members = json_array();

	for (size_t i = 0; i < p->nmembers; i++)
		json_array_append_new(members, json_member(&p->members[i]));
	return json_pack("{s:s, s:b, s:o, s:o}", "name", p->name, "dynamic",
			 (int)p->dynamic, "services", json_users(c, p),
			 "members", members);
}

void show_pools(struct request *rq)
{
	const struct conf *c = request_daemon(rq)->model->conf;
	json_t *list = json_array();

	for (size_t i = 0; i < c->npools; i++)
		json_array_append_new(list, json_pool(c, &c->pools[i]));
	reply_json(rq, list);
}

void show_pool(struct request *rq)
{
	const struct conf_pool *p = find_pool(rq);
	char etag[ETAG_STRLEN];

	if (!p)
		return;
	reply_json(rq, json_pool(request_daemon(rq)->model->conf, p));
	reply_etag(rq, etag_pool(p, etag));
}

void show_member(struct request *rq)
{
	const struct conf_pool *p = find_pool(rq);
	const struct conf_pool_member *m =
	    p ? member_of(p, rq->at[AT_BACKEND]) : NULL;
	char etag[ETAG_STRLEN];

	if (m) {
		reply_json(rq, json_member(m));
		reply_etag(rq, etag_member(m, etag));
	} else if (p) {
		reply_problem(rq, MHD_HTTP_NOT_FOUND,
			      "pool \"%s\" has no member \"%s\"",
			      rq->at[AT_POOL], rq->at[AT_BACKEND]);
	}
}

/* ---- a body as a line */

static int refuse(struct err *err, const char *field, const json_t *v,
		  const char *allowed)
{
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	int ret = err_set(err, -EINVAL, "%s: %.80s; allowed: %s", field,
			  text ? text : "?", allowed);

	free(text);
	return ret;
}

static int add_endpoint(json_t *body, struct buf *line, struct err *err)
{
	json_t *address = json_object_get(body, "address");
	json_t *port = json_object_get(body, "port");
	char text[ENDPOINT_STRLEN];
	struct addr a;

	if (!address)
		return err_set(err, -EINVAL,
			       "address: missing; allowed: an "
			       "address, IPv6 without brackets");
	if (!json_is_string(address) ||
	    addr_parse(json_string_value(address), &a) < 0)
		return refuse(err, "address", address,
			      "an address, IPv6 without brackets");
	if (port && !json_is_null(port) &&
	    (!json_is_integer(port) || json_integer_value(port) < 1 ||
	     json_integer_value(port) > 65535))
		return refuse(err, "port", port,
			      "an integer 1..65535, or null");
	buf_printf(
	    line, "%s",
	    endpoint_format(&a, (uint16_t)json_integer_value(port), text));
	return 0;
}

/* What the words of a line cannot be parted by. */
static bool is_word(const json_t *v)
{
	const char *text = json_string_value(v);

	if (!text || !*text || strlen(text) != json_string_length(v))
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f ||
		    *text == ';')
			return false;
	return true;
}

static int add_option(const char *field, const json_t *v, struct buf *line,
		      struct err *err)
{
	char key[64];
	size_t n = strlen(field);

	snprintf(key, sizeof(key), "%s", field);
	for (size_t i = 0; i < n && i < sizeof(key); i++)
		key[i] = key[i] == '_' ? '-' : key[i];
	switch (n < sizeof(key) && !strchr(field, '-') ? conf_option_kind(key)
						       : CONF_OPTION_NONE) {
	case CONF_OPTION_NONE:
		return err_set(err, -EINVAL,
			       "%.60s: unknown field; allowed: address, port "
			       "and options of a backend line, with _ in the "
			       "place of -",
			       field);
	case CONF_OPTION_FLAG:
		if (!json_is_boolean(v))
			return refuse(err, field, v, "true or false");
		if (json_is_true(v))
			buf_printf(line, " %s", key);
		return 0;
	case CONF_OPTION_NUMBER:
		if (json_is_null(v))
			return 0;
		if (!json_is_integer(v))
			return refuse(err, field, v, "an integer");
		buf_printf(line, " %s=%" JSON_INTEGER_FORMAT, key,
			   json_integer_value(v));
		return 0;
	default:
		if (json_is_null(v))
			return 0;
		if (!is_word(v))
			return refuse(err, field, v,
				      "a text without blanks, as in the file");
		buf_printf(line, " %s=%s", key, json_string_value(v));
		return 0;
	}
}

/* The words begin with the field's name. */
static void note_field(struct request *rq, const char *words)
{
	char pointer[80];
	int n = (int)strcspn(words, ":");

	snprintf(pointer, sizeof(pointer), "/%.*s", n, words);
	mistake_note(rq, strncmp(words, "body:", 5) ? pointer : "", words);
}

static int read_member(struct request *rq, struct buf *line, struct err *err)
{
	json_t *body = input_parse(rq->body.data, rq->body.len, err), *v;
	const char *field;
	int ret = body ? 0 : -EINVAL;

	if (body && !json_is_object(body))
		ret = err_set(err, -EINVAL, "body: allowed: an object");
	if (ret == 0)
		ret = add_endpoint(body, line, err);
	if (ret == 0)
		json_object_foreach(body, field, v)
			if (ret == 0 && strcmp(field, "address") != 0 &&
			    strcmp(field, "port") != 0)
				ret = add_option(field, v, line, err);
	json_decref(body);
	if (ret < 0)
		note_field(rq, err->msg);
	return ret;
}

/* ---- changing */

/* Is it still what the client has seen? False: answered. */
static bool member_fresh(struct request *rq)
{
	const struct conf_pool *p = find_pool(rq);
	const struct conf_pool_member *m =
	    p ? member_of(p, rq->at[AT_BACKEND]) : NULL;
	char etag[ETAG_STRLEN];

	return p && request_fresh(rq, m ? etag_member(m, etag) : NULL);
}

void put_member(struct request *rq)
{
	const struct author who = request_author(rq);
	struct conf_errors errors = { 0 };
	struct buf line = { 0 };
	struct err err = { "" };
	struct forecast f;
	bool dry;
	int ret;

	if (!name_valid(rq->at[AT_BACKEND])) {
		reply_problem(rq, MHD_HTTP_BAD_REQUEST,
			      "the member's name: allowed: 1 to 63 letters, "
			      "digits, and after the first also . _ -");
		return;
	}
	if (!member_fresh(rq) || !read_dry_run(rq, &dry))
		return;
	ret = read_member(rq, &line, &err);
	if (ret == 0)
		ret = command_member_put(request_daemon(rq), &who,
					 rq->at[AT_POOL], rq->at[AT_BACKEND],
					 line.data, dry ? &f : NULL, &errors,
					 &err);
	buf_free(&line);
	if (ret == 0 && dry)
		reply_forecast(rq, &f);
	else
		reply_change(rq, ret, &errors, &err, show_member);
}

static void reply_empty(struct request *rq)
{
	reply_json(rq, json_object());
}

void delete_member(struct request *rq)
{
	const struct author who = request_author(rq);
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	struct forecast f;
	bool dry;
	int ret;

	if (!read_dry_run(rq, &dry))
		return;
	/* what was set aside with its pool may go without it */
	if (!members_line(request_daemon(rq)->members, rq->at[AT_POOL],
			  rq->at[AT_BACKEND]) &&
	    !member_fresh(rq))
		return;
	ret = command_member_remove(request_daemon(rq), &who, rq->at[AT_POOL],
				    rq->at[AT_BACKEND], dry ? &f : NULL,
				    &errors, &err);
	if (ret == 0 && dry)
		reply_forecast(rq, &f);
	else
		reply_change(rq, ret, &errors, &err, reply_empty);
}
