/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long transfers, all at the same time: each sends a pattern of its own, waits
 * until the server has sent every byte of it back, pauses, goes on. At the end
 * it says of each whether it lives, and with which server. A byte that differs,
 * an end, or a standstill of the timeout's length is a death.
 * UDP has no life to lose: there it says which servers answered the flow, in
 * order, and how many messages were lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/tools/flow.h"

#define ROUTE_MAX 8 /* servers remembered of one UDP flow */

struct transfer {
	int fd; /* -1 = over */
	unsigned long index;
	const char *death; /* NULL = alive */
	bool greeted;
	char line[128]; /* the server's greeting, or its last answer */
	size_t len;
	char route[ROUTE_MAX][FLOW_NAME_MAX]; /* servers in order */
	unsigned int nroute;
	uint64_t sent, got; /* bytes; UDP: messages */
	uint64_t refused;   /* UDP: ICMP errors */
	double progress;    /* time of the last byte that came */
	double next;        /* time of the next message */
	double died;
};

struct hold {
	const struct flow_options *o;
	struct transfer *all;
	int epoll;
	bool ready;
};

static uint8_t pattern(const struct transfer *t, uint64_t offset)
{
	return (uint8_t)(offset * 31 + (offset >> 8) * 7 + t->index * 17);
}

static bool is_udp(const struct hold *h)
{
	return h->o->protocol == IPPROTO_UDP;
}

static void transfer_die(struct transfer *t, const char *reason)
{
	t->death = reason;
	t->died = net_now();
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* A server's line: note its name where it differs from the one before. */
static void transfer_route(struct transfer *t)
{
	size_t len = strcspn(t->line, " \n");

	if (len >= FLOW_NAME_MAX)
		len = FLOW_NAME_MAX - 1;
	t->line[len] = '\0';
	t->greeted = true;
	if (t->nroute && !strcmp(t->route[t->nroute - 1], t->line))
		return;
	if (t->nroute < ROUTE_MAX)
		strcpy(t->route[t->nroute++], t->line);
}

static void transfer_begin(struct hold *h, struct transfer *t)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = t };

	t->progress = net_now();
	t->fd = flow_open(h->o, t->index);
	if (t->fd < 0) {
		transfer_die(t, flow_reason(errno));
		return;
	}
	t->sent = is_udp(h); /* flow_open() has sent the first message */
	t->next = t->progress + h->o->interval_s;
	if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, t->fd, &ev))
		net_die("epoll_ctl");
}

static void transfer_check(struct transfer *t, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] != pattern(t, t->got + i)) {
			transfer_die(t, "corrupted");
			return;
		}
	t->got += n;
}

static void udp_ready(struct transfer *t)
{
	ssize_t n = read(t->fd, t->line, sizeof(t->line) - 1);

	if (n < 0) {
		t->refused += errno == ECONNREFUSED || errno == EHOSTUNREACH ||
			      errno == EACCES;
		return;
	}
	t->line[n] = '\0';
	t->got++;
	t->progress = net_now();
	transfer_route(t);
}

/* Bytes until the line's end are the greeting, all others the pattern. */
static void stream_bytes(struct transfer *t, const uint8_t *data, size_t n)
{
	size_t i = 0;

	while (!t->greeted && i < n) {
		if (t->len >= sizeof(t->line) - 1) {
			transfer_die(t, "garbled");
			return;
		}
		t->line[t->len++] = (char)data[i];
		if (data[i++] == '\n')
			transfer_route(t);
	}
	transfer_check(t, data + i, n - i);
}

static void stream_ready(struct hold *h, struct transfer *t)
{
	uint8_t data[65536];
	ssize_t n = read(t->fd, data, sizeof(data));

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			transfer_die(t, flow_reason(errno));
		return;
	}
	if (n == 0) {
		transfer_die(t, "closed");
		return;
	}
	t->progress = net_now();
	stream_bytes(t, data, (size_t)n);
	if (t->got == t->sent)
		t->next = t->progress + h->o->interval_s;
}

