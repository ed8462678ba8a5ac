/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flows against the running kernel, in a network namespace of its own: what is
 * cut is exactly what an oracle says, counts are exact, and a kernel that
 * refuses, interrupts or overruns does not change that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tests/unit/flows_fixture.h"
#include "tests/unit/netns.h"

/* ---- cutting */

/* Insert, cut by @njobs random jobs, compare. */
static void cut_and_compare(struct fixture *t, size_t n, size_t njobs)
{
	struct ct *list = random_entries(n);
	struct flow_match *jobs = xcalloc(njobs, sizeof(*jobs));
	uint64_t before = flows_cut_total(t->flows);
	size_t left = 0;

	for (size_t i = 0; i < njobs; i++)
		jobs[i] = random_match();
	assert_int_equal(ct_add(list, n), 0);
	flows_cut(t->flows, jobs, njobs / 2);
	flows_cut(t->flows, jobs + njobs / 2, njobs - njobs / 2);
	run_all(t);
	for (size_t i = 0; i < n; i++) {
		bool cut = false;

		for (size_t j = 0; j < njobs; j++)
			cut |= oracle_fits(&jobs[j], &list[i]);
		if (!cut)
			list[left++] = list[i];
	}
	if (njobs > 10)
		assert_true(left < n && left > 0);
	assert_int_equal(flows_cut_total(t->flows) - before, n - left);
	assert_table_is(list, left);
	free(list);
	free(jobs);
	assert_int_equal(netns_run("conntrack -F 2>/dev/null"), 0);
}

static void cuts_what_fits_and_nothing_else(void **state)
{
	rnd_seed(1);
	for (int i = 0; i < 20; i++)
		cut_and_compare(*state, 1500, 1 + rnd(40));
}

/* One job alone, or several on one backend: the kernel filters. */
static void cuts_the_same_with_the_kernels_filter(void **state)
{
	rnd_seed(7);
	for (int i = 0; i < 24; i++)
		cut_and_compare(*state, 1000, 1);
	assert_true(kernel.filtered >= 24);
	assert_true(flows_cut_total(((struct fixture *)*state)->flows) > 20);
}

static void cuts_the_same_without_the_kernels_filter(void **state)
{
	rnd_seed(2);
	kernel.refuse_filter = true;
	for (int i = 0; i < 10; i++)
		cut_and_compare(*state, 500, 1);
	assert_int_equal(kernel.filtered, 1); /* refused once, asked once */
}

static void cuts_through_interrupts_and_overruns(void **state)
{
	rnd_seed(3);
	for (int i = 0; i < 6; i++) {
		kernel.dumps = 0;
		kernel.interrupts = i % 2 ? 2 : 0;
		kernel.overruns = i % 3 ? 1 : 0;
		kernel.send_errors = i == 3 ? 2 : 0;
		cut_and_compare(*state, 1500, 20);
		/* two passes, and at least one run more */
		if (i % 2 || i % 3)
			assert_true(kernel.dumps > 2);
	}
}

/* How many entries a dump with this filter gives. */
static long dump_count(const struct flow_filter *filter)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	_Alignas(struct nlmsghdr) char piece[32768];
	bool done = false;
	long n = 0;

	mnl_socket_sendto(nl, piece, flow_msg_dump(piece, 7, filter));
	while (!done) {
		int len = (int)mnl_socket_recvfrom(nl, piece, sizeof(piece));
		struct nlmsghdr *nlh = (void *)piece;

		assert_true(len > 0);
		while (mnl_nlmsg_ok(nlh, len)) {
			assert_int_not_equal(nlh->nlmsg_type, NLMSG_ERROR);
			done = nlh->nlmsg_type == NLMSG_DONE;
			n += !done;
			nlh = mnl_nlmsg_next(nlh, &len);
		}
	}
	mnl_socket_close(nl);
	return n;
}

