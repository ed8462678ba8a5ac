/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of engines by target: saves a round trip and the keys' hashing for
 * each probe but the first. One place for each hash, and who comes later gets
 * it: bounded whatever the jobs do, and a loss is only a round trip. Entries of
 * targets that are gone stay until displaced or until the spec goes.
 *
 * Must not know messages.
 */
#include "healthcheck/snmp_engine.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define PLACES 32768 /* a power of two */

struct entry {
	uint8_t ip[16], family;
	uint16_t port;
	struct snmp_engine engine;
};

struct snmp_engines {
	struct entry *places[PLACES];
};

/* FNV-1a */
static size_t place_of(const struct hc_job *job)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(job->ip); i++)
		hash = (hash ^ job->ip[i]) * 16777619u;
	hash = (hash ^ (job->port & 0xff)) * 16777619u;
	hash = (hash ^ (job->port >> 8)) * 16777619u;
	return (hash ^ hash >> 15) & (PLACES - 1);
}

static bool is_of(const struct entry *e, const struct hc_job *job)
{
	return e && e->family == job->family && e->port == job->port &&
	       !memcmp(e->ip, job->ip, sizeof(e->ip));
}

bool snmp_engine_recall(const struct snmp_engines *es, const struct hc_job *job,
			struct snmp_engine *e)
{
	const struct entry *entry = es->places[place_of(job)];

	if (!is_of(entry, job))
		return false;
	*e = entry->engine;
	return true;
}

void snmp_engine_keep(struct snmp_engines *es, const struct hc_job *job,
		      const struct snmp_engine *e)
{
	struct entry **at = &es->places[place_of(job)];

	if (!*at)
		*at = xcalloc(1, sizeof(**at));
	memcpy((*at)->ip, job->ip, sizeof((*at)->ip));
	(*at)->family = job->family;
	(*at)->port = job->port;
	(*at)->engine = *e;
}

void snmp_engine_forget(struct snmp_engines *es, const struct hc_job *job)
{
	struct entry **at = &es->places[place_of(job)];

	if (!is_of(*at, job))
		return;
	free(*at);
	*at = NULL;
}

uint32_t snmp_engine_time(const struct snmp_engine *e, uint64_t now_us)
{
	return e->time_s + (uint32_t)((now_us - e->learned_us) / 1000000);
}

struct snmp_engines *snmp_engines_open(void)
{
	return xcalloc(1, sizeof(struct snmp_engines));
}

void snmp_engines_close(struct snmp_engines *es)
{
	for (size_t i = 0; i < PLACES; i++)
		free(es->places[i]);
	free(es);
}
