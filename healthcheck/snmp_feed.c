/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snmp feed: the number that an object is, as it is. Of a counter it is
 * how fast it counts, between the last two probes: so its first probe, and the
 * first one after the agent began anew, have no value (HC_IGNORED).
 *
 * Must not know what the value means.
 */
#include "healthcheck/snmp_feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/clock.h"
#include "lib/xalloc.h"

struct feed_memory {
	struct snmp_memory base;
	bool plain; /* no counter: nothing more has to be asked for */
	bool counted;
	struct counter_time time;
	uint64_t count;
	unsigned int bits;
};

/* ---- what feeds have in common ---- */

static void memory_free(void *memory)
{
	const struct snmp_memory *m = memory;

	snmp_session_drop(m->session);
	free(memory);
}

void *snmp_memory_of(struct check *c, const struct hc_job *job, size_t size)
{
	const struct snmp_shared *shared = c->spec->prepared;
	struct snmp_memory *m;

	if (c->memory)
		return c->memory;
	m = xcalloc(1, size);
	m->session = snmp_session_of(shared->sessions, &c->spec->of, job);
	c->memory = m;
	c->memory_free = memory_free;
	return m;
}

struct snmp_name snmp_uptime_name(void)
{
	static const unsigned long uptime[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 };

	return (struct snmp_name){ uptime, sizeof(uptime) / sizeof(*uptime) };
}

struct counter_time snmp_time_now(const struct snmp_value *uptime)
{
	return (struct counter_time){
		.at_us = clock_now_us(),
		.has_uptime = uptime->kind == SNMP_NUMBER,
		.uptime_cs = (uint32_t)uptime->number,
	};
}

/* ---- the feed ---- */

/* UCD-SNMP-MIB's figures of memory go up and down, but the newer ones
 * (memSysAvail, what Linux calls MemAvailable) are sent as counters, since SNMP
 * has no gauge of 64 bits: the MIB's CounterBasedGauge64. */
static bool is_gauge(const struct snmp_shared *shared)
{
	static const unsigned long memory[] = { 1, 3, 6, 1, 4, 1, 2021, 4 };

	return shared->noid >= sizeof(memory) / sizeof(*memory) &&
	       memcmp(shared->oid, memory, sizeof(memory)) == 0;
}

static int count_judge(struct check *c, struct feed_memory *m,
		       const struct snmp_value *v,
		       const struct snmp_value *uptime)
{
	struct counter_time now = snmp_time_now(uptime);

	if (m->counted && m->bits == v->counts)
		c->has_value = counter_rate(&m->time, m->count, &now, v->count,
					    v->counts, &c->value);
	m->counted = true;
	m->time = now;
	m->count = v->count;
	m->bits = v->counts;
	return c->has_value ? HC_OK : HC_IGNORED;
}

static int value_take(struct check *c, struct snmp_run *r,
		      const struct snmp_pdu *pdu)
{
	struct snmp_value values[SNMP_NAMES_MAX];
	const struct snmp_value *v = &values[0];
	struct feed_memory *m = c->memory;
	bool counts;

	if (!snmp_answers(r, pdu, values))
		return SNMP_UNREADABLE;
	if (v->kind != SNMP_NUMBER || !isfinite(v->real))
		return HC_CONTENT;
	counts = v->counts && !is_gauge(c->spec->prepared);
	m->plain = !counts;
	if (counts && r->ask.n > 1)
		return count_judge(c, m, v, &values[1]);
	if (counts) /* it was none before: from the next probe on */
		return HC_IGNORED;
	m->counted = false;
	c->has_value = true;
	c->value = v->real;
	return HC_OK;
}

int snmp_feed_start(struct check *c, const struct hc_job *job)
{
	const struct snmp_shared *shared = c->spec->prepared;
	struct feed_memory *m = snmp_memory_of(c, job, sizeof(*m));
	struct snmp_run *r = xcalloc(1, sizeof(*r));

	c->of.own = r;
	r->answered = value_take;
	r->ask = (struct snmp_ask){
		.type = SNMP_PDU_GET,
		.names = { { shared->oid, shared->noid }, snmp_uptime_name() },
		.n = m->plain ? 1 : 2,
	};
	return snmp_run_start(c, r, job, m->base.session);
}