static void filter_of_the_kernel_narrows(void **state)
{
	struct ct *list;

	rnd_seed(4);
	list = random_entries(2000);
	assert_int_equal(ct_add(list, 2000), 0);
	for (int v6 = 0; v6 < 2; v6++) {
		struct flow_want w = {
			.match = { .proto = IPPROTO_UDP,
				   .backend = addr_of(v6, 3, 1) },
		};
		struct flow_filter filter = flow_index_filter(&w, 1);
		long want = 0;

		for (int i = 0; i < 2000; i++) {
			const struct addr *b = &list[i].backend;

			if (list[i].proto != IPPROTO_UDP)
				continue;
			/* IPv6: by family and protocol only */
			want += v6 ? b->family == AF_INET6
				   : addr_cmp(b, &w.match.backend) == 0;
		}
		assert_true(want > 50 && want < 700);
		assert_int_equal(dump_count(&filter), want);
	}
	free(list);
}

/* The message that deletes one entry, as flows would send it. */
static size_t first_delete_message(void *msg)
{
	_Alignas(struct nlmsghdr) char piece[32768];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	struct flow_filter filter = { 0 };
	struct flow_entry e;

	mnl_socket_sendto(nl, piece, flow_msg_dump(piece, 1, &filter));
	assert_true(mnl_socket_recvfrom(nl, piece, sizeof(piece)) > 0);
	mnl_socket_close(nl);
	assert_int_equal(flow_parse((void *)piece, &e), 0);
	return flow_msg_delete(msg, &e);
}

/* A flow ends, and before our message comes the same client port has another
 * one, to another backend or from another service; often in the same memory. */
static void later_flow_of_the_client_is_spared(void **state)
{
	_Alignas(struct nlmsghdr) char msg[FLOW_MSG_MAX];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	struct ct *list;
	size_t len;

	rnd_seed(5);
	list = random_entries(1);
	list->client = addr_of(false, 1, 0);
	list->vip = addr_of(false, 2, 0);
	list->backend = addr_of(false, 3, 0);
	assert_int_equal(ct_add(list, 1), 0);
	len = first_delete_message(msg);
	assert_true(len > 0);
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(netns_run("conntrack -F 2>/dev/null"), 0);
		if (i % 2) /* the same to the client, or to the backend */
			list->backend = addr_of(false, 4, i);
		else
			list->vip = addr_of(false, 5, i);
		assert_int_equal(ct_add(list, 1), 0);
		assert_int_equal(mnl_socket_sendto(nl, msg, len), len);
		assert_table_is(list, 1);
	}
	/* and the message does work on the entry it names */
	len = first_delete_message(msg);
	assert_int_equal(mnl_socket_sendto(nl, msg, len), len);
	assert_table_is(list, 0);
	mnl_socket_close(nl);
	free(list);
}

/* ---- counting */

/* Only the first two of three answers look at established ones alone. */
static bool counts_in(int answer, const struct ct *c)
{
	if (c->proto == IPPROTO_UDP)
		return true;
	if (answer < 2)
		return c->tcp_state == TCP_CONNTRACK_ESTABLISHED;
	return c->tcp_state != TCP_CONNTRACK_TIME_WAIT &&
	       c->tcp_state != TCP_CONNTRACK_CLOSE;
}

