/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs and their rhythm. A job is a hash entry, a timer that says when the next
 * probe is due, and at most one probe under way.
 *
 * Pace: fast_ms until rise good results or fall bad ones came in a row, then
 * interval_ms while they are good, down_ms while they are bad. It is decided
 * when a result is there, and counts from the start of that probe.
 *
 * Rhythm: from start to start, planned from the last planned start and not from
 * the last real one: no drift, and jobs that are spread over time stay spread
 * after a stall (turns that were missed are left out, never made up for in a
 * burst). Jitter only shortens an interval, never below the timeout, so one
 * probe is over before the next is due. The first interval, and the first at a
 * slower pace, is shortened at random: jobs that begin together, or change
 * together, are apart after it.
 *
 * A job whose last result could not be sent yet leaves out turns: nothing that
 * was measured is lost, and a daemon that does not read causes no load.
 *
 * Must not know protocols, what a backend's health is, or services.
 */
#include "healthcheck/jobs.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "healthcheck/checks.h"
#include "healthcheck/clock.h"
#include "lib/xalloc.h"

#define BUCKETS_MIN 64

struct job {
	struct job *next; /* of its bucket */
	struct jobs *jobs;
	struct hc_job conf;
	struct spec *spec;
	uint64_t planned_us;  /* when the last probe was to start */
	uint64_t due_us;      /* when the next one is */
	uint64_t interval_us; /* from the one to the other, but for jitter */
	double jitter;        /* 0..1 of what may be taken off it */
	uint32_t streak;      /* results of the same kind, of late */
	bool good;            /* that kind */
	bool begun;           /* its first probe was started */
	bool spread;          /* the interval is the first of its kind */
	bool overdue;         /* became due while a probe was under way */
	struct ev_timer rhythm;
	struct check check;
	struct link_result out;
};

struct jobs {
	struct ev_loop *loop;
	struct link *link;
	struct lag *lag;
	uint64_t probes, lateness[HC_LATENESS_BINS]; /* as in hc_stats */
	struct job **buckets; /* a power of two, at least as many as jobs */
	size_t nbuckets, n;
	unsigned short random[3];
};

/* Ids are dense: their low bits are a good hash. */
static struct job **bucket_of(const struct jobs *js, uint32_t id)
{
	return &js->buckets[id & (js->nbuckets - 1)];
}

static struct job **job_find(const struct jobs *js, uint32_t id)
{
	struct job **at = bucket_of(js, id);

	while (*at && (*at)->conf.id != id)
		at = &(*at)->next;
	return at;
}

static void table_grow(struct jobs *js)
{
	struct job **old = js->buckets;
	size_t nold = js->nbuckets;

	js->nbuckets = nold ? nold * 2 : BUCKETS_MIN;
	js->buckets = xcalloc(js->nbuckets, sizeof(struct job *));
	for (size_t i = 0; i < nold; i++) {
		for (struct job *j = old[i], *next; j; j = next) {
			struct job **head = bucket_of(js, j->conf.id);

			next = j->next;
			j->next = *head;
			*head = j;
		}
	}
	free(old);
}

static void rhythm_arm(struct job *j, uint64_t now_us)
{
	struct ev_loop *loop = j->jobs->loop;
	double wait_s =
	    j->due_us > now_us ? (double)(j->due_us - now_us) / 1e6 : 0;

	ev_timer_stop(loop, &j->rhythm);
	ev_timer_set(&j->rhythm, wait_s, 0);
	ev_timer_start(loop, &j->rhythm);
}

static uint64_t pace_us(const struct job *j)
{
	const struct hc_job *conf = &j->conf;
	uint32_t ms = conf->fast_ms;

	if (j->streak >= (j->good ? conf->rise : conf->fall))
		ms = j->good ? conf->interval_ms : conf->down_ms;
	return (uint64_t)ms * 1000;
}

/* The next start, from that of the last probe. */
static void rhythm_plan(struct job *j)
{
	uint64_t interval_us = pace_us(j);
	uint64_t slack_us = interval_us - (uint64_t)j->conf.timeout_ms * 1000;
	uint64_t shorten_us = interval_us * j->conf.jitter_pct / 100;

	if (j->spread || shorten_us > slack_us)
		shorten_us = slack_us;
	j->interval_us = interval_us;
	j->due_us = j->planned_us + interval_us -
		    (uint64_t)(j->jitter * (double)shorten_us);
}

/* A probe starts: turns that were missed before it are left out. */
static void rhythm_next(struct job *j, uint64_t now_us)
{
	uint64_t late_us = now_us > j->due_us ? now_us - j->due_us : 0;
	uint64_t interval_us = pace_us(j);

	j->planned_us = j->due_us + late_us / interval_us * interval_us;
	j->jitter = erand48(j->jobs->random);
	j->spread = !j->begun;
	j->begun = true;
	rhythm_plan(j);
	if (j->due_us <= now_us)
		j->due_us += interval_us;
	rhythm_arm(j, now_us);
}

static void streak_count(struct job *j, enum hc_reason reason)
{
	bool good = reason == HC_OK;

	if (reason == HC_LATE || reason == HC_LOCAL || reason == HC_IGNORED)
		return;
	if (good != j->good)
		j->streak = 0;
	j->good = good;
	if (j->streak < UINT32_MAX)
		j->streak++;
}

/* As the one before, and nobody waits for it. */
static bool routine(const struct job *j, const struct finding *found)
{
	return found->reason == HC_OK && !found->says && j->good &&
	       j->streak > j->conf.rise;
}

