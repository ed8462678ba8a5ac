/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent clients: a child reads their tables and writes them as JSON, entry
 * by entry: a table may have a million.
 *
 * Must not know: how entries are removed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/handlers.h"
#include "control/listing.h"
#include "daemon/session_tables.h"
#include "daemon/sessions.h"
#include "http/reply.h"

/* ---- in the child */

struct writing {
	const struct session_users *u;
	size_t n; /* entries so far */
};

/* Neither names nor clients need escapes. */
static int write_entry(const struct session *e, void *arg)
{
	const char *backend;
	struct writing *w = arg;
	char client[SESSION_TEXT_MAX];

	backend = session_owner(w->u, e->data);
	if (!backend)
		return 0; /* void: the client would go elsewhere */
	printf("%s\n{\"client\":\"%s\",\"backend\":\"%s\",\"expires_ms\":%u}",
	       w->n++ ? "," : "", session_text(&w->u->t, e->key, client),
	       backend, e->left_ms);
	return 0;
}

static int write_table(const struct session_users *u, const char *table)
{
	const struct conf_service *c = u->list[0]->conf;
	struct writing w = { u, 0 };
	int ret = 0;

	printf("{\"services\":[");
	for (size_t i = 0; i < u->n; i++)
		printf("%s\"%s\"", i ? "," : "", u->list[i]->conf->name);
	printf("],\"group\":%s%s%s,\"family\":\"%s\",\"kind\":\"%s\","
	       "\"prefix\":%u,\"timeout_ms\":%u,\"size\":%u,\"sessions\":[",
	       u->group ? "\"" : "", u->group ? u->group : "null",
	       u->group ? "\"" : "", u->family == AF_INET6 ? "ipv6" : "ipv4",
	       word_text(rs_persist_words, (int)u->t.kind), u->t.prefix,
	       c->persist.timeout_ms, u->there ? u->t.size : c->persist_size);
	if (u->there)
		ret = sessions_read(table, &u->t, write_entry, &w);
	printf("],\"count\":%zu}", w.n);
	return ret == -ENOENT ? 0 : ret;
}

/* Whether the table was written with an earlier service already. */
static bool is_first(const struct session_users *u, const struct service *s)
{
	return u->list[0] == s;
}

static int write_service(const struct daemon *d, const struct service *s,
			 bool all, bool *any)
{
	const char *group = s->conf->persist_group;
	uint8_t places[RS_TABLES];
	size_t n = session_places(s, places);
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		struct session_users u;

		if (session_users(d, group ? group : s->conf->name,
				  group != NULL, places[i], &u) &&
		    (!all || is_first(&u, s))) {
			printf("%s", *any ? ",\n" : "");
			*any = true;
			ret = write_table(&u, d->model->conf->table);
		}
		session_users_free(&u);
	}
	return ret;
}

static int sessions_child(const struct request *rq)
{
	const struct model *m = request_daemon(rq)->model;
	const char *only = rq->at[AT_SERVICE][0] ? rq->at[AT_SERVICE] : NULL;
	bool any = false;
	int ret = 0;

	printf("[");
	for (size_t i = 0; i < m->nservices && ret == 0; i++) {
		const struct service *s = &m->services[i];

		if (s->conf->persist.kind != RS_PERSIST_NONE &&
		    (!only || !strcmp(only, s->conf->name)))
			ret = write_service(request_daemon(rq), s, !only, &any);
	}
	printf("]\n");
	if (fflush(stdout) != 0)
		ret = -EIO;
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- handlers */

void show_sessions(struct request *rq)
{
	static const struct listing_kind kind = { "reading the sessions",
						  "application/json",
						  sessions_child };

	if (rq->at[AT_SERVICE][0] &&
	    !model_service(request_daemon(rq)->model, rq->at[AT_SERVICE]))
		reply_problem(rq, MHD_HTTP_NOT_FOUND, "no service \"%s\"",
			      rq->at[AT_SERVICE]);
	else
		listing_start(rq, &kind);
}

void delete_sessions(struct request *rq)
{
	const char *client = rq->at[AT_CLIENT][0] ? rq->at[AT_CLIENT] : NULL;
	const struct author who = request_author(rq);
	struct err err = { "" };
	int ret = command_sessions_forget(request_daemon(rq), &who,
					  rq->at[AT_SERVICE], client, &err);

	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_json(rq, json_pack("{s:s, s:s?}", "service",
					 rq->at[AT_SERVICE], "client", client));
}
