/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ICMP check: one echo request; its reply, or an error that quotes it. All
 * probes share one socket for each family (icmp_socket.h).
 *
 * A probe under way has a slot; the lower 16 bits of its number are the
 * request's sequence number. What comes is believed if it is from (an error:
 * about) the address of the probe in such a slot, and has the probe's cookie.
 *
 * Invariants: a slot is a probe's from start to cancel. A probe that looks is
 * told by its `reason`; others are finished as their packets are read.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/icmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/clock.h"
#include "healthcheck/icmp_socket.h"
#include "healthcheck/shared.h"
#include "healthcheck/socket.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define FAMILIES        2
#define SEQUENCES       65536
#define BATCHES_WAKE    8   /* then other watchers have their turn */
#define BATCHES_LOOK    512 /* all that a socket's buffer can hold */
#define REOPEN_AFTER_US 1000000

struct way {
	struct icmp_socket socket;
	struct ev_io io;
	struct icmp *icmp;
	uint64_t failed_us; /* when it could not be opened; 0 = it could */
	bool told;          /* that it sends from no given address */
};

struct icmp {
	struct ev_loop *loop;
	struct way ways[FAMILIES];
	struct check **slots; /* NULL = free */
	size_t nslots, cap_slots;
	uint32_t *free_slots; /* a stack */
	size_t nfree, cap_free;
	const struct check *looking; /* is not finished by what is read */
};

/* ---- slots ---- */

static uint32_t slot_take(struct icmp *i, struct check *c)
{
	if (!i->nfree) {
		*VEC_PUSH(i->slots, i->nslots, i->cap_slots) = c;
		return (uint32_t)i->nslots - 1;
	}
	i->slots[i->free_slots[--i->nfree]] = c;
	return i->free_slots[i->nfree];
}

static void slot_give_back(struct icmp *i, uint32_t slot)
{
	i->slots[slot] = NULL;
	*VEC_PUSH(i->free_slots, i->nfree, i->cap_free) = slot;
}

static struct check *probe_find(const struct icmp *i,
				const struct icmp_seen *seen,
				const struct addr *about)
{
	for (size_t n = seen->seq; n < i->nslots; n += SEQUENCES) {
		struct check *c = i->slots[n];

		if (c && addr_cmp(&c->of.icmp.to, about) == 0 &&
		    seen->cookie == c->of.icmp.cookie)
			return c;
	}
	return NULL;
}

/* ---- what comes ---- */

static void on_message(void *arg, const struct icmp_seen *seen,
		       const struct addr *about)
{
	struct icmp *i = arg;
	struct check *c = probe_find(i, seen, about);

	if (!c || c->of.icmp.reason != CHECK_RUNNING)
		return;
	c->of.icmp.reason = seen->is_error ? HC_UNREACHABLE : HC_OK;
	if (!seen->is_error)
		check_phase_end(c, &c->phases.first_us);
	c->detail = seen->is_error ? seen->why : 0;
	if (c != i->looking)
		check_finish(c, (enum hc_reason)c->of.icmp.reason);
}

static void way_read(const struct way *w, int batches)
{
	while (batches-- > 0 &&
	       icmp_socket_receive(&w->socket, on_message, w->icmp))
		;
}

static void way_cb(struct ev_loop *loop, struct ev_io *io, int events)
{
	way_read(io->data, BATCHES_WAKE);
}

/* ---- the sockets ---- */

/* A socket that cannot be had is not asked for again with each probe. */
static int way_open(struct way *w, int family)
{
	struct ev_loop *loop = w->icmp->loop;
	int rc;

	if (w->socket.fd >= 0)
		return 0;
	if (w->failed_us && clock_now_us() - w->failed_us < REOPEN_AFTER_US)
		return -EAGAIN;
	rc = icmp_socket_open(&w->socket, family);
	if (rc < 0 && !w->failed_us)
		log_warning("icmp checks of IPv%d cannot run: no raw socket "
			    "from nftlbd, no ping socket "
			    "(net.ipv4.ping_group_range): %s",
			    family == AF_INET6 ? 6 : 4, strerror(-rc));
	w->failed_us = rc < 0 ? clock_now_us() : 0;
	if (rc < 0)
		return rc;
	ev_io_set(&w->io, w->socket.fd, EV_READ);
	ev_io_start(loop, &w->io);
	return 0;
}

