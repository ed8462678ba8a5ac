/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober and packets that are not the protocol: it exits with status 1 and
 * one line on stderr, whatever it was sent. And how it ends when all is well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prober_rig.h"

static void refuses(const void *packet, size_t len, const char *words)
{
	struct rig p;

	rig_open(&p);
	assert_int_equal(send(p.fd, packet, len, 0), len);
	rig_refused(&p, words);
}

static void test_bad_headers(void **state)
{
	static const struct {
		struct hc_header head;
		size_t len;
		const char *words;
	} bad[] = {
		{ { HC_VERSION, HC_MSG_JOB, 1 }, 1, "shorter than its header" },
		{ { HC_VERSION, HC_MSG_JOB, 1 }, 7, "shorter than its header" },
		{ { HC_VERSION + 1, HC_MSG_STOP, 1 }, 12, "another version" },
		{ { HC_VERSION, 0, 1 }, 12, "an unknown type" },
		{ { HC_VERSION, HC_MSG_HELLO, 0 }, 8, "an unknown type" },
		{ { HC_VERSION, HC_MSG_RESULT, 1 }, 20, "an unknown type" },
		{ { HC_VERSION, 0xffff, 1 }, 12, "an unknown type" },
		{ { HC_VERSION, HC_MSG_STOP, 0 }, 8, "a count out of range" },
		{ { HC_VERSION, HC_MSG_STOP, HC_RECORDS_MAX + 1 },
		  8 + 4 * (HC_RECORDS_MAX + 1),
		  "a count out of range" },
		{ { HC_VERSION, HC_MSG_STOP, UINT32_MAX },
		  12,
		  "a count out of range" },
		{ { HC_VERSION, HC_MSG_STOP, 2 },
		  12,
		  "a length that does not" },
		{ { HC_VERSION, HC_MSG_STOP, 1 },
		  13,
		  "a length that does not" },
		{ { HC_VERSION, HC_MSG_JOB, 1 },
		  sizeof(struct hc_job) + 7,
		  "a length that does not" },
		{ { HC_VERSION, HC_MSG_JOB, HC_RECORDS_MAX },
		  60000,
		  "a length that does not" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char packet[60000] = { 0 };

		memcpy(packet, &bad[i].head, sizeof(bad[i].head));
		refuses(packet, bad[i].len, bad[i].words);
	}
}

/* One good job; each row spoils one field. */
struct spoil {
	void (*spoil)(struct hc_job *j);
};

#define SPOIL(name, code)                                                      \
	static void name(struct hc_job *j)                                     \
	{                                                                      \
		code;                                                          \
	}
SPOIL(interval_short, j->interval_ms = j->timeout_ms = 99)
SPOIL(interval_long, j->interval_ms = 3600001)
SPOIL(timeout_short, j->timeout_ms = 9)
SPOIL(timeout_long, j->timeout_ms = j->interval_ms + 1)
SPOIL(first_long, j->first_ms = 3600001)
SPOIL(jitter_large, j->jitter_pct = 51)
SPOIL(port_none, j->port = 0)
SPOIL(type_unknown, j->type = HC_TYPES)
SPOIL(type_huge, j->type = 255)
SPOIL(family_none, j->family = 0)
SPOIL(family_unix, j->family = AF_UNIX)
SPOIL(fast_short, j->fast_ms = j->timeout_ms - 1)
SPOIL(fast_long, j->fast_ms = 3600001)
SPOIL(down_short, j->down_ms = j->timeout_ms - 1)
SPOIL(down_long, j->down_ms = 3600001)
SPOIL(rise_none, j->rise = 0)
SPOIL(rise_large, j->rise = 1001)
SPOIL(fall_none, j->fall = 0)
SPOIL(fall_large, j->fall = 1001)
SPOIL(name_endless, memset(j->name, 'x', sizeof(j->name)))
SPOIL(name_more_behind, j->name[5] = 'x')

static void test_bad_jobs(void **state)
{
	static const struct spoil spoils[] = {
		{ interval_short }, { interval_long }, { timeout_short },
		{ timeout_long },   { first_long },    { jitter_large },
		{ port_none },      { type_unknown },  { type_huge },
		{ family_none },    { family_unix },   { fast_short },
		{ fast_long },      { down_short },    { down_long },
		{ rise_none },      { rise_large },    { fall_none },
		{ fall_large },     { name_endless },  { name_more_behind },
	};
	struct listener l;

	listener_open(&l, AF_INET, 64);
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		struct {
			struct hc_header head;
			struct hc_job jobs[2];
		} packet = {
			.head = { HC_VERSION, HC_MSG_JOB, 2 },
			.jobs = { rig_job(1, &l, 1000, 1000),
				  rig_job(2, &l, 1000, 1000) },
		};

		spoils[i].spoil(&packet.jobs[1]);
		refuses(&packet, sizeof(packet), "a job out of range");
	}
	listener_close(&l);
}

static void test_random_packets_never_crash_it(void **state)
{
	unsigned short seed[3] = { 1, 2, 3 };

	for (int round = 0; round < 50; round++) {
		unsigned char packet[256];
		size_t len = 8 + (size_t)(nrand48(seed) % 248);
		struct hc_header head = { HC_VERSION,
					  (uint16_t)(nrand48(seed) % 11),
					  (uint32_t)(nrand48(seed) % 8) };
		struct rig p;
		int status;

		for (size_t i = 0; i < len; i++)
			packet[i] = (unsigned char)nrand48(seed);
		memcpy(packet, &head, sizeof(head));
		rig_open(&p);
		assert_int_equal(send(p.fd, packet, len, 0), len);
		status = rig_end(&p);
		assert_in_range(status, 0, 1);
		if (status == 1)
			rig_said(&p, "bad packet");
		else
			close(p.err);
	}
}

static void test_ends_with_the_daemon(void **state)
{
	struct hc_job j;
	struct listener l;
	struct rig p;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l); /* a probe is under way for ever */
	rig_open(&p);
	j = rig_job(1, &l, 3600000, 3600000);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_end(&p), 0);
	close(p.err);
	listener_close(&l);
}

static void test_wants_to_be_started_by_the_daemon(void **state)
{
	struct rig p;

	rig_spawn(&p, -1);
	assert_int_equal(rig_end(&p), 2);
	rig_said(&p, "nftlbd starts this program");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_bad_jobs),
		cmocka_unit_test(test_random_packets_never_crash_it),
		cmocka_unit_test(test_ends_with_the_daemon),
		cmocka_unit_test(test_wants_to_be_started_by_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