static void job_done(struct check *c, const struct finding *found)
{
	struct job *j = (struct job *)((char *)c - offsetof(struct job, check));
	bool overdue = j->overdue;

	j->out.result = (struct hc_result){
		.ended_us = clock_now_us(),
		.id = j->conf.id,
		.duration_us = found->duration_us,
		.detail = found->detail,
		.weight = found->weight,
		.reason = (uint8_t)found->reason,
		.says = found->says,
		.connect_us = found->phases.connect_us,
		.tls_us = found->phases.tls_us,
		.first_us = found->phases.first_us,
		.value = found->value,
		.has_value = found->has_value,
	};
	link_push(j->jobs->link, &j->out, routine(j, found));
	j->overdue = false;
	streak_count(j, found->reason);
	if (pace_us(j) != j->interval_us) {
		j->spread |= pace_us(j) > j->interval_us;
		rhythm_plan(j);
	} else if (!overdue) {
		return;
	}
	rhythm_arm(j, clock_now_us());
}

/* How much later than planned a probe begins. */
static void lateness_count(struct jobs *js, uint64_t late_us)
{
	unsigned int bin = 0;

	for (uint64_t ms = late_us / 1000; ms > 0; ms /= 2)
		bin++;
	js->probes++;
	js->lateness[bin < HC_LATENESS_BINS ? bin : HC_LATENESS_BINS - 1]++;
}

static void probe_start(struct job *j, uint64_t late_us)
{
	static const struct finding cannot = { .reason = HC_LOCAL };

	lateness_count(j->jobs, late_us);
	if (j->spec->broken)
		job_done(&j->check, &cannot);
	else
		check_start(&j->check, j->spec, &j->conf);
}

static void rhythm_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct job *j = w->data;
	uint64_t now_us, due_us;

	if (check_running(&j->check)) {
		j->overdue = true;
		return;
	}
	now_us = clock_now_us();
	due_us = j->due_us;
	rhythm_next(j, now_us);
	if (j->out.queued)
		link_flush(j->jobs->link);
	if (!j->out.queued)
		probe_start(j, now_us > due_us ? now_us - due_us : 0);
}

/* Nothing of before counts. */
static void job_reset(struct job *j)
{
	check_forget(&j->check);
	link_drop(j->jobs->link, &j->out);
	ev_timer_stop(j->jobs->loop, &j->rhythm);
	specs_release(j->spec);
	j->streak = 0;
	j->good = j->begun = j->overdue = false;
}

static void job_begin(struct job *j, const struct hc_job *conf,
		      struct spec *spec)
{
	uint64_t now_us = clock_now_us();

	j->conf = *conf;
	j->spec = spec;
	specs_hold(spec);
	j->due_us = now_us + (uint64_t)conf->first_ms * 1000;
	rhythm_arm(j, now_us);
}

static void job_adjust(struct job *j, const struct hc_job *conf)
{
	uint64_t now_us = clock_now_us(), latest_us;

	j->conf = *conf;
	latest_us = now_us + pace_us(j);
	if (j->overdue || j->due_us <= latest_us)
		return;
	j->due_us = latest_us;
	rhythm_arm(j, now_us);
}

static struct job *job_new(struct jobs *js, uint32_t id)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct job **head;

	if (js->n == js->nbuckets)
		table_grow(js);
	js->n++;
	head = bucket_of(js, id);
	j->next = *head;
	*head = j;
	j->jobs = js;
	check_init(&j->check, js->loop, js->lag, job_done);
	ev_init(&j->rhythm, rhythm_cb);
	j->rhythm.data = j;
	return j;
}

static bool same_target(const struct hc_job *a, const struct hc_job *b)
{
	return a->spec == b->spec && a->family == b->family &&
	       a->port == b->port && a->source_port == b->source_port &&
	       !memcmp(a->ip, b->ip, sizeof(a->ip)) &&
	       !memcmp(a->name, b->name, sizeof(a->name));
}

void jobs_put(struct jobs *js, const struct hc_job *conf, struct spec *spec)
{
	struct job *j = *job_find(js, conf->id);

	if (j && same_target(&j->conf, conf)) {
		job_adjust(j, conf);
		return;
	}
	if (j)
		job_reset(j);
	else
		j = job_new(js, conf->id);
	job_begin(j, conf, spec);
}

void jobs_stop(struct jobs *js, uint32_t id)
{
	struct job **at = job_find(js, id), *j = *at;

	if (!j)
		return;
	*at = j->next;
	js->n--;
	job_reset(j);
	free(j);
}

void jobs_stats(const struct jobs *js, struct hc_stats *stats)
{
	stats->probes = js->probes;
	memcpy(stats->lateness, js->lateness, sizeof(stats->lateness));
}

struct jobs *jobs_open(struct ev_loop *loop, struct link *link, struct lag *lag)
{
	struct jobs *js = xcalloc(1, sizeof(*js));

	js->loop = loop;
	js->link = link;
	js->lag = lag;
	/* Only spreads load: a seed that is not random harms nobody. */
	if (getrandom(js->random, sizeof(js->random), GRND_NONBLOCK) < 0)
		js->random[0] = (unsigned short)clock_now_us();
	table_grow(js);
	return js;
}

void jobs_close(struct jobs *js)
{
	for (size_t i = 0; i < js->nbuckets; i++)
		while (js->buckets[i])
			jobs_stop(js, js->buckets[i]->conf.id);
	free(js->buckets);
	free(js);
}
