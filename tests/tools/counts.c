/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For ./lab bench counts: a tracker by itself, and a conntrack table for it.
 *
 *   counts fill N          N entries, of 100 services with 10 backends each
 *   counts churn RATE S    so many flows a second begin, live and end
 *   counts track           prints a line of JSON each second; for each line on
 *                          its standard input, what an independent dump says
 *   counts naive S         the same counts by a dump each second
 */
#include <errno.h>
#include <ev.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "rulesets/track.h"
#include "tests/unit/conntrack.h"

#define SERVICES 100u
#define BACKENDS 10u
#define MATCHES  (SERVICES * BACKENDS)
#define TICKS    20 /* a second, of the churn */

static struct addr address(uint32_t kind, uint32_t n)
{
	return (struct addr){
		.family = AF_INET,
		.ip = { 10, (uint8_t)(kind + (n >> 16)), (uint8_t)(n >> 8),
			(uint8_t)n },
	};
}

/* One service in ten is of UDP. */
static uint8_t protocol(uint32_t match)
{
	return match / BACKENDS % 10 == 9 ? IPPROTO_UDP : IPPROTO_TCP;
}

static struct flow_match match_of(uint32_t i)
{
	return (struct flow_match){
		.proto = protocol(i),
		.vip = address(200, i / BACKENDS),
		.port_lo = 80,
		.port_hi = 80,
		.backend = address(210, i),
		.backend_port = 8080,
	};
}

/* Flow number @i; those of @kind 100 and 180 are others. */
static struct ct flow_of(uint32_t kind, uint32_t i)
{
	return (struct ct){
		.proto = protocol(i % MATCHES),
		.tcp_state = TCP_CONNTRACK_ESTABLISHED,
		.client = address(kind, i / 50000),
		.client_port = (uint16_t)(1024 + i % 50000),
		.vip = address(200, i % MATCHES / BACKENDS),
		.vip_port = 80,
		.backend = address(210, i % MATCHES),
		.backend_port = 8080,
	};
}

static int fill(uint32_t n)
{
	struct ct *list = xcalloc(n, sizeof(*list));
	int ret;

	for (uint32_t i = 0; i < n; i++)
		list[i] = flow_of(100, i);
	ret = ct_add(list, n);
	if (ret < 0)
		fprintf(stderr, "fill: %s\n", strerror(-ret));
	free(list);
	return ret < 0;
}

/* What a TCP flow goes through; the kernel says each to those who listen. */
static const uint8_t life[] = { TCP_CONNTRACK_SYN_RECV,
				TCP_CONNTRACK_ESTABLISHED,
				TCP_CONNTRACK_FIN_WAIT, TCP_CONNTRACK_LAST_ACK,
				TCP_CONNTRACK_TIME_WAIT };

static void live(struct ct *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		list[i].tcp_state = TCP_CONNTRACK_SYN_SENT;
	ct_add(list, n);
	for (size_t s = 0; s < sizeof(life); s++) {
		for (uint32_t i = 0; i < n; i++)
			list[i].tcp_state = life[s];
		ct_change(list, n);
	}
}

/* Each tick a twentieth of the rate begins and lives; what began a second ago
 * ends. */
static int churn(uint32_t rate, uint32_t seconds)
{
	uint32_t n = rate / TICKS, number = 0;
	struct ct *list[TICKS] = { 0 };
	ev_tstamp next = ev_time();

	for (uint32_t t = 0; t < (seconds + 1) * TICKS; t++) {
		struct ct **now = &list[t % TICKS];

		if (*now)
			ct_delete(*now, n);
		else
			*now = xcalloc(n ? n : 1, sizeof(**now));
		for (uint32_t i = 0; i < n; i++)
			(*now)[i] = flow_of(180, number++ % 500000);
		if (t < seconds * TICKS)
			live(*now, n);
		next += 1.0 / TICKS;
		if (next > ev_time())
			ev_sleep(next - ev_time());
	}
	return 0;
}

/* ---- the tracker, and what it costs */

struct bench {
	struct ev_loop *loop;
	struct tracker *t;
	struct flow_match match[MATCHES];
	size_t cell[MATCHES];
	double cpu_s; /* at the last line */
	ev_tstamp line;
	double turn_s, held_s; /* CPU: when this turn began, the longest */
};

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void say(struct bench *b)
{
	struct track_stats s;
	double cpu = cpu_s();
	ev_tstamp now = ev_time();

	track_stats(b->t, &s);
	printf("{\"cpu\": %.4f, \"held_ms\": %.1f, \"known\": %s, "
	       "\"entries\": %llu, \"events\": %llu, \"lost\": %llu, "
	       "\"dumps\": %llu, \"drift\": %llu}\n",
	       (cpu - b->cpu_s) / (now - b->line), 1e3 * b->held_s,
	       track_counts(b->t) ? "true" : "false",
	       (unsigned long long)s.entries, (unsigned long long)s.events,
	       (unsigned long long)s.lost, (unsigned long long)s.dumps,
	       (unsigned long long)s.drift);
	fflush(stdout);
	b->cpu_s = cpu_s();
	b->line = now;
	b->held_s = 0;
}

