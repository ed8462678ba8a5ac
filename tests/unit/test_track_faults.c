/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker where the kernel does not say all, and with real packets: losses,
 * refusals, entries without events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tests/unit/netns.h"
#include "tests/unit/track_fixture.h"

/* ---- losses and refusals */

static void lost_events_are_repaired(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(6);
	list = many_entries(r);
	events.receive_buffer = 8192;
	rig_want(r, RIG_MATCHES);
	rig_dumps(r, 1);
	for (int i = 0; i < 4; i++) {
		churn(list, 2000);
		rig_settle(r);
	}
	assert_true(rig_stats(r).lost >= 4);
	assert_int_equal(ct_add(list + 3000, MANY - 3000), 0);
	rig_run(r, 3); /* the repair is under way */
	churn(list, 2000);
	rig_settle(r);
	assert_int_equal(netns_run("conntrack -F 2>/dev/null"), 0);
	rig_settle(r);
	rig_dumps(r, rig_stats(r).dumps + 1);
	assert_int_equal(rig_stats(r).entries, 0);
	free(list);
}

static void kernel_that_refuses_is_asked_again(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(7);
	list = random_entries(2000);
	assert_int_equal(ct_add(list, 2000), 0);
	kernel.send_errors = 1;
	kernel.interrupts = 2;
	kernel.refuse_filter = true;
	r->match[0] = (struct flow_match){
		.proto = list->proto,
		.vip = list->vip,
		.port_lo = list->vip_port,
		.port_hi = list->vip_port,
		.backend = list->backend,
		.backend_port = list->backend_port,
	};
	rig_want(r, 1);
	rig_settle(r);
	assert_int_equal(kernel.send_errors + kernel.interrupts, 0);
	kernel.overruns = 1; /* of the next audit */
	ct_delete(list, 1000);
	while (kernel.overruns)
		rig_run(r, 5);
	rig_settle(r);
	free(list);
}

static void kernel_without_events_is_asked_often(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(8);
	list = random_entries(2000);
	assert_int_equal(kernel_says(0), 0);
	random_matches(r, RIG_MATCHES);
	rig_dumps(r, 1);
	ct_add(list, 2000);
	rig_settle(r);
	assert_int_equal(rig_stats(r).events, 0);
	assert_int_equal(kernel_says(2), 0);
	free(list);
}

/* Where nothing is told, idleness is no reason to look seldom. */
static void kernel_without_events_is_told_of(void **state)
{
	struct rig *r = *state;
	ev_tstamp begun;

	random_matches(r, RIG_MATCHES);
	rig_dumps(r, 2);
	assert_false(rig_stats(r).blind);
	assert_int_equal(kernel_says(0), 0);
	while (!rig_stats(r).blind)
		rig_run(r, 5);
	begun = ev_time();
	rig_dumps(r, rig_stats(r).dumps + 3); /* else 7 s at least */
	assert_true(ev_time() - begun < 5);
	assert_int_equal(kernel_says(2), 0);
	while (rig_stats(r).blind)
		rig_run(r, 5);
}

static void entries_that_expire_count_no_more(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(9);
	list = random_entries(2000);
	for (size_t i = 0; i < 2000; i += 2)
		list[i].timeout_s = 1;
	random_matches(r, RIG_MATCHES);
	rig_dumps(r, 1);
	assert_int_equal(ct_add(list, 2000), 0);
	rig_settle(r);
	rig_run(r, 1100); /* no condition to wait for: time is the subject */
	rig_settle(r);
	assert_true(rig_stats(r).entries > 10);
	free(list);
}

/* ---- a clock that somebody sets */

static time_t clock_step_s;

/* Instead of libev's. */
ev_tstamp ev_now(struct ev_loop *loop)
{
	return ev_time() + (ev_tstamp)clock_step_s;
}

static void clock_that_is_set_holds_up_nothing(void **state)
{
	struct rig *r = *state;
	struct ct *list = random_entries(100);

	random_matches(r, RIG_MATCHES);
	rig_dumps(r, 2);
	clock_step_s = -86400;
	rig_dumps(r, rig_stats(r).dumps + 1);
	ct_add(list, 100);
	rig_settle(r);
	clock_step_s = 0;
	rig_dumps(r, rig_stats(r).dumps + 1);
	free(list);
}

