/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short connections: open, read the server's line, see its orderly end; then
 * the next. Every client is one slot with at most one connection; one event
 * loop serves all of them, so with one client connections come strictly one
 * after the other. A connection counts as good only if it was closed by the
 * server after a whole line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/tools/flow.h"

#define LINE_MAX_LEN    128
#define AFTER_FAILURE_S 0.002 /* a refusing gateway is not to be flooded */

struct client {
	int fd; /* -1 = none */
	double start;
	double resume; /* no new connection before */
	unsigned long ordinal;
	char line[LINE_MAX_LEN];
	size_t len;
};

struct once {
	const struct flow_options *o;
	struct tally *tally;
	int epoll;
	unsigned long begun, busy;
};

static void log_result(const struct once *w, const struct client *c,
		       const struct flow_result *r, const char *rest)
{
	const struct flow_options *o = w->o;
	struct sockaddr_storage local = { .ss_family = AF_INET };
	socklen_t len = sizeof(local);
	char text[NET_TEXTLEN];

	if (!o->log)
		return;
	if (c->fd >= 0)
		getsockname(c->fd, (struct sockaddr *)&local, &len);
	fprintf(o->log, "%.6f %.6f %s %u %u %s%s %s\n", r->start, r->end,
		net_text(&local, text), net_port(&local),
		o->ports.list[c->ordinal % o->ports.n], r->server ? "" : "!",
		r->server ? r->server : r->reason, rest);
}

static void client_finish(struct once *w, struct client *c, const char *server,
			  const char *reason, const char *rest)
{
	struct flow_result r = { server, reason, c->start, net_now() };

	tally_add(w->tally, &r);
	log_result(w, c, &r, rest);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->resume = server ? 0 : r.end + AFTER_FAILURE_S;
	w->busy--;
}

static void client_begin(struct once *w, struct client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	c->ordinal = w->begun++;
	c->start = net_now();
	c->len = 0;
	w->busy++;
	c->fd = flow_open(w->o, c->ordinal);
	if (c->fd < 0)
		client_finish(w, c, NULL, flow_reason(errno), "");
	else if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, c->fd, &ev))
		net_die("epoll_ctl");
}

/* The whole answer is here: "NAME ADDRESS PORT\n". */
static void client_answer(struct once *w, struct client *c)
{
	char *rest;

	if (c->len == 0) {
		client_finish(w, c, NULL, "closed", "");
		return;
	}
	rest = memchr(c->line, ' ', c->len);
	if (c->line[c->len - 1] != '\n' || !rest) {
		client_finish(w, c, NULL, "garbled", "");
		return;
	}
	c->line[c->len - 1] = '\0';
	*rest = '\0';
	client_finish(w, c, c->line, NULL, rest + 1);
}

static void client_ready(struct once *w, struct client *c)
{
	ssize_t n = read(c->fd, c->line + c->len, sizeof(c->line) - c->len);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_finish(w, c, NULL, flow_reason(errno), "");
		return;
	}
	c->len += (size_t)n;
	if (n == 0 || w->o->protocol == IPPROTO_UDP ||
	    c->len == sizeof(c->line))
		client_answer(w, c);
}

static void client_tick(struct once *w, struct client *c, double now)
{
	bool more =
	    !flow_stop() && (w->o->total == 0 || w->begun < w->o->total);

	if (c->fd >= 0 && now >= c->start + w->o->timeout_s)
		client_finish(w, c, NULL, "timeout", "");
	else if (c->fd < 0 && more && now >= c->resume)
		client_begin(w, c);
}

void once_run(const struct flow_options *o)
{
	struct once w = { .o = o,
			  .tally = tally_new(),
			  .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct client *clients = calloc(o->clients, sizeof(*clients));
	double start = net_now();
	struct epoll_event ev[64];

	if (!clients || w.epoll < 0)
		net_die("out of memory");
	for (unsigned int i = 0; i < o->clients; i++)
		clients[i].fd = -1;
	for (;;) {
		bool ending = flow_stop() || (o->total && w.begun >= o->total);
		double now = net_now();

		for (unsigned int i = 0; i < o->clients; i++)
			client_tick(&w, &clients[i], now);
		if (ending && w.busy == 0)
			break;
		int n = epoll_wait(w.epoll, ev, 64, 2);
		for (int i = 0; i < n; i++)
			client_ready(&w, ev[i].data.ptr);
	}
	tally_print(w.tally, net_now() - start, stdout);
	free(w.tally);
	free(clients);
	close(w.epoll);
}
