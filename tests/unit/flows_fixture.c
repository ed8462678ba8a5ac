/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See flows_fixture.h. */
#include "tests/unit/flows_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/unit/netns.h"

/* ---- a kernel that misbehaves (linked with --wrap) */

ssize_t __real_mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
				 size_t siz);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
				 size_t siz);
ssize_t __real_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t siz);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t siz);

struct kernel_faults kernel;

/* The test's own sockets block, and are left alone. */
static bool is_ours(const struct mnl_socket *nl)
{
	return !(fcntl(mnl_socket_get_fd(nl), F_GETFL) & O_NONBLOCK);
}

static bool is_dump(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type ==
		   (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET) &&
	       (nlh->nlmsg_flags & NLM_F_DUMP);
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
				 size_t siz)
{
	_Alignas(struct nlmsghdr) char copy[FLOW_MSG_MAX];
	struct nlattr *a, *flags;
	struct nlmsghdr *nlh = (void *)copy;

	if (is_ours(nl) || !is_dump(req))
		return __real_mnl_socket_sendto(nl, req, siz);
	if (kernel.send_errors) {
		kernel.send_errors--;
		errno = ENOBUFS;
		return -1;
	}
	kernel.dumps++;
	memcpy(copy, req, siz);
	mnl_attr_for_each(a, nlh, 4) {
		if (mnl_attr_get_type(a) != CTA_FILTER)
			continue;
		kernel.filtered++;
		flags = mnl_attr_get_payload(a);
		if (kernel.refuse_filter)
			*(uint32_t *)mnl_attr_get_payload(flags) |= 1u << 31;
	}
	return __real_mnl_socket_sendto(nl, copy, siz);
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t siz)
{
	ssize_t len = __real_mnl_socket_recvfrom(nl, buf, siz);
	struct nlmsghdr *nlh = buf;

	if (len <= 0 || is_ours(nl))
		return len;
	kernel.reads++;
	if (kernel.overruns) {
		kernel.overruns--;
		errno = ENOBUFS;
		return -1;
	}
	if (kernel.interrupts && nlh->nlmsg_type != NLMSG_ERROR) {
		kernel.interrupts--;
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	}
	return len;
}

/* ---- the table's contents */

static uint64_t seed_state;

void rnd_seed(uint64_t seed)
{
	seed_state = seed;
}

uint32_t rnd(uint32_t below)
{
	seed_state = seed_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed_state >> 33) % below;
}

struct addr addr_of(bool v6, uint8_t kind, uint32_t n)
{
	struct addr a = { .family = v6 ? AF_INET6 : AF_INET };

	if (v6) {
		a.ip[0] = 0xfd;
		a.ip[3] = kind;
		a.ip[14] = n >> 8 & 0xff;
		a.ip[15] = n & 0xff;
	} else {
		a.ip[0] = 10;
		a.ip[1] = kind;
		a.ip[2] = n >> 8 & 0xff;
		a.ip[3] = n & 0xff;
	}
	return a;
}

struct ct *random_entries(size_t n)
{
	static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_TCP };
	static const uint8_t states[] = { TCP_CONNTRACK_ESTABLISHED,
					  TCP_CONNTRACK_ESTABLISHED,
					  TCP_CONNTRACK_TIME_WAIT,
					  TCP_CONNTRACK_SYN_RECV };
	struct ct *list = xcalloc(n, sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		bool v6 = rnd(2);

		list[i] = (struct ct){
			.proto = protos[rnd(2)],
			.tcp_state = states[rnd(4)],
			.client = addr_of(v6, 1, (uint32_t)(i / 20000)),
			.client_port = (uint16_t)(1024 + i % 20000),
			.vip = addr_of(v6, 2, rnd(3)),
			.vip_port = (uint16_t)(80 + rnd(4)),
			.backend = addr_of(v6, 3, rnd(5)),
			.backend_port = (uint16_t)(80 + rnd(4)),
		};
	}
	return list;
}

struct flow_match random_match(void)
{
	bool v6 = rnd(2);
	uint16_t lo = (uint16_t)(79 + rnd(5));

	return (struct flow_match){
		.proto = rnd(2) ? IPPROTO_UDP : IPPROTO_TCP,
		.vip = addr_of(v6, 2, rnd(3)),
		.port_lo = lo,
		.port_hi = (uint16_t)(lo + rnd(3)),
		.backend = addr_of(v6, 3, rnd(5)),
		.backend_port = rnd(3) ? (uint16_t)(80 + rnd(4)) : 0,
	};
}

bool oracle_fits(const struct flow_match *m, const struct ct *c)
{
	if (c->proto != m->proto || addr_cmp(&c->vip, &m->vip) != 0 ||
	    addr_cmp(&c->backend, &m->backend) != 0)
		return false;
	if (c->vip_port < m->port_lo || c->vip_port > m->port_hi)
		return false;
	if (m->backend_port == 0)
		return c->backend_port == c->vip_port;
	return c->backend_port == m->backend_port;
}

void assert_table_is(struct ct *want, size_t n)
{
	struct ct *have;
	long got = ct_read(&have);

	assert_int_equal(got, n);
	qsort(want, n, sizeof(*want), ct_cmp);
	qsort(have, n, sizeof(*have), ct_cmp);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ct_cmp(&want[i], &have[i]), 0);
	free(have);
}

/* ---- running flows until a pass is over */

void answered(void *arg, int status, const uint64_t *counts, size_t n)
{
	struct answer *a = arg;
	const struct flow_match *again = a->again;

	a->calls++;
	a->status = status;
	assert_true(n <= 16);
	if (n)
		memcpy(a->counts, counts, n * sizeof(*counts));
	a->again = NULL;
	if (again)
		flows_count(a->fixture->flows, again, 1, answered, a);
}

static void too_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	fail_msg("flows did not finish within 20 s");
}

void run_until(struct fixture *t, const int *calls, int want)
{
	ev_timer limit;

	ev_timer_init(&limit, too_late, 90, 0);
	ev_timer_start(t->loop, &limit);
	while (*calls < want)
		ev_run(t->loop, EVRUN_ONCE);
	ev_timer_stop(t->loop, &limit);
}

/* Jobs are served in order: a count queued now is answered after all. */
void run_all(struct fixture *t)
{
	struct answer a = { 0 };

	flows_count(t->flows, NULL, 0, answered, &a);
	run_until(t, &a.calls, 1);
	if (kernel.dumps == 0)
		return;
	/* the cuts may have been in the pass before or in the same */
	flows_count(t->flows, NULL, 0, answered, &a);
	run_until(t, &a.calls, 2);
	assert_int_equal(a.status, 0);
}

int flows_setup(void **state)
{
	struct fixture *t = xcalloc(1, sizeof(*t));
	struct err err;

	memset(&kernel, 0, sizeof(kernel));
	t->loop = ev_loop_new(0);
	assert_int_equal(flows_open(&t->flows, t->loop, &err), 0);
	*state = t;
	return netns_run("conntrack -F 2>/dev/null");
}

int flows_teardown(void **state)
{
	struct fixture *t = *state;

	flows_close(t->flows);
	ev_loop_destroy(t->loop);
	free(t);
	return 0;
}
