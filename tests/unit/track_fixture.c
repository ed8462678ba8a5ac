/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See track_fixture.h. */
#include "tests/unit/track_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/xalloc.h"
#include "rulesets/track_impl.h"
#include "tests/unit/netns.h"

#define PATIENCE_S  90 /* a machine may be busy */
#define AUDIT_SHARE 25 /* of a core, in parts of 100 */

/* ---- a kernel that misbehaves (linked with --wrap) */

struct event_faults events;

int __real_recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags,
		    struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags,
		    struct timespec *timeout);
int __real_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);

int __wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags,
		    struct timespec *timeout)
{
	events.reads++;
	return __real_recvmmsg(fd, m, n, flags, timeout);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_RCVBUFFORCE &&
	    events.receive_buffer)
		value = &events.receive_buffer;
	return __real_setsockopt(fd, level, name, value, len);
}

int __real_track_dump_begin(struct track_dump *d, const struct flow_want *wants,
			    size_t n, unsigned int share);
int __wrap_track_dump_begin(struct track_dump *d, const struct flow_want *wants,
			    size_t n, unsigned int share);

int __wrap_track_dump_begin(struct track_dump *d, const struct flow_want *wants,
			    size_t n, unsigned int share)
{
	if (share)
		share = events.audit_share ? events.audit_share : AUDIT_SHARE;
	return __real_track_dump_begin(d, wants, n, share);
}

/* ---- a tracker */

int rig_setup(void **state)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	struct err err;

	memset(&kernel, 0, sizeof(kernel));
	memset(&events, 0, sizeof(events));
	r->loop = ev_loop_new(0);
	assert_int_equal(track_open(&r->t, r->loop, &err), 0);
	*state = r;
	return netns_run("conntrack -F 2>/dev/null");
}

int rig_teardown(void **state)
{
	struct rig *r = *state;

	track_close(r->t);
	ev_loop_destroy(r->loop);
	free(r);
	return 0;
}

void rig_want(struct rig *r, size_t n)
{
	r->n = n;
	r->ncells = 0;
	for (size_t i = 0; i < n; i++)
		if (r->cell[i] >= r->ncells)
			r->ncells = r->cell[i] + 1;
	track_want(r->t, r->match, r->cell, n, r->ncells);
}

struct track_stats rig_stats(const struct rig *r)
{
	struct track_stats s;

	track_stats(r->t, &s);
	return s;
}

/* ---- the table's contents */

void random_matches(struct rig *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		r->match[i] = random_match();
		r->cell[i] = i / 8;
	}
	rig_want(r, n);
}

uint8_t random_state(void)
{
	return (uint8_t)(TCP_CONNTRACK_SYN_SENT + rnd(9));
}

void churn(struct ct *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = i, len = 1;

		list[i].tcp_state = random_state();
		switch (rnd(3)) {
		case 0:
			ct_add(list + from, len);
			break;
		case 1:
			ct_change(list + from, len);
			break;
		default:
			ct_delete(list + from, len);
		}
	}
}

struct ct *many_entries(struct rig *r)
{
	struct ct *list = random_entries(MANY);

	for (uint32_t i = 0; i < RIG_MATCHES; i++) {
		r->cell[i] = i / 8;
		r->match[i] = (struct flow_match){
			.proto = i % 2 ? IPPROTO_UDP : IPPROTO_TCP,
			.vip = addr_of(i / 2 % 2, 2, i / 4 % 3),
			.port_lo = 80,
			.port_hi = 83,
			.backend = addr_of(i / 2 % 2, 3, i / 12 % 5),
			.backend_port = 80,
		};
	}
	for (uint32_t i = 0; i < MANY; i++)
		list[i].backend_port = 80;
	return list;
}

int kernel_says(int how)
{
	return netns_run("sysctl -qw net.netfilter.nf_conntrack_events=%d",
			 how);
}

/* ---- the oracle */

static void count(const struct rig *r, const struct ct *c,
		  struct track_count *cells)
{
	struct track_count *cell;
	size_t i = 0;

	while (i < r->n && !oracle_fits(&r->match[i], c))
		i++;
	if (i == r->n)
		return;
	cell = &cells[r->cell[i]];
	cell->established += c->proto != IPPROTO_TCP ||
			     c->tcp_state == TCP_CONNTRACK_ESTABLISHED;
	cell->open += c->proto != IPPROTO_TCP ||
		      (c->tcp_state != TCP_CONNTRACK_TIME_WAIT &&
		       c->tcp_state != TCP_CONNTRACK_CLOSE);
}

static bool compare(const struct rig *r, bool say)
{
	struct track_count cells[RIG_MATCHES] = { 0 };
	const struct track_count *have = track_counts(r->t);
	bool right = have != NULL;
	struct ct *list;
	long n = ct_read(&list);

	assert_true(n >= 0);
	for (long i = 0; i < n; i++)
		count(r, &list[i], cells);
	free(list);
	for (size_t i = 0; have && i < r->ncells; i++) {
		if (have[i].known &&
		    have[i].established == cells[i].established &&
		    have[i].open == cells[i].open)
			continue;
		right = false;
		if (say)
			print_message("cell %zu: %s %llu/%llu, not %llu/%llu\n",
				      i, have[i].known ? "known" : "unknown",
				      (unsigned long long)have[i].established,
				      (unsigned long long)have[i].open,
				      (unsigned long long)cells[i].established,
				      (unsigned long long)cells[i].open);
	}
	return right;
}

bool rig_right(const struct rig *r)
{
	return compare(r, false);
}

static void tick(struct ev_loop *loop, ev_timer *w, int revents)
{
}

/* One turn, of 5 ms at most. */
static void turn(struct rig *r)
{
	ev_timer timer;

	ev_timer_init(&timer, tick, 0.005, 0);
	ev_timer_start(r->loop, &timer);
	ev_run(r->loop, EVRUN_ONCE);
	ev_timer_stop(r->loop, &timer);
}

void rig_run(struct rig *r, int ms)
{
	ev_tstamp until = ev_time() + ms / 1000.0;

	while (ev_time() < until)
		turn(r);
}

/* The oracle takes long: no less time for the tracker. */
void rig_settle(struct rig *r)
{
	ev_tstamp until = ev_time() + PATIENCE_S, begun = ev_time();

	while (!rig_right(r)) {
		rig_run(r, 20 + (int)(1000 * (ev_time() - begun)));
		if (ev_time() > until) {
			compare(r, true);
			fail_msg("the counts stayed wrong");
		}
		begun = ev_time();
	}
}

void rig_entries(struct rig *r, uint64_t n)
{
	ev_tstamp until = ev_time() + PATIENCE_S;

	while (rig_stats(r).entries != n) {
		assert_true(ev_time() < until);
		turn(r);
	}
}

void rig_audit(struct rig *r)
{
	unsigned int begun = kernel.dumps;
	ev_tstamp until = ev_time() + PATIENCE_S;

	while (kernel.dumps == begun) {
		assert_true(ev_time() < until);
		turn(r);
	}
	rig_dumps(r, rig_stats(r).dumps + 1);
}

void rig_dumps(struct rig *r, uint64_t n)
{
	ev_tstamp until = ev_time() + PATIENCE_S;

	while (rig_stats(r).dumps < n) {
		assert_true(ev_time() < until);
		turn(r);
	}
}
