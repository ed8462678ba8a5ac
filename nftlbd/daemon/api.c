/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API on TCP. Its clients talk to a process without rights (nftlbd/api),
 * which hands on what is well-formed and admitted; each connection that it
 * opens for that says whose it is by the token itself, and we look that up
 * again: a process that was taken over knows no tokens but those that it was
 * told meanwhile.
 *
 * Invariant: a configuration whose API cannot be served is refused, and the old
 * one goes on. Whose token is no more is ended with it.
 * Must not know: HTTP.
 */
#include "daemon/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control.h"
#include "daemon/api_process.h"
#include "daemon/api_secrets.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* Names of tokens that were in use: those who wait for the end of something
 * that they began may outlive their token. */
struct name {
	struct name *next;
	char text[TOKEN_NAME_MAX + 1];
};

struct api {
	struct daemon *d;
	struct remote *remote; /* what the process asks */
	struct api_process *process;
	struct secrets now, staged;
	bool is_staged;
	uint32_t generation;
	struct name *names;
};

static const char *name_keep(struct api *a, const char *text)
{
	struct name *n = a->names;

	while (n && strcmp(n->text, text) != 0)
		n = n->next;
	if (!n) {
		n = xcalloc(1, sizeof(*n));
		snprintf(n->text, sizeof(n->text), "%s", text);
		n->next = a->names;
		a->names = n;
	}
	return n->text;
}

/* ---- to the process */

static void serve(struct api *a)
{
	struct api_packet p = { .magic = API_MAGIC,
				.type = API_SERVE,
				.generation = ++a->generation };
	int file;

	if (!a->now.listen || !api_process_ready(a->process))
		return;
	file = secrets_file(&a->now);
	if (file < 0) {
		log_error("api: cannot hand over: %s", strerror(-file));
		return;
	}
	api_process_send(a->process, &p, (const int[]){ a->now.listener, file },
			 2);
	close(file);
}

/* ---- from the process */

static const char *on_user(void *arg)
{
	return ((struct api *)arg)->d->model->conf->user;
}

static void on_ready(void *arg)
{
	serve(arg);
}

static void on_gone(void *arg, const char *why)
{
	daemon_event(((struct api *)arg)->d, "api", NULL, NULL, "running",
		     "gone", "%s: it starts again", why);
}

static void served(struct api *a, const struct api_packet *p)
{
	if (p->generation != a->generation)
		return; /* another one is under way */
	if (p->status < 0)
		daemon_event(a->d, "api", NULL, NULL, NULL, NULL,
			     "cannot serve %s: %s", a->now.listen, p->text);
	else
		daemon_event(a->d, "api", NULL, NULL, NULL, NULL,
			     "serves %s tls=%s tokens=%zu", a->now.listen,
			     a->now.tls.key ? "yes" : "no", a->now.tokens.n);
}

static bool is_stream(int fd)
{
	int type = 0, domain = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       type == SOCK_STREAM && domain == AF_UNIX;
}

/* Whose connection is it? False: nobody's. */
static bool peer_of(struct api *a, const char *said, struct peer *peer)
{
	const struct token *k;

	*peer = (struct peer){ .uid = (uid_t)-1 };
	if (!*said) {
		peer->stranger = a->now.has_tokens;
		peer->reader = true;
		return true;
	}
	k = tokens_find(&a->now.tokens, said);
	if (!k)
		return false;
	peer->reader = k->reader;
	peer->token = name_keep(a, k->name);
	return true;
}

static const char *on_packet(void *arg, const struct api_packet *p, int fd)
{
	struct api *a = arg;
	struct peer peer;

	if (p->type == API_SERVING) {
		served(a, p);
		return NULL;
	}
	if (!is_stream(fd)) {
		close(fd);
		return "sent a descriptor that is no stream";
	}
	if (peer_of(a, p->text, &peer))
		control_remote_take(a->remote, fd, &peer);
	else
		close(fd);
	return NULL;
}

static const struct api_process_ops ops = { on_user, on_ready, on_packet,
					    on_gone };

/* ---- the configuration */

static int secrets_get(struct api *a, const struct conf *conf,
		       struct secrets *s, struct err *err)
{
	int ret = secrets_read(s, conf, err);

	if (ret == 0)
		ret = secrets_listen(s, &a->now, err);
	if (ret < 0)
		secrets_free(s);
	return ret;
}

int api_open(struct api **out, struct daemon *d, struct err *err)
{
	const char *path = getenv("NFTLB_API");
	struct api *a = xcalloc(1, sizeof(*a));
	int ret;

	a->d = d;
	a->now.listener = a->staged.listener = -1;
	a->process = api_process_open(d->loop, path ? path : API_PATH, &ops, a);
	*out = a;
	ret = control_remote_open(d->control, &a->remote, err);
	if (ret == 0)
		ret = secrets_get(a, d->model->conf, &a->now, err);
	if (ret == 0)
		api_process_want(a->process, a->now.listen);
	return ret;
}

void api_close(struct api *a)
{
	if (!a)
		return;
	api_process_close(a->process);
	control_remote_close(a->remote);
	secrets_free(&a->staged);
	secrets_free(&a->now);
	while (a->names) {
		struct name *n = a->names;

		a->names = n->next;
		free(n);
	}
	free(a);
}

int api_try(const struct conf *conf, struct err *err)
{
	struct secrets s;
	int ret = secrets_read(&s, conf, err);

	secrets_free(&s);
	return ret;
}

int api_stage(struct api *a, const struct conf *conf, struct err *err)
{
	int ret = secrets_get(a, conf, &a->staged, err);

	a->is_staged = ret == 0;
	return ret;
}

struct renewal {
	const struct secrets *old, *new;
};

static bool is_over(const struct peer *peer, void *arg)
{
	const struct renewal *c = arg;

	if (!c->new->listen)
		return true;
	if (!peer->token)
		return c->old->has_tokens != c->new->has_tokens;
	for (size_t i = 0; i < c->old->tokens.n; i++)
		if (!strcmp(c->old->tokens.list[i].name, peer->token))
			return !tokens_hold(&c->new->tokens,
					    &c->old->tokens.list[i]);
	return true;
}

void api_adopt(struct api *a)
{
	struct secrets old = a->now;
	struct renewal change = { &old, &a->now };
	bool same;

	if (!a->is_staged)
		return;
	a->is_staged = false;
	same = secrets_same(&old, &a->staged);
	a->now = a->staged;
	a->staged = (struct secrets){ .listener = -1 };
	if (!same) {
		control_remote_end(a->remote, is_over, &change);
		api_process_want(a->process, a->now.listen);
		serve(a);
	}
	secrets_free(&old);
}

void api_unstage(struct api *a)
{
	if (a->is_staged)
		secrets_free(&a->staged);
	a->is_staged = false;
}
