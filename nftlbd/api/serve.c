/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generations. Each SERVE brings all that is needed to listen; a new one takes
 * the place of the last, whose connections end with the request that is under
 * way. Tokens are those of the newest for all of them.
 *
 * Invariant: a generation that cannot be served changes nothing.
 * Must not know: what is asked for.
 */
#include "api/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/tls.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define OLD_S   1.
#define OLD_MAX 4
/* The daemon has the last word on sizes. */
#define BODY_MAX   ((size_t)16 << 20)
#define BODIES_MAX ((size_t)64 << 20)

struct serving {
	struct http *http;
	struct serving *next;
};

static const char *const open_paths[] = { "/healthz", "/", NULL };
static const struct route everything = { .handle = forward_request };

static void serving_free(struct serving *g)
{
	http_close(g->http);
	free(g);
}

/* Those whose last client has gone; of the rest no more than a few. */
static void old_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct serve *s = w->data;
	struct serving **at = s->list ? &s->list->next : &s->list;
	unsigned int n = 0;

	while (*at) {
		struct serving *g = *at;

		if (http_empty(g->http) || ++n > OLD_MAX) {
			*at = g->next;
			serving_free(g);
		} else {
			http_leave(g->http);
			at = &g->next;
		}
	}
	if (!n)
		ev_timer_stop(loop, w);
}

/* ---- what came in */

static int text_read(int fd, char **text, uint32_t len, off_t at)
{
	*text = xcalloc(1, (size_t)len + 1);
	if (pread(fd, *text, len, at) != (ssize_t)len ||
	    memchr(*text, '\0', len))
		return -EINVAL;
	return 0;
}

static int secrets_read(int fd, struct api_secrets *secrets, struct tls *tls)
{
	const off_t cert = sizeof(*secrets);
	int ret = 0;

	if (pread(fd, secrets, sizeof(*secrets), 0) !=
		(ssize_t)sizeof(*secrets) ||
	    secrets->tokens.n > TOKENS_MAX || secrets->cert_len > API_PEM_MAX ||
	    secrets->key_len > API_PEM_MAX)
		return -EINVAL;
	if (secrets->key_len)
		ret = text_read(fd, &tls->cert, secrets->cert_len, cert);
	if (ret == 0 && secrets->key_len)
		ret = text_read(fd, &tls->key, secrets->key_len,
				cert + (off_t)secrets->cert_len);
	return ret;
}

static void adopt(struct serve *s, struct http *http,
		  const struct api_secrets *secrets, unsigned int generation)
{
	struct serving *g = xcalloc(1, sizeof(*g));

	if (s->list)
		http_leave(s->list->http);
	g->http = http;
	g->next = s->list;
	s->list = g;
	s->tokens = secrets->tokens;
	s->forwards.pool.generation = generation;
	upstreams_clear(&s->forwards.pool);
	ev_timer_again(s->loop, &s->old);
}

/* Takes the sockets. */
static int serve_generation(struct serve *s, const struct api_packet *p,
			    int listener, int file, struct err *err)
{
	struct api_secrets secrets = { 0 };
	struct tls tls = { 0 };
	struct http *http = NULL;
	int ret = secrets_read(file, &secrets, &tls);

	close(file);
	if (ret < 0) {
		close(listener);
		err_set(err, ret, "what the daemon sent is not understood");
	} else {
		ret = http_open_socket(&http, &s->site, listener,
				       secrets.has_tokens ? &s->tokens : NULL,
				       &tls, err);
	}
	tls_free(&tls);
	if (ret == 0)
		adopt(s, http, &secrets, p->generation);
	return ret;
}

/* ---- packets */

static void say(struct serve *s, enum api_packet_type type,
		unsigned int generation, int status, const char *words)
{
	struct api_packet p = { .magic = API_MAGIC,
				.type = type,
				.generation = generation,
				.status = status };

	snprintf(p.text, sizeof(p.text), "%s", words);
	for (char *c = p.text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (api_packet_send(s->sock, &p, NULL, 0) < 0)
		log_warning("the daemon does not read");
}

static void over(struct serve *s, int status)
{
	s->status = status;
	ev_break(s->loop, EVBREAK_ALL);
}

static void packets_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct serve *s = w->data;
	struct err err = { "" };
	struct api_packet p;
	int fds[API_PACKET_FDS], ret;
	size_t nfds;
	ssize_t n = api_packet_receive(s->sock, &p, fds, &nfds);
	const char *wrong;

	if (n == -EAGAIN || n == -EINTR)
		return;
	wrong = n > 0 ? api_packet_wrong(&p, (size_t)n, nfds, false) : NULL;
	if (n <= 0 || wrong) {
		if (wrong)
			log_error("a packet of the daemon: %s", wrong);
		over(s, n == 0 ? 0 : 1);
		return;
	}
	ret = serve_generation(s, &p, fds[0], fds[1], &err);
	say(s, API_SERVING, p.generation, ret, err.msg);
}

struct serve *serve_open(struct ev_loop *loop, int sock)
{
	struct serve *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->sock = sock;
	s->site = (struct http_site){ .loop = loop,
				      .name = "api",
				      .context = &s->forwards,
				      .body_max = BODY_MAX,
				      .bodies_max = BODIES_MAX,
				      .connections = API_CONNECTIONS,
				      .open_paths = open_paths,
				      .untold_look = true,
				      .all = &everything };
	s->forwards.pool = (struct upstreams){ .loop = loop, .sock = sock };
	ev_timer_init(&s->old, old_cb, OLD_S, OLD_S);
	s->old.data = s;
	ev_io_init(&s->packets, packets_cb, sock, EV_READ);
	s->packets.data = s;
	ev_io_start(loop, &s->packets);
	say(s, API_HELLO, 0, 0, "");
	return s;
}

void serve_close(struct serve *s)
{
	ev_io_stop(s->loop, &s->packets);
	ev_timer_stop(s->loop, &s->old);
	while (s->list) {
		struct serving *g = s->list;

		s->list = g->next;
		serving_free(g);
	}
	upstreams_clear(&s->forwards.pool);
	free(s);
}
