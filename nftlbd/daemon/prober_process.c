/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the prober process.
 *
 *   start -> (hello) -> running -> death -> wait -> start
 *
 * Whatever is wrong with it (no hello, a packet that is not the protocol, three
 * seconds of silence, ten without reading, its end closed) has one answer: it
 * is killed. So there is one way out of a life, child_cb(), and one place that
 * starts the next. Waiting times double, and are forgotten after a life of
 * 10 s.
 *
 * Silence is counted in beats, turns of our own loop that could have read
 * something: a daemon that was held up itself accuses nobody.
 *
 * Invariants: pid != 0 exactly while a child is not reaped; fd >= 0 only then.
 * Nothing here blocks but prober_close().
 *
 * Must not know jobs, health or the model.
 */
#include "daemon/prober_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/prober_packet.h"
#include "daemon/prober_spawn.h"
#include "daemon/respawn.h"
#include "daemon/spawn.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define LEFT_S           5.0 /* it has closed its socket, and stays */
#define STUCK_S          10.0
#define STANDS_S         0.5
#define BEAT_S           0.5
#define BEATS_MISSED     6 /* its counts come every second */
#define CLOSE_S          1
#define PACKETS_PER_TURN 64

struct prober {
	struct ev_loop *loop;
	const char *path, *role;
	const struct prober_ops *ops;
	void *arg;
	pid_t pid;
	int fd;
	bool wanted;
	bool leaves;         /* it was not wanted any more */
	bool ready;          /* it said hello */
	unsigned int silent; /* beats since it last said something */
	char why[128];       /* we killed it because; "" = it died by itself */
	unsigned int restarts;
	struct respawn again;
	struct ev_io in, out;
	struct ev_child child;
	struct ev_timer hello, beat, stuck, stands, restart;
};

static void prober_start(struct prober *p);

/* All watchers of a life stop; child_cb() comes when it is over. */
static void life_quiet(struct prober *p)
{
	ev_io_stop(p->loop, &p->in);
	ev_io_stop(p->loop, &p->out);
	ev_timer_stop(p->loop, &p->hello);
	ev_timer_stop(p->loop, &p->beat);
	ev_timer_stop(p->loop, &p->stuck);
	ev_timer_stop(p->loop, &p->stands);
	p->ready = false;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void prober_kill(struct prober *p, const char *why)
{
	if (!p->why[0])
		snprintf(p->why, sizeof(p->why), "%s", why);
	life_quiet(p);
	if (p->pid)
		kill(p->pid, SIGKILL);
}

static void prober_hangs(struct prober *p, const char *why)
{
	prober_kill(p, why);
	p->ops->stuck(p->arg, why);
}

static void restart_later(struct prober *p)
{
	ev_timer_set(&p->restart, respawn_delay(&p->again), 0);
	ev_timer_start(p->loop, &p->restart);
}

/* Stopped by a signal, or continued: alive, but for how long is it of use? */
static void child_stands(struct prober *p, bool stopped)
{
	ev_timer_stop(p->loop, &p->stands);
	if (!stopped || p->fd < 0)
		return;
	ev_timer_set(&p->stands, STANDS_S, 0);
	ev_timer_start(p->loop, &p->stands);
}

static void child_cb(struct ev_loop *loop, struct ev_child *w, int events)
{
	struct prober *p = w->data;
	char words[160];

	if (!WIFEXITED(w->rstatus) && !WIFSIGNALED(w->rstatus)) {
		child_stands(p, WIFSTOPPED(w->rstatus));
		return;
	}
	ev_child_stop(loop, w);
	life_quiet(p);
	respawn_words(w->rstatus, p->why, words, sizeof(words));
	p->pid = 0;
	respawn_ends(&p->again, ev_time());
	if (p->leaves) {
		p->leaves = false;
		if (p->wanted)
			prober_start(p);
		return;
	}
	restart_later(p);
	p->ops->gone(p->arg, words);
}

static void restart_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct prober *p = w->data;

	p->restarts++;
	prober_start(p);
}

static void hello_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct prober *p = w->data;

	if (p->fd >= 0)
		respawn_no_hello(&p->again);
	prober_kill(p, p->fd < 0 ? "closed its socket" : "no hello");
}

static void stands_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	prober_hangs(w->data, "stopped by a signal");
}

static void stuck_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	prober_hangs(w->data, "does not read");
}

static void beat_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct prober *p = w->data;

	if (++p->silent > BEATS_MISSED)
		prober_hangs(p, "says nothing any more");
}

static void hello_take(struct prober *p)
{
	p->ready = true;
	respawn_hello(&p->again);
	ev_timer_stop(p->loop, &p->hello);
	ev_timer_set(&p->beat, BEAT_S, BEAT_S);
	ev_timer_start(p->loop, &p->beat);
	p->ops->ready(p->arg, p->restarts);
}

