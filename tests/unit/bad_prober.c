/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A prober that misbehaves, for tests of the daemon's side. How is in the name
 * it is installed under: the daemon hands on neither arguments nor environment.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "healthcheck/protocol.h"

static int say(const void *packet, size_t len)
{
	return send(HC_PROBER_FD, packet, len, MSG_NOSIGNAL) < 0 ? 9 : 0;
}

static int say_hello(void)
{
	const struct hc_header hello = { HC_VERSION, HC_MSG_HELLO, 0 };

	return say(&hello, sizeof(hello));
}

/* Wait to be killed, or for the daemon's end to close. */
static int wait_for_the_end(void)
{
	char packet[8192];

	while (recv(HC_PROBER_FD, packet, sizeof(packet), 0) > 0)
		;
	return 0;
}

static int mute(void)
{
	return wait_for_the_end();
}

/* It takes its time to start, each time. */
static int slow(void)
{
	sleep(6);
	say_hello();
	return wait_for_the_end();
}

static int say_stats(uint32_t count)
{
	const struct {
		struct hc_header head;
		struct hc_stats stats;
	} packet = { { HC_VERSION, HC_MSG_STATS, count }, { .probes = 1 } };

	return say(&packet, sizeof(packet));
}

/* It lives, but reads nothing. */
static int deaf(void)
{
	say_hello();
	while (say_stats(1) == 0)
		sleep(1);
	return 0;
}

/* It reads, but has nothing to say any more. */
static int silent(void)
{
	say_hello();
	return wait_for_the_end();
}

static int counts(void)
{
	say_hello();
	say_stats(2);
	return wait_for_the_end();
}

static int leaver(void)
{
	say_hello();
	return 3;
}

static _Noreturn int closer(void)
{
	say_hello();
	close(HC_PROBER_FD);
	for (;;)
		pause();
}

static int garbage(void)
{
	say_hello();
	say("garbage that is long enough", 28);
	return wait_for_the_end();
}

static int say_result(struct hc_result result, uint32_t count)
{
	struct {
		struct hc_header head;
		struct hc_result result;
	} packet = { { HC_VERSION, HC_MSG_RESULT, count }, result };

	say(&packet, sizeof(packet));
	return wait_for_the_end();
}

/* The first job that the daemon gives; its spec comes before. */
static uint32_t first_job(void)
{
	static struct {
		struct hc_header head;
		union {
			struct hc_job jobs[HC_RECORDS_MAX];
			char part[sizeof(struct hc_part) + HC_PART_MAX];
		} of;
	} packet;

	say_hello();
	do {
		if (recv(HC_PROBER_FD, &packet, sizeof(packet), 0) <= 0)
			_exit(0);
	} while (packet.head.type != HC_MSG_JOB);
	return packet.of.jobs[0].id;
}

static int reason(void)
{
	return say_result(
	    (struct hc_result){ .id = first_job(), .reason = HC_REASON_MAX },
	    1);
}

static int duration(void)
{
	return say_result(
	    (struct hc_result){ .id = first_job(), .duration_us = UINT32_MAX },
	    1);
}

static int phase(void)
{
	return say_result(
	    (struct hc_result){ .id = first_job(), .first_us = UINT32_MAX }, 1);
}

static int value(void)
{
	return say_result((struct hc_result){ .id = first_job(),
					      .value = HUGE_VAL,
					      .has_value = 1 },
			  1);
}

static int values(void)
{
	return say_result(
	    (struct hc_result){ .id = first_job(), .has_value = 2 }, 1);
}

static int count(void)
{
	return say_result((struct hc_result){ .id = first_job() }, 2);
}

static int says(void)
{
	return say_result((struct hc_result){ .id = first_job(), .says = 0xff },
			  1);
}

static int stranger(void)
{
	return say_result((struct hc_result){ .id = first_job() + 1000 }, 1);
}

static int early(void)
{
	return say_result((struct hc_result){ .id = 1 << 20 }, 1);
}

/* Well-behaved, but it cannot probe. */
static int helpless(void)
{
	return say_result(
	    (struct hc_result){ .id = first_job(), .reason = HC_LOCAL }, 1);
}

static const struct {
	const char *name;
	int (*run)(void);
} ways[] = {
	{ "mute", mute },         { "deaf", deaf },
	{ "leaver", leaver },     { "closer", closer },
	{ "garbage", garbage },   { "reason", reason },
	{ "duration", duration }, { "count", count },
	{ "stranger", stranger }, { "early", early },
	{ "helpless", helpless }, { "silent", silent },
	{ "slow", slow },         { "counts", counts },
	{ "says", says },         { "phase", phase },
	{ "value", value },       { "values", values },
};

int main(void)
{
	char path[4096] = { 0 };
	const char *name;

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return 99;
	name = strrchr(path, '/') + 1;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, name))
			return ways[i].run();
	return 98;
}