static void counts_are_exact(void **state)
{
	struct fixture *t = *state;
	struct flow_match jobs[3][16];
	struct answer answers[3] = { 0 };
	struct ct *list;

	rnd_seed(6);
	list = random_entries(3000);
	assert_int_equal(ct_add(list, 3000), 0);
	kernel.interrupts = 1; /* the first run must leave nothing behind */
	for (int r = 0; r < 3; r++) {
		for (int i = 0; i < 16; i++)
			jobs[r][i] = random_match();
		jobs[r][15] = jobs[r][0]; /* never the first that fits */
		(r < 2 ? flows_count : flows_count_open)(t->flows, jobs[r], 16,
							 answered, &answers[r]);
	}
	assert_int_equal(answers[0].calls, 0);
	for (int r = 0; r < 3; r++)
		run_until(t, &answers[r].calls, 1);
	for (int r = 0; r < 3; r++) {
		uint64_t want[16] = { 0 }, sum = 0;

		for (int i = 0; i < 3000; i++) {
			int j = 0;

			while (j < 16 && !oracle_fits(&jobs[r][j], &list[i]))
				j++;
			if (j < 16 && counts_in(r, &list[i]))
				want[j]++;
		}
		for (int j = 0; j < 16; j++) {
			assert_int_equal(answers[r].counts[j], want[j]);
			sum += want[j];
		}
		assert_true(sum > 50);
		assert_int_equal(want[15], 0);
		assert_int_equal(answers[r].calls, 1);
		assert_int_equal(answers[r].status, 0);
	}
	free(list);
}

static void callback_may_ask_again(void **state)
{
	struct fixture *t = *state;
	struct flow_match m = random_match();
	struct answer a = { .fixture = t, .again = &m };

	flows_count(t->flows, &m, 1, answered, &a);
	run_until(t, &a.calls, 2);
	assert_int_equal(a.status, 0);
}

static void failure_is_answered_once(void **state)
{
	struct fixture *t = *state;
	struct flow_match m = random_match();
	struct answer a = { 0 };

	kernel.send_errors = 100;
	flows_count(t->flows, &m, 1, answered, &a);
	assert_int_equal(a.calls, 0);
	run_until(t, &a.calls, 1);
	assert_int_equal(a.status, -ENOBUFS);
	kernel.send_errors = 0;
	flows_count(t->flows, &m, 1, answered, &a);
	run_until(t, &a.calls, 2);
	assert_int_equal(a.status, 0);
}

static void close_answers_what_waits(void **state)
{
	struct fixture *t = *state;
	struct flow_match m = random_match();
	struct answer running = { 0 }, waiting = { 0 };

	flows_count(t->flows, &m, 1, answered, &running);
	flows_count(t->flows, &m, 1, answered, &waiting);
	flows_close(t->flows);
	t->flows = NULL;
	assert_int_equal(running.calls, 1);
	assert_int_equal(running.status, -ECANCELED);
	assert_int_equal(waiting.calls, 1);
	assert_int_equal(waiting.status, -ECANCELED);
}

/* ---- size */

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

enum { ENTRIES = 100000, JOBS = 10000 };

/* 100,000 entries on 10,000 pairs of service and backend. */
static struct ct *many_entries(void)
{
	struct ct *list = xcalloc(ENTRIES, sizeof(*list));

	for (uint32_t i = 0; i < ENTRIES; i++)
		list[i] = (struct ct){
			.proto = IPPROTO_UDP,
			.client = addr_of(false, 1, i / 50000),
			.client_port = (uint16_t)(1024 + i % 50000),
			.vip = addr_of(false, 2, i % JOBS),
			.vip_port = 53,
			.backend = addr_of(false, 3, i % JOBS),
			.backend_port = 5353,
		};
	assert_int_equal(ct_add(list, ENTRIES), 0);
	return list;
}

/* A job for each pair; every second one fits. */
static struct flow_match *many_jobs(void)
{
	struct flow_match *jobs = xcalloc(JOBS, sizeof(*jobs));

	for (uint32_t i = 0; i < JOBS; i++)
		jobs[i] = (struct flow_match){
			.proto = IPPROTO_UDP,
			.vip = addr_of(false, 2, i),
			.port_lo = 53,
			.port_hi = 53,
			.backend = addr_of(false, 3, i),
			.backend_port = (uint16_t)(i % 2 ? 5353 : 53),
		};
	return jobs;
}