/* NULL, or what is wrong with the packet. */
static const char *packet_take(struct prober *p,
			       const struct prober_packet *packet, size_t len)
{
	const char *wrong = prober_packet_wrong(packet, len, p->ready);

	if (wrong)
		return wrong;
	switch (packet->head.type) {
	case HC_MSG_HELLO:
		hello_take(p);
		break;
	case HC_MSG_RESULT:
		return p->ops->results(p->arg, packet->of.results,
				       packet->head.count);
	case HC_MSG_RAN:
		p->ops->ran(p->arg, packet->of.ran, packet->head.count);
		break;
	case HC_MSG_STATS:
		p->ops->stats(p->arg, &packet->of.stats);
		break;
	}
	return NULL;
}

static void in_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct prober *p = w->data;
	struct prober_packet packet;
	char words[128];

	for (int i = 0; i < PACKETS_PER_TURN && p->fd >= 0; i++) {
		ssize_t n = recv(p->fd, &packet, sizeof(packet),
				 MSG_DONTWAIT | MSG_TRUNC);
		const char *wrong;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			/* Most likely it is dead, and child_cb() will say how.
			 * If not, hello_cb() ends it. */
			life_quiet(p);
			ev_timer_set(&p->hello, LEFT_S, 0);
			ev_timer_start(p->loop, &p->hello);
			return;
		}
		p->silent = 0;
		wrong = packet_take(p, &packet, (size_t)n);
		if (wrong) {
			snprintf(words, sizeof(words), "bad packet: %s", wrong);
			prober_kill(p, words);
			return;
		}
	}
}

static void out_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct prober *p = w->data;

	ev_io_stop(loop, w);
	p->ops->writable(p->arg);
}

int prober_send(struct prober *p, const void *packet, size_t len)
{
	if (!p->ready)
		return -ENOTCONN;
	if (send(p->fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		ev_timer_stop(p->loop, &p->stuck);
		return 0;
	}
	if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS &&
	    errno != ENOMEM) {
		prober_kill(p, strerror(errno));
		return -ENOTCONN;
	}
	ev_io_start(p->loop, &p->out);
	if (!ev_is_active(&p->stuck)) {
		ev_timer_set(&p->stuck, STUCK_S, 0);
		ev_timer_start(p->loop, &p->stuck);
	}
	return -EAGAIN;
}

static void prober_start(struct prober *p)
{
	double hello_s = respawn_begins(&p->again, ev_time());
	struct err err = { "" };

	p->why[0] = '\0';
	p->silent = 0;
	if (prober_spawn(p->path, p->role, p->ops->user(p->arg), &p->pid,
			 &p->fd, &err) < 0) {
		p->pid = 0;
		p->fd = -1;
		restart_later(p);
		p->ops->gone(p->arg, err.msg);
		return;
	}
	ev_io_set(&p->in, p->fd, EV_READ);
	ev_io_set(&p->out, p->fd, EV_WRITE);
	ev_io_start(p->loop, &p->in);
	ev_child_set(&p->child, p->pid, 1); /* stops as well */
	ev_child_start(p->loop, &p->child);
	ev_timer_set(&p->hello, hello_s, 0);
	ev_timer_start(p->loop, &p->hello);
}

static void prober_leave(struct prober *p)
{
	ev_timer_stop(p->loop, &p->restart);
	if (!p->pid)
		return;
	p->leaves = true;
	life_quiet(p); /* closes its socket */
	ev_timer_set(&p->hello, CLOSE_S, 0);
	ev_timer_start(p->loop, &p->hello);
}

void prober_want(struct prober *p, bool wanted)
{
	if (p->wanted == wanted)
		return;
	p->wanted = wanted;
	p->again.delay_s = 0;
	if (!wanted)
		prober_leave(p);
	else if (!p->pid)
		prober_start(p);
}

struct prober *prober_open(struct ev_loop *loop, const char *path,
			   const char *role, const struct prober_ops *ops,
			   void *arg)
{
	struct prober *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->path = path;
	p->role = role;
	p->ops = ops;
	p->arg = arg;
	p->fd = -1;
	ev_init(&p->in, in_cb);
	ev_init(&p->out, out_cb);
	ev_init(&p->child, child_cb);
	ev_init(&p->hello, hello_cb);
	ev_init(&p->beat, beat_cb);
	ev_init(&p->stuck, stuck_cb);
	ev_init(&p->stands, stands_cb);
	ev_init(&p->restart, restart_cb);
	p->in.data = p->out.data = p->child.data = p;
	p->hello.data = p->beat.data = p;
	p->stuck.data = p->stands.data = p->restart.data = p;
	return p;
}

void prober_close(struct prober *p)
{
	life_quiet(p); /* closes its socket: it leaves */
	ev_timer_stop(p->loop, &p->restart);
	ev_child_stop(p->loop, &p->child);
	if (p->pid)
		spawn_wait(p->pid, CLOSE_S);
	free(p);
}

pid_t prober_pid(const struct prober *p)
{
	return p->pid;
}

unsigned int prober_restarts(const struct prober *p)
{
	return p->restarts;
}