static void transfer_send(const struct hold *h, struct transfer *t, double now)
{
	uint8_t data[FLOW_MESSAGE_MAX];
	size_t len = h->o->message_len;
	ssize_t n;

	if (is_udp(h)) {
		t->next = now + h->o->interval_s;
		if (send(t->fd, "?\n", 2, 0) < 0)
			t->refused++;
		t->sent++;
		return;
	}
	for (size_t i = 0; i < len; i++)
		data[i] = pattern(t, t->sent + i);
	n = send(t->fd, data, len, MSG_NOSIGNAL);
	if (n > 0)
		t->sent += (uint64_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		transfer_die(t, flow_reason(errno));
	t->progress = now; /* the clock of a standstill starts with the send */
}

/* True while an answer is owed. */
static bool transfer_tick(struct hold *h, struct transfer *t, bool stopping)
{
	double now = net_now();
	bool owed = !t->greeted || t->got != t->sent;

	if (t->fd < 0)
		return false;
	if (is_udp(h)) {
		if (!stopping && now >= t->next)
			transfer_send(h, t, now);
		return owed && now < t->progress + h->o->timeout_s &&
		       !(stopping && t->greeted);
	}
	if (owed && now > t->progress + h->o->timeout_s)
		transfer_die(t, t->greeted ? "stalled" : "timeout");
	else if (!owed && !stopping && now >= t->next)
		transfer_send(h, t, now);
	return owed;
}

static void transfer_print(const struct hold *h, const struct transfer *t)
{
	printf("%s{\"survived\": %s, \"backend\": \"%s\", \"route\": [",
	       t->index ? ", " : "", t->death ? "false" : "true",
	       t->nroute ? t->route[t->nroute - 1] : "");
	for (unsigned int i = 0; i < t->nroute; i++)
		printf("%s\"%s\"", i ? ", " : "", t->route[i]);
	printf("], \"reason\": \"%s\", \"died\": %.6f, \"sent\": %llu, "
	       "\"got\": %llu, \"refused\": %llu}",
	       t->death ? t->death : "", t->died, (unsigned long long)t->sent,
	       (unsigned long long)t->got, (unsigned long long)t->refused);
}

static void hold_loop(struct hold *h)
{
	struct epoll_event ev[64];

	for (;;) {
		bool stopping = flow_stop(), owed = false, young = false;
		int n = epoll_wait(h->epoll, ev, 64, 2);

		for (int i = 0; i < n; i++) {
			struct transfer *t = ev[i].data.ptr;

			if (is_udp(h))
				udp_ready(t);
			else
				stream_ready(h, t);
		}
		for (unsigned long i = 0; i < h->o->total; i++) {
			struct transfer *t = &h->all[i];

			owed |= transfer_tick(h, t, stopping);
			young |= t->fd >= 0 && !t->greeted;
		}
		if (!h->ready && !young) {
			puts("ready");
			fflush(stdout);
			h->ready = true;
		}
		if (stopping && !owed)
			return;
	}
}

void hold_run(const struct flow_options *o)
{
	struct hold h = { .o = o, .epoll = epoll_create1(EPOLL_CLOEXEC) };

	h.all = calloc(o->total ? o->total : 1, sizeof(*h.all));
	if (!h.all || h.epoll < 0)
		net_die("out of memory");
	for (unsigned long i = 0; i < o->total; i++) {
		h.all[i].index = i;
		transfer_begin(&h, &h.all[i]);
	}
	hold_loop(&h);
	printf("{\"transfers\": [");
	for (unsigned long i = 0; i < o->total; i++)
		transfer_print(&h, &h.all[i]);
	printf("]}\n");
	for (unsigned long i = 0; i < o->total; i++)
		if (h.all[i].fd >= 0)
			close(h.all[i].fd);
	free(h.all);
	close(h.epoll);
}
