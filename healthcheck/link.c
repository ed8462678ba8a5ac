/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's end of the socketpair: packets of the daemon are validated and
 * handed on record by record; results of one turn of the loop leave together.
 *
 * Invariants: nothing that is not the protocol gets past packet_take(): the
 * first bad packet ends the process, since both ends are of one build and a
 * daemon that we misunderstand is worse than none. A full socket loses nothing:
 * results wait in the queue (one per job at most) until it can be written.
 *
 * Must not know how checks work or when they run.
 */
#include "healthcheck/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "healthcheck/checks.h"
#include "lib/log.h"

#define PACKETS_PER_TURN 16 /* then let the checks have their turn */

struct packet_in {
	struct hc_header head;
	union {
		struct hc_job jobs[HC_RECORDS_MAX];
		struct hc_stop stops[HC_RECORDS_MAX];
	} of;
};

struct packet_out {
	struct hc_header head;
	struct hc_result results[HC_RECORDS_MAX];
};

static bool interval_valid(uint32_t interval_ms, const struct hc_job *j)
{
	return interval_ms >= 100 && interval_ms <= 3600000 &&
	       interval_ms >= j->timeout_ms;
}

static bool job_valid(const struct hc_job *j)
{
	const struct check_ops *ops = check_ops_of(j->type);

	return ops && (j->family == AF_INET || j->family == AF_INET6) &&
	       interval_valid(j->interval_ms, j) &&
	       interval_valid(j->fast_ms, j) && interval_valid(j->down_ms, j) &&
	       j->timeout_ms >= 10 && j->first_ms <= 3600000 &&
	       j->jitter_pct <= 50 && j->rise >= 1 && j->rise <= 1000 &&
	       j->fall >= 1 && j->fall <= 1000 &&
	       (j->port != 0 || !ops->needs_port) &&
	       memchr(j->name, '\0', sizeof(j->name));
}

/* All records are looked at before the first one is acted on. */
static const char *jobs_take(struct link *l, const struct packet_in *p)
{
	for (uint32_t i = 0; i < p->head.count; i++)
		if (!job_valid(&p->of.jobs[i]))
			return "a job out of range";
	for (uint32_t i = 0; i < p->head.count; i++)
		l->ops->job(l->arg, &p->of.jobs[i]);
	return NULL;
}

static const char *stops_take(struct link *l, const struct packet_in *p)
{
	for (uint32_t i = 0; i < p->head.count; i++)
		l->ops->stop(l->arg, p->of.stops[i].id);
	return NULL;
}

static const struct {
	size_t record;
	const char *(*take)(struct link *l, const struct packet_in *p);
} messages[] = {
	[HC_MSG_JOB] = { sizeof(struct hc_job), jobs_take },
	[HC_MSG_STOP] = { sizeof(struct hc_stop), stops_take },
};

/* Returns NULL, or what is wrong with the packet. */
static const char *packet_take(struct link *l, const struct packet_in *p,
			       size_t len)
{
	if (len < sizeof(p->head))
		return "shorter than its header";
	if (p->head.version != HC_VERSION)
		return "another version";
	if (p->head.type >= sizeof(messages) / sizeof(messages[0]) ||
	    !messages[p->head.type].take)
		return "an unknown type";
	if (p->head.count == 0 || p->head.count > HC_RECORDS_MAX)
		return "a count out of range";
	if (len !=
	    sizeof(p->head) + p->head.count * messages[p->head.type].record)
		return "a length that does not fit its count";
	return messages[p->head.type].take(l, p);
}

static void link_end(struct link *l, int status)
{
	l->status = status;
	ev_break(l->loop, EVBREAK_ALL);
}

static void in_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct link *l = w->data;
	struct packet_in p;

	for (int i = 0; i < PACKETS_PER_TURN; i++) {
		ssize_t n =
		    recv(w->fd, &p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
		const char *wrong;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			link_end(l, 0);
			return;
		}
		if (n < 0) {
			log_error("link: %s", strerror(errno));
			link_end(l, 1);
			return;
		}
		wrong = packet_take(l, &p, (size_t)n);
		if (wrong) {
			log_error("link: bad packet of %zd bytes: %s", n,
				  wrong);
			link_end(l, 1);
			return;
		}
	}
}

/* Returns whether the packet has gone. */
static bool packet_send(struct link *l, const void *packet, size_t len)
{
	if (send(l->in.fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS ||
	    errno == ENOMEM) {
		ev_io_start(l->loop, &l->out);
		return false;
	}
	/* The daemon is gone: in_cb() will say so. */
	return false;
}

static void results_send(struct link *l)
{
	struct packet_out p = { .head = { .version = HC_VERSION,
					  .type = HC_MSG_RESULT } };
	struct link_result *r;

	while (!TAILQ_EMPTY(&l->queue)) {
		p.head.count = 0;
		TAILQ_FOREACH(r, &l->queue, entry)
		{
			p.results[p.head.count++] = r->result;
			if (p.head.count == HC_RECORDS_MAX)
				break;
		}
		if (!packet_send(l, &p,
				 sizeof(p.head) +
				     p.head.count * sizeof(p.results[0])))
			return;
		while (p.head.count--)
			link_drop(l, TAILQ_FIRST(&l->queue));
	}
	ev_io_stop(l->loop, &l->out);
}

static void out_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	results_send(w->data);
}

/* Before the loop sleeps: what this turn found out. */
static void flush_cb(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct link *l = w->data;

	if (!TAILQ_EMPTY(&l->queue) && !ev_is_active(&l->out))
		results_send(l);
}

void link_push(struct link *l, struct link_result *r)
{
	r->queued = true;
	TAILQ_INSERT_TAIL(&l->queue, r, entry);
}

void link_drop(struct link *l, struct link_result *r)
{
	if (!r->queued)
		return;
	r->queued = false;
	TAILQ_REMOVE(&l->queue, r, entry);
}

static int hello_send(int fd)
{
	const struct hc_header hello = { .version = HC_VERSION,
					 .type = HC_MSG_HELLO };

	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int link_open(struct link *l, struct ev_loop *loop, int fd,
	      const struct link_ops *ops, void *arg)
{
	int type, rc;
	socklen_t len = sizeof(type);

	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->ops = ops;
	l->arg = arg;
	TAILQ_INIT(&l->queue);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -errno;
	if (type != SOCK_SEQPACKET)
		return -EPROTOTYPE;
	rc = hello_send(fd);
	if (rc < 0)
		return rc;
	ev_io_init(&l->in, in_cb, fd, EV_READ);
	ev_io_init(&l->out, out_cb, fd, EV_WRITE);
	ev_prepare_init(&l->flush, flush_cb);
	l->in.data = l->out.data = l->flush.data = l;
	ev_io_start(loop, &l->in);
	ev_prepare_start(loop, &l->flush);
	return 0;
}

void link_close(struct link *l)
{
	ev_io_stop(l->loop, &l->in);
	ev_io_stop(l->loop, &l->out);
	ev_prepare_stop(l->loop, &l->flush);
}
