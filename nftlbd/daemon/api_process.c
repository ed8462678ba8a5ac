/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the API process.
 *
 *   start -> (hello) -> ready -> death -> wait -> start
 *
 * Whatever is wrong with it has one answer: it is killed, and child_cb() starts
 * the next. How long is waited for each: respawn.h. It keeps nothing that could
 * be lost but the connections of its clients.
 *
 * Invariants: pid != 0 exactly while a child is not reaped; fd >= 0 only then.
 * Must not know: what is served.
 */
#include "daemon/api_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/respawn.h"
#include "daemon/spawn.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define CLOSE_S          2
#define PACKETS_PER_TURN 32
#define NOFILE           1024 /* clients, streams to us, and some */

_Static_assert(NOFILE > API_CONNECTIONS * 5 + API_STREAMS, "generations too");

struct api_process {
	struct ev_loop *loop;
	const char *path;
	const struct api_process_ops *ops;
	void *arg;
	pid_t pid;
	int fd;
	bool wanted, ready;
	char why[128]; /* we killed it because; "" = it died by itself */
	struct respawn again;
	ev_io in;
	ev_child child;
	ev_timer hello, restart;
};

static void life_quiet(struct api_process *p)
{
	ev_io_stop(p->loop, &p->in);
	ev_timer_stop(p->loop, &p->hello);
	p->ready = false;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void life_end(struct api_process *p, const char *why)
{
	if (!p->why[0])
		snprintf(p->why, sizeof(p->why), "%s", why);
	life_quiet(p);
	if (p->pid)
		kill(p->pid, SIGKILL);
}

static void restart_later(struct api_process *p)
{
	ev_timer_set(&p->restart, respawn_delay(&p->again), 0);
	ev_timer_start(p->loop, &p->restart);
}

static void child_cb(struct ev_loop *loop, ev_child *w, int revents)
{
	struct api_process *p = w->data;
	char words[128];

	ev_child_stop(loop, w);
	life_quiet(p);
	p->pid = 0;
	respawn_words(w->rstatus, p->why, words, sizeof(words));
	if (!p->wanted)
		return;
	respawn_ends(&p->again, ev_time());
	restart_later(p);
	p->ops->gone(p->arg, words);
}

/* ---- what it says */

static const char *packet_take(struct api_process *p,
			       const struct api_packet *packet, int fd)
{
	if ((packet->type == API_HELLO) == p->ready) {
		if (fd >= 0)
			close(fd);
		return p->ready ? "said hello twice" : "said no hello";
	}
	if (packet->type != API_HELLO)
		return p->ops->packet(p->arg, packet, fd);
	p->ready = true;
	respawn_hello(&p->again);
	ev_timer_stop(p->loop, &p->hello);
	p->ops->ready(p->arg);
	return NULL;
}

/* NULL, or what is wrong; *more: there may be another one. */
static const char *packet_read(struct api_process *p, bool *more)
{
	struct api_packet packet;
	int fds[API_PACKET_FDS];
	size_t nfds;
	ssize_t n = api_packet_receive(p->fd, &packet, fds, &nfds);
	const char *wrong;

	*more = n > 0;
	if (n == -EAGAIN || n == -EINTR)
		return NULL;
	if (n <= 0)
		return ""; /* it ends: child_cb() will know how */
	wrong = api_packet_wrong(&packet, (size_t)n, nfds, true);
	for (size_t i = wrong ? 0 : 1; i < nfds; i++)
		close(fds[i]);
	if (!wrong)
		wrong = packet_take(p, &packet, nfds ? fds[0] : -1);
	explicit_bzero(packet.text, sizeof(packet.text));
	return wrong;
}

static void in_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct api_process *p = w->data;
	const char *wrong = NULL;
	bool more = true;

	for (int i = 0; i < PACKETS_PER_TURN && more && !wrong; i++) {
		wrong = packet_read(p, &more);
		more = more && p->fd >= 0;
	}
	if (wrong)
		life_end(p, wrong);
}

static void hello_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct api_process *p = w->data;

	respawn_no_hello(&p->again);
	life_end(p, "no hello");
}

/* ---- begin and end */

static void life_begin(struct api_process *p)
{
	const struct spawn_plan plan = { .name = "nftlb-api",
					 .path = p->path,
					 .user = p->ops->user(p->arg),
					 .nofile = NOFILE };
	double hello_s = respawn_begins(&p->again, ev_time());
	struct err err = { "" };

	p->why[0] = '\0';
	if (spawn_program(&plan, &p->pid, &p->fd, &err) < 0) {
		p->pid = 0;
		p->fd = -1;
		log_error("nftlb-api: %s", err.msg);
		restart_later(p);
		return;
	}
	ev_child_set(&p->child, p->pid, 0);
	ev_child_start(p->loop, &p->child);
	ev_io_set(&p->in, p->fd, EV_READ);
	ev_io_start(p->loop, &p->in);
	ev_timer_set(&p->hello, hello_s, 0);
	ev_timer_start(p->loop, &p->hello);
}

static void restart_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	life_begin(w->data);
}

struct api_process *api_process_open(struct ev_loop *loop, const char *path,
				     const struct api_process_ops *ops,
				     void *arg)
{
	struct api_process *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->path = path;
	p->ops = ops;
	p->arg = arg;
	p->fd = -1;
	ev_init(&p->in, in_cb);
	ev_init(&p->child, child_cb);
	ev_init(&p->hello, hello_cb);
	ev_init(&p->restart, restart_cb);
	p->in.data = p->child.data = p->hello.data = p->restart.data = p;
	return p;
}

void api_process_want(struct api_process *p, bool wanted)
{
	bool was = p->wanted;

	p->wanted = wanted;
	if (wanted && !was && !p->pid) {
		p->again.delay_s = 0;
		life_begin(p);
	} else if (!wanted) {
		ev_timer_stop(p->loop, &p->restart);
		life_end(p, "is not needed any more");
	}
}

void api_process_close(struct api_process *p)
{
	if (!p)
		return;
	life_quiet(p); /* closes its socket: it leaves */
	ev_timer_stop(p->loop, &p->restart);
	ev_child_stop(p->loop, &p->child);
	if (p->pid)
		spawn_wait(p->pid, CLOSE_S);
	free(p);
}

bool api_process_ready(const struct api_process *p)
{
	return p->ready;
}

void api_process_send(struct api_process *p, const struct api_packet *packet,
		      const int *fds, size_t nfds)
{
	if (p->fd >= 0 && api_packet_send(p->fd, packet, fds, nfds) < 0)
		life_end(p, "does not read");
}