static void way_close(struct way *w)
{
	ev_io_stop(w->icmp->loop, &w->io);
	icmp_socket_close(&w->socket);
}

static void *icmp_open(struct ev_loop *loop)
{
	struct icmp *i = xcalloc(1, sizeof(*i));

	i->loop = loop;
	for (size_t n = 0; n < FAMILIES; n++) {
		struct way *w = &i->ways[n];

		w->icmp = i;
		w->socket.fd = -1;
		ev_init(&w->io, way_cb);
		w->io.data = w;
	}
	return i;
}

static void icmp_close(void *object)
{
	struct icmp *i = object;

	for (size_t n = 0; n < FAMILIES; n++)
		way_close(&i->ways[n]);
	free(i->slots);
	free(i->free_slots);
	free(i);
}

static const struct shared_kind icmp_kind = { icmp_open, icmp_close };

/* ---- the check ---- */

const char *icmp_prepare(struct spec *s, struct ev_loop *loop)
{
	s->prepared = shared_hold(loop, &icmp_kind);
	return NULL;
}

void icmp_release(struct spec *s)
{
	struct icmp *i = s->prepared;

	shared_drop(i->loop, &icmp_kind);
	s->prepared = NULL;
}

static struct way *way_of(const struct check *c)
{
	const struct icmp_check *t = &c->of.icmp;

	return &t->icmp->ways[t->to.family == AF_INET6];
}

/*
 * Why no request could be sent. A source address that is not ours looks like a
 * missing route here: bind() tells them apart.
 */
static int send_reason(const struct check *c, const struct hc_job *job,
		       int error)
{
	struct way *w = way_of(c);
	int fd;

	if (error == EOPNOTSUPP) {
		if (!w->told)
			log_warning("icmp checks of IPv6 with source-address "
				    "cannot run without a raw socket");
		w->told = true;
		return HC_LOCAL;
	}
	fd = probe_socket(c->spec, job, SOCK_DGRAM);
	if (fd < 0)
		return probe_reason(-fd);
	close(fd);
	return probe_reason(error);
}

int icmp_start(struct check *c, const struct hc_job *job)
{
	struct icmp *i = c->spec->prepared;
	struct icmp_check *t = &c->of.icmp;
	int rc;

	memset(t, 0, sizeof(*t));
	t->reason = CHECK_RUNNING;
	t->to.family = job->family;
	memcpy(t->to.ip, job->ip, sizeof(t->to.ip));
	if (way_open(&i->ways[job->family == AF_INET6], job->family) < 0 ||
	    getrandom(&t->cookie, sizeof(t->cookie), 0) != sizeof(t->cookie))
		return HC_LOCAL;
	t->icmp = i;
	t->slot = slot_take(i, c);
	check_phase_begin(c);
	rc = icmp_socket_send(&way_of(c)->socket, &c->spec->of, &t->to,
			      (uint16_t)t->slot, t->cookie);
	return rc < 0 ? send_reason(c, job, -rc) : CHECK_RUNNING;
}

int icmp_look(struct check *c)
{
	struct icmp_check *t = &c->of.icmp;

	t->icmp->looking = c;
	way_read(way_of(c), BATCHES_LOOK);
	t->icmp->looking = NULL;
	return t->reason;
}

void icmp_cancel(struct check *c)
{
	struct icmp_check *t = &c->of.icmp;

	if (t->icmp)
		slot_give_back(t->icmp, t->slot);
	t->icmp = NULL;
}
