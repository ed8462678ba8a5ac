/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cpu feed: what a host says of its CPUs. There are three ways to ask, in
 * this order, and the first one that is answered is kept for the host:
 *
 *  - UCD-SNMP-MIB's counters of ticks (Net-SNMP, on any system): the usage
 *    between the last two answers that differ. Net-SNMP reads its figures every
 *    five seconds; an answer as before has no news (HC_IGNORED), and so has the
 *    first one.
 *  - hrProcessorLoad (HOST-RESOURCES-MIB): the mean of all processors, each
 * over its last minute.
 *  - the load average of the last minute for each processor.
 *
 * Invariants: the way is chosen again after a probe that failed, and nothing of
 * before it counts. Rows and counters are only read from whole answers.
 *
 * Must not know how the agent is asked (snmp_run.c), nor what is made of it.
 */
#include "healthcheck/cpu.h"

#include <stdlib.h>

#include "healthcheck/cpu_usage.h"
#include "healthcheck/snmp.h"
#include "healthcheck/snmp_feed.h"
#include "healthcheck/snmp_walk.h"
#include "lib/xalloc.h"

enum way { WAY_TICKS, WAY_PROCESSORS, WAY_CORES, WAY_LOAD, WAYS };

/* What is remembered of a host. */
struct cpu_memory {
	struct snmp_memory base;
	enum way way; /* the one to ask in first */
	bool good;    /* the last probe was */
	bool counted; /* there is @before */
	struct cpu_ticks before;
	unsigned int cores; /* for WAY_LOAD; 0 = not known */
};

struct cpu_run {
	struct snmp_run run;
	enum way way;
	struct snmp_walk walk;
};

static void way_ask(struct check *c, struct cpu_run *own, enum way way);

/* The agent does not have what was asked for. */
static int way_next(struct check *c, struct cpu_run *own)
{
	if (own->way + 1 == WAYS)
		return HC_CONTENT;
	way_ask(c, own, own->way + 1);
	return snmp_request(c, &own->run);
}

static int usage_set(struct check *c, const struct cpu_run *own, double usage)
{
	struct cpu_memory *m = c->memory;

	m->way = own->way;
	m->good = true;
	c->has_value = true;
	c->value = usage;
	return HC_OK;
}

/* ---- ticks ---- */

#define UCD     1, 3, 6, 1, 4, 1, 2021
#define UCD_LEN 10

static const unsigned long ticks_oids[CPU_TICKS][UCD_LEN] = {
	[CPU_USER] = { UCD, 11, 50, 0 },
	[CPU_NICE] = { UCD, 11, 51, 0 },
	[CPU_SYSTEM] = { UCD, 11, 52, 0 },
	[CPU_IDLE] = { UCD, 11, 53, 0 },
	[CPU_WAIT] = { UCD, 11, 54, 0 },
	[CPU_KERNEL] = { UCD, 11, 55, 0 },
	[CPU_INTERRUPT] = { UCD, 11, 56, 0 },
	[CPU_SOFTIRQ] = { UCD, 11, 61, 0 },
	[CPU_STEAL] = { UCD, 11, 64, 0 },
};

_Static_assert(CPU_TICKS < SNMP_NAMES_MAX, "and sysUpTime");

static int ticks_judge(struct check *c, const struct cpu_run *own,
		       const struct cpu_ticks *now)
{
	struct cpu_memory *m = c->memory;
	enum cpu_news news = CPU_AFRESH;
	double usage = 0;

	if (m->counted)
		news = cpu_usage(&m->before, now, &usage);
	if (news != CPU_SAME)
		m->before = *now;
	m->counted = true;
	if (news == CPU_NEWS)
		return usage_set(c, own, usage);
	m->way = own->way;
	m->good = true;
	return HC_IGNORED;
}

static int ticks_take(struct check *c, struct snmp_run *r,
		      const struct snmp_pdu *pdu)
{
	struct cpu_run *own = c->of.own;
	struct snmp_value values[SNMP_NAMES_MAX];
	struct cpu_ticks now = { 0 };

	if (!snmp_answers(r, pdu, values))
		return SNMP_UNREADABLE;
	if (values[CPU_USER].kind != SNMP_NUMBER ||
	    values[CPU_SYSTEM].kind != SNMP_NUMBER ||
	    values[CPU_IDLE].kind != SNMP_NUMBER)
		return way_next(c, own);
	for (enum cpu_tick i = 0; i < CPU_TICKS; i++)
		now.of[i] = (uint32_t)values[i].number;
	now.time = snmp_time_now(&values[CPU_TICKS]);
	return ticks_judge(c, own, &now);
}