/* ---- real packets, of whose events the filter drops what changes no count */

static struct sockaddr_in sockaddr_of(uint32_t ip, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip),
	};
}

#define VIP     0xc6336401u /* 198.51.100.1 */
#define BACKEND 0x7f000002u

static int listen_at(int type)
{
	struct sockaddr_in at = sockaddr_of(BACKEND, 8080);
	int fd = socket(AF_INET, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int open_flow(int type)
{
	struct sockaddr_in to = sockaddr_of(VIP, 80);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(connect(fd, (void *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	return fd;
}

static struct flow_match match_of(uint8_t proto)
{
	struct flow_match m = { .proto = proto,
				.port_lo = 80,
				.port_hi = 80,
				.backend_port = 8080 };

	assert_int_equal(addr_parse("198.51.100.1", &m.vip), 0);
	assert_int_equal(addr_parse("127.0.0.2", &m.backend), 0);
	return m;
}

#define FLOWS 32

/* Half of them end from one side, and the other's acknowledgement does not
 * come: what is told of FIN_WAIT is all that is told. */
static void end_halfway(struct rig *r, const int *fds)
{
	assert_int_equal(
	    netns_run("nft 'table ip lossy { chain c { type filter hook output "
		      "priority -300; tcp sport 8080 tcp flags == ack drop; "
		      "}; }'"),
	    0);
	for (int i = 0; i < FLOWS; i += 2)
		shutdown(fds[i], SHUT_WR);
	rig_settle(r);
	rig_dumps(r, rig_stats(r).dumps + 1);
	assert_int_equal(rig_stats(r).drift, 0); /* no audit found it */
	assert_int_equal(track_counts(r->t)[0].established, FLOWS / 2);
	assert_int_equal(track_counts(r->t)[0].open, FLOWS);
	assert_int_equal(netns_run("nft delete table ip lossy"), 0);
}

static void follows_real_connections(void **state)
{
	int tcp = listen_at(SOCK_STREAM), udp = listen_at(SOCK_DGRAM);
	int fds[FLOWS], ends[FLOWS], datagrams[FLOWS];
	struct rig *r = *state;

	assert_int_equal(
	    netns_run("ip addr add 198.51.100.1/32 dev lo;"
		      "nft 'table ip t { chain c { type nat hook output "
		      "priority -100; meta l4proto { tcp, udp } "
		      "ip daddr 198.51.100.1 th dport 80 "
		      "dnat to 127.0.0.2:8080; }; }'"),
	    0);
	r->match[0] = match_of(IPPROTO_TCP);
	r->match[1] = match_of(IPPROTO_UDP);
	r->cell[1] = 1;
	rig_want(r, 2);
	rig_dumps(r, 1);
	for (int i = 0; i < FLOWS; i++) {
		fds[i] = open_flow(SOCK_STREAM);
		ends[i] = accept(tcp, NULL, NULL);
		datagrams[i] = open_flow(SOCK_DGRAM);
	}
	rig_settle(r);
	assert_int_equal(track_counts(r->t)[0].established, FLOWS);
	assert_int_equal(track_counts(r->t)[1].established, FLOWS);
	/* of TCP not SYN_RECV, of UDP the new ones */
	assert_true(rig_stats(r).events <= FLOWS * 2 + FLOWS);
	end_halfway(r, fds);
	for (int i = 0; i < FLOWS; i++)
		close(ends[i]);
	for (int i = 0; i < FLOWS; i++) {
		close(fds[i]);
		close(datagrams[i]);
	}
	rig_settle(r);
	assert_int_equal(track_counts(r->t)[0].open, 0);
	/* nor LAST_ACK */
	assert_true(rig_stats(r).events <= FLOWS * 5 + FLOWS);
	close(tcp);
	close(udp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
		T(lost_events_are_repaired),
		T(kernel_that_refuses_is_asked_again),
		T(kernel_without_events_is_asked_often),
		T(kernel_without_events_is_told_of),
		T(entries_that_expire_count_no_more),
		T(clock_that_is_set_holds_up_nothing),
		T(follows_real_connections),
	};

	if (netns_enter() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
