/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts of connections per server and per reason of failure. Failures keep
 * their times, so that a test can say which of its deeds they belong to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tools/flow.h"

#define SERVERS_MAX  256
#define REASONS_MAX  16
#define FAILURES_MAX 5000 /* with times; all of them are counted */
#define SLOW_S       0.5  /* longer: a packet was lost and sent again */

struct server_count {
	char name[FLOW_NAME_MAX];
	unsigned long count, run, longest_run;
	double first, last; /* start of its first and last connection */
};

struct reason_count {
	const char *reason;
	unsigned long count;
};

struct failure {
	const char *reason;
	double start, end;
};

struct tally {
	struct server_count servers[SERVERS_MAX];
	struct reason_count reasons[REASONS_MAX];
	struct failure failures[FAILURES_MAX];
	size_t nservers, nreasons, nfailures;
	struct server_count *before; /* server of the connection before */
	unsigned long ok, failed, slow;
	double slowest_s;
};

struct tally *tally_new(void)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		net_die("out of memory");
	return t;
}

static struct server_count *server_find(struct tally *t, const char *name)
{
	struct server_count *s;

	for (size_t i = 0; i < t->nservers; i++)
		if (!strcmp(t->servers[i].name, name))
			return &t->servers[i];
	errno = 0;
	if (t->nservers == SERVERS_MAX || strlen(name) >= FLOW_NAME_MAX)
		net_die("too many servers, or too long a name: %s", name);
	s = &t->servers[t->nservers++];
	strcpy(s->name, name);
	return s;
}

static void failure_add(struct tally *t, const struct flow_result *r)
{
	size_t i;

	t->failed++;
	for (i = 0; i < t->nreasons; i++)
		if (!strcmp(t->reasons[i].reason, r->reason))
			break;
	if (i < REASONS_MAX) {
		if (i == t->nreasons)
			t->reasons[t->nreasons++].reason = r->reason;
		t->reasons[i].count++;
	}
	if (t->nfailures < FAILURES_MAX)
		t->failures[t->nfailures++] =
		    (struct failure){ r->reason, r->start, r->end };
}

void tally_add(struct tally *t, const struct flow_result *r)
{
	struct server_count *s;

	if (!r->server) {
		failure_add(t, r);
		return;
	}
	t->ok++;
	t->slow += r->end - r->start > SLOW_S;
	if (r->end - r->start > t->slowest_s)
		t->slowest_s = r->end - r->start;
	s = server_find(t, r->server);
	s->run = s == t->before ? s->run + 1 : 1;
	if (s->run > s->longest_run)
		s->longest_run = s->run;
	if (s->count++ == 0)
		s->first = r->start;
	s->last = r->start;
	t->before = s;
}

void tally_print(const struct tally *t, double seconds, FILE *out)
{
	fprintf(out,
		"{\"connections\": %lu, \"ok\": %lu, \"failed\": %lu, "
		"\"seconds\": %.6f, \"rate\": %.1f, \"slow\": %lu, "
		"\"slowest\": %.6f, \"backends\": {",
		t->ok + t->failed, t->ok, t->failed, seconds,
		seconds > 0 ? (double)(t->ok + t->failed) / seconds : 0.0,
		t->slow, t->slowest_s);
	for (size_t i = 0; i < t->nservers; i++)
		fprintf(out,
			"%s\"%s\": {\"count\": %lu, \"longest_run\": %lu, "
			"\"first\": %.6f, \"last\": %.6f}",
			i ? ", " : "", t->servers[i].name, t->servers[i].count,
			t->servers[i].longest_run, t->servers[i].first,
			t->servers[i].last);
	fprintf(out, "}, \"failures\": {");
	for (size_t i = 0; i < t->nreasons; i++)
		fprintf(out, "%s\"%s\": %lu", i ? ", " : "",
			t->reasons[i].reason, t->reasons[i].count);
	fprintf(out, "}, \"failed_at\": [");
	for (size_t i = 0; i < t->nfailures; i++)
		fprintf(out, "%s[%.6f, %.6f, \"%s\"]", i ? ", " : "",
			t->failures[i].start, t->failures[i].end,
			t->failures[i].reason);
	fprintf(out, "]}\n");
}