static void many_jobs_cost_one_pass(void **state)
{
	struct fixture *t = *state;
	struct ct *list = many_entries();
	struct flow_match *jobs = many_jobs();
	struct answer a = { 0 };
	size_t left = 0;
	double start;

	start = now_ms();
	flows_count(t->flows, jobs, 16, answered, &a);
	run_until(t, &a.calls, 1);
	print_message("a pass over 100,000 entries: %.0f ms\n",
		      now_ms() - start);
	kernel.dumps = 0;
	start = now_ms();
	flows_cut(t->flows, jobs, JOBS);
	flows_count(t->flows, jobs, 1, answered, &a);
	run_until(t, &a.calls, 2);
	print_message("10,000 jobs, 50,000 of 100,000 cut: %.0f ms\n",
		      now_ms() - start);
	assert_true(kernel.dumps <= 2); /* the cuts, then the count */
	assert_int_equal(flows_cut_total(t->flows), ENTRIES / 2);
	for (uint32_t i = 0; i < ENTRIES; i++)
		if (i % JOBS % 2 == 0)
			list[left++] = list[i];
	assert_table_is(list, left);
	start = now_ms();
	jobs[2].backend_port = 5353;
	flows_cut(t->flows, &jobs[2], 1);
	flows_count(t->flows, &jobs[2], 1, answered, &a);
	run_until(t, &a.calls, 3);
	print_message("one backend of 50,000 entries, twice: %.0f ms\n",
		      now_ms() - start);
	assert_int_equal(flows_cut_total(t->flows), ENTRIES / 2 + 10);
	free(list);
	free(jobs);
}

/* ---- real traffic */

/* All are open at once: a port that is given out twice would be one flow. */
static void send_udp(const char *dst, uint16_t port, int times)
{
	struct sockaddr_storage ss;
	struct addr a;
	socklen_t len;
	int fds[64];

	assert_in_range(times, 1, 64);
	assert_int_equal(addr_parse(dst, &a), 0);
	len = addr_sockaddr(&a, port, &ss);
	for (int i = 0; i < times; i++) {
		fds[i] = socket(a.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		sendto(fds[i], "x", 1, 0, (void *)&ss, len);
	}
	for (int i = 0; i < times; i++)
		close(fds[i]);
}

static void cuts_flows_that_nft_balanced(void **state)
{
	struct fixture *t = *state;
	struct flow_match m[2] = { 0 };
	struct ct *have;

	assert_int_equal(
	    netns_run("ip addr add 198.51.100.1/32 dev lo;"
		      "nft 'table ip t { chain c { type nat hook output "
		      "priority -100; ip daddr 198.51.100.1 udp dport 53 "
		      "dnat to numgen inc mod 2 map { 0 : 127.0.0.2 . 5353, "
		      "1 : 127.0.0.3 . 5353 } ; } ; }'"),
	    0);
	send_udp("198.51.100.1", 53, 40); /* 20 to each */
	send_udp("198.51.100.1", 54, 5);
	send_udp("127.0.0.2", 5353, 3); /* past the service */
	assert_int_equal(ct_read(&have), 48);
	free(have);
	m[0] = (struct flow_match){ .proto = IPPROTO_UDP,
				    .port_lo = 53,
				    .port_hi = 53,
				    .backend_port = 5353 };
	addr_parse("198.51.100.1", &m[0].vip);
	addr_parse("127.0.0.2", &m[0].backend);
	flows_cut(t->flows, m, 1);
	run_all(t);
	assert_int_equal(flows_cut_total(t->flows), 20);
	assert_int_equal(ct_read(&have), 28);
	free(have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, flows_setup, flows_teardown)
		T(cuts_what_fits_and_nothing_else),
		T(cuts_the_same_with_the_kernels_filter),
		T(cuts_the_same_without_the_kernels_filter),
		T(cuts_through_interrupts_and_overruns),
		T(filter_of_the_kernel_narrows),
		T(later_flow_of_the_client_is_spared),
		T(counts_are_exact),
		T(callback_may_ask_again),
		T(failure_is_answered_once),
		T(close_answers_what_waits),
		T(many_jobs_cost_one_pass),
		T(cuts_flows_that_nft_balanced),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace: may we have one?\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