static void second_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	say(w->data);
}

static void woken_cb(struct ev_loop *loop, ev_check *w, int revents)
{
	((struct bench *)w->data)->turn_s = cpu_s();
}

static void resting_cb(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct bench *b = w->data;

	double held = b->turn_s > 0 ? cpu_s() - b->turn_s : 0;

	if (held > b->held_s)
		b->held_s = held;
}

/* Say how many counts differ from those of a dump made now. */
static void compare(struct bench *b)
{
	const struct track_count *have = track_counts(b->t);
	uint64_t want[MATCHES] = { 0 }, sum = 0;
	size_t wrong = 0;
	struct ct *list;
	long n = ct_read(&list);

	for (long i = 0; i < n; i++) {
		uint32_t service, m;

		if (list[i].vip.ip[1] != 200)
			continue;
		service = list[i].vip.ip[3];
		m = (uint32_t)list[i].backend.ip[2] << 8 |
		    list[i].backend.ip[3];
		want[m] += service == m / BACKENDS &&
			   (list[i].proto == IPPROTO_UDP ||
			    list[i].tcp_state == TCP_CONNTRACK_ESTABLISHED);
	}
	free(list);
	for (uint32_t m = 0; m < MATCHES; m++) {
		sum += want[m];
		wrong += !have || have[m].established != want[m];
	}
	printf("{\"wrong\": %zu, \"of\": %u, \"entries\": %ld, "
	       "\"established\": %llu}\n",
	       wrong, MATCHES, n, (unsigned long long)sum);
	fflush(stdout);
}

static void asked_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct bench *b = w->data;
	char line[64];

	if (read(STDIN_FILENO, line, sizeof(line)) <= 0) {
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	compare(b);
	b->cpu_s = b->turn_s = cpu_s();
	b->line = ev_time();
}

static int track(void)
{
	struct bench b = { .loop = ev_default_loop(0), .line = ev_time() };
	struct err err;
	ev_timer second;
	ev_check woken;
	ev_prepare resting;
	ev_io asked;

	if (track_open(&b.t, b.loop, &err) < 0)
		return 1;
	for (uint32_t i = 0; i < MATCHES; i++) {
		b.match[i] = match_of(i);
		b.cell[i] = i;
	}
	track_want(b.t, b.match, b.cell, MATCHES, MATCHES);
	ev_timer_init(&second, second_cb, 1, 1);
	ev_check_init(&woken, woken_cb);
	ev_prepare_init(&resting, resting_cb);
	ev_io_init(&asked, asked_cb, STDIN_FILENO, EV_READ);
	second.data = woken.data = resting.data = asked.data = &b;
	ev_set_priority(&woken, EV_MAXPRI);
	ev_timer_start(b.loop, &second);
	ev_check_start(b.loop, &woken);
	ev_prepare_start(b.loop, &resting);
	ev_io_start(b.loop, &asked);
	ev_run(b.loop, 0);
	track_close(b.t);
	return 0;
}

/* ---- the other way */

static void counted(void *arg, int status, const uint64_t *counts, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += counts[i];
	printf("{\"status\": %d, \"established\": %llu, \"cpu_s\": %.4f}\n",
	       status, (unsigned long long)sum, cpu_s());
	fflush(stdout);
	ev_break(arg, EVBREAK_ALL);
}

static int naive(uint32_t times)
{
	struct ev_loop *loop = ev_default_loop(0);
	struct flow_match match[MATCHES];
	struct flows *f;
	struct err err;

	if (flows_open(&f, loop, &err) < 0)
		return 1;
	for (uint32_t i = 0; i < MATCHES; i++)
		match[i] = match_of(i);
	for (uint32_t i = 0; i < times; i++) {
		flows_count(f, match, MATCHES, counted, loop);
		ev_run(loop, 0);
	}
	flows_close(f);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t a = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	uint32_t b = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

	if (argc == 3 && !strcmp(argv[1], "fill"))
		return fill(a);
	if (argc == 4 && !strcmp(argv[1], "churn"))
		return churn(a, b);
	if (argc == 2 && !strcmp(argv[1], "track"))
		return track();
	if (argc == 3 && !strcmp(argv[1], "naive"))
		return naive(a);
	fprintf(stderr, "usage: counts fill N | churn RATE SECONDS | track | "
			"naive TIMES\n");
	return 2;
}
