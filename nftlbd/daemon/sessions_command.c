/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `session delete`: one client is looked up by key and removed at once; all of
 * them in one message, where the table is small. In a large one they are
 * removed piece by piece, a moment later, and so are those of an address whose
 * ports have entries of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/sessions.h"
#include "daemon/sessions_impl.h"

#define ALLOWED   "allowed: "
#define CLEAR_MAX 16384u /* entries at once: 20 to 50 ms */

static int forget_one(struct daemon *d, const struct session_users *u,
		      const struct session_match *m, struct err *err)
{
	struct session e;
	int ret = ruleset_sessions_find(d->ruleset, &u->t, m->key, &e);

	if (ret == 0 && !session_owner(u, e.data))
		ret = -ENOENT; /* void: to the operator it is not there */
	if (ret == -ENOENT)
		return err_set(err, ret, "no session of that client");
	if (ret < 0)
		return err_set(err, ret, "cannot ask for the session");
	ret = ruleset_sessions_forget(d->ruleset, &u->t, &e, 1, err);
	return ret < 0 ? ret : 0;
}

static int forget(struct daemon *d, struct session_users *u, const char *client,
		  struct err *err)
{
	struct session_match m;
	int ret;

	if (!u->there)
		return err_set(err, -ENOENT,
			       "the kernel has no sessions of "
			       "this service");
	if (!client && u->t.size <= CLEAR_MAX)
		return ruleset_sessions_clear(d->ruleset, &u->t, err);
	m = (struct session_match){ .len = 0 }; /* all */
	ret = client ? session_match(&u->t, client, &m, err) : 0;
	if (ret < 0)
		return ret;
	if (m.one)
		return forget_one(d, u, &m, err);
	sessions_queue(d->sessions,
		       u->group ? u->group : u->list[0]->conf->name,
		       u->group != NULL, u->table, &m);
	return 0;
}

/* Of what two families say, what is more of an answer: that one of them does
 * not know such clients is none, and what the kernel refuses never is left out.
 */
static int weight_of(int ret)
{
	return ret == -EINVAL ? 0 : ret == -ENOENT ? 1 : ret == 0 ? 2 : 3;
}

static void add_form(struct err *err, const struct err *other)
{
	const char *form = strstr(other->msg, ALLOWED);
	size_t n = strlen(err->msg);

	if (form && strcmp(err->msg, other->msg) != 0)
		snprintf(err->msg + n, sizeof(err->msg) - n, ", or %s",
			 form + strlen(ALLOWED));
}

static int forget_families(struct daemon *d, const struct service *s,
			   const char *client, struct err *err)
{
	const char *group = s->conf->persist_group;
	const char *name = group ? group : s->conf->name;
	uint8_t places[RS_TABLES];
	size_t n = session_places(s, places);
	int ret = -EINVAL;

	for (size_t i = 0; i < n; i++) {
		struct session_users u;
		struct err words = { "" };
		int one = -EINVAL;

		if (session_users(d, name, group != NULL, places[i], &u))
			one = forget(d, &u, client, &words);
		session_users_free(&u);
		if (i > 0 && one == -EINVAL && ret == -EINVAL)
			add_form(err, &words);
		if (i > 0 && weight_of(one) <= weight_of(ret))
			continue;
		ret = one;
		*err = words;
	}
	return ret;
}

int command_sessions_forget(struct daemon *d, const struct author *who,
			    const char *service, const char *client,
			    struct err *err)
{
	const struct service *s = model_service(d->model, service);
	char words[AUTHOR_MAX];
	int ret;

	if (!s)
		return err_set(err, -ENOENT, "no service \"%s\"", service);
	if (s->conf->persist.kind == RS_PERSIST_NONE)
		return err_set(err, -EINVAL,
			       "service \"%s\" has no persistence", service);
	ret = forget_families(d, s, client, err);
	if (ret < 0)
		return ret;
	daemon_event(d, "sessions", service, NULL, NULL, NULL,
		     "%s: %s forgotten", author_text(who, words),
		     client ? client : "all");
	return 0;
}