static void ticks_ask(struct check *c, struct cpu_run *own)
{
	struct snmp_ask *ask = &own->run.ask;

	*ask = (struct snmp_ask){ .type = SNMP_PDU_GET, .n = CPU_TICKS + 1 };
	for (enum cpu_tick i = 0; i < CPU_TICKS; i++)
		ask->names[i] = (struct snmp_name){ ticks_oids[i], UCD_LEN };
	ask->names[CPU_TICKS] = snmp_uptime_name();
}

/* ---- tables of processors ---- */

#define PROCESSORS     1, 3, 6, 1, 2, 1, 25, 3, 3, 1
#define PROCESSORS_LEN 11

static void walk_ask(struct check *c, struct cpu_run *own,
		     const unsigned long column[PROCESSORS_LEN], double high)
{
	own->walk.column = (struct snmp_name){ column, PROCESSORS_LEN };
	own->walk.low = 0;
	own->walk.high = high;
	snmp_walk_begin(&own->walk, &own->run,
			c->spec->of.snmp_version != SPEC_SNMP_1);
}

static void processors_ask(struct check *c, struct cpu_run *own)
{
	static const unsigned long load[] = { PROCESSORS, 2 };

	walk_ask(c, own, load, 100);
}

/* hrProcessorFrwID is there for each processor. */
static void cores_ask(struct check *c, struct cpu_run *own)
{
	static const unsigned long firmware[] = { PROCESSORS, 1 };

	walk_ask(c, own, firmware, 0);
}

static int processors_take(struct check *c, struct snmp_run *r,
			   const struct snmp_pdu *pdu)
{
	struct cpu_run *own = c->of.own;
	const struct snmp_walk *w = &own->walk;
	int rc = snmp_walk_take(&own->walk, r, pdu);

	if (rc == CHECK_RUNNING)
		return snmp_request(c, r);
	if (rc != HC_OK)
		return rc;
	return w->numbers ? usage_set(c, own, w->sum / w->numbers / w->high)
			  : way_next(c, own);
}

static int cores_take(struct check *c, struct snmp_run *r,
		      const struct snmp_pdu *pdu)
{
	struct cpu_run *own = c->of.own;
	struct cpu_memory *m = c->memory;
	int rc = snmp_walk_take(&own->walk, r, pdu);

	if (rc == CHECK_RUNNING)
		return snmp_request(c, r);
	if (rc != HC_OK)
		return rc;
	m->cores = own->walk.rows;
	return way_next(c, own);
}

/* ---- load average ---- */

static void load_ask(struct check *c, struct cpu_run *own)
{
	static const unsigned long load[] = { UCD, 10, 1, 3, 1 };

	own->run.ask = (struct snmp_ask){
		.type = SNMP_PDU_GET,
		.names = { { load, sizeof(load) / sizeof(*load) } },
		.n = 1,
	};
}

static int load_take(struct check *c, struct snmp_run *r,
		     const struct snmp_pdu *pdu)
{
	const struct cpu_memory *m = c->memory;
	struct snmp_value values[SNMP_NAMES_MAX];

	if (!snmp_answers(r, pdu, values))
		return SNMP_UNREADABLE;
	if (values[0].kind != SNMP_NUMBER)
		return way_next(c, c->of.own);
	return usage_set(c, c->of.own,
			 cpu_usage_of_load(values[0].real, m->cores));
}

/* ---- the feed ---- */

static const struct {
	void (*ask)(struct check *c, struct cpu_run *own);
	snmp_answered *take;
} ways[WAYS] = {
	[WAY_TICKS] = { ticks_ask, ticks_take },
	[WAY_PROCESSORS] = { processors_ask, processors_take },
	[WAY_CORES] = { cores_ask, cores_take },
	[WAY_LOAD] = { load_ask, load_take },
};

static void way_ask(struct check *c, struct cpu_run *own, enum way way)
{
	own->way = way;
	own->run.answered = ways[way].take;
	ways[way].ask(c, own);
}

const char *cpu_prepare(struct spec *s, struct ev_loop *loop)
{
	return snmp_shared_make(s, loop, true);
}

int cpu_start(struct check *c, const struct hc_job *job)
{
	struct cpu_memory *m = snmp_memory_of(c, job, sizeof(*m));
	struct cpu_run *own = xcalloc(1, sizeof(*own));

	c->of.own = own;
	if (!m->good) {
		m->way = WAY_TICKS;
		m->counted = false;
	}
	m->good = false;
	way_ask(c, own, m->way);
	return snmp_run_start(c, &own->run, job, m->base.session);
}

void cpu_cancel(struct check *c)
{
	struct cpu_run *own = c->of.own;

	snmp_run_end(c, &own->run);
	free(own);
}
