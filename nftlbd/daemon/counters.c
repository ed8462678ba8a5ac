/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When counters are read, and what is made of it. Three occasions: somebody
 * asks; every ten seconds, so that little is lost if somebody deletes our
 * tables; every second those that say that a set is full. Before a counter goes
 * by our own hand it is read a last time.
 *
 * Each of the two takes 0.3 % of the time at most: the more there is to read,
 * the longer the pause. (1,000 services of 10 backends and two bounded sets:
 * full sets are noticed within 4 seconds, all is read each 70.)
 *
 * Invariants: totals are freed only while no pass is under way; passes point to
 * them. Must not know: which counters a service has (HAVE says so), JSON.
 */
#include "daemon/counters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/counters_file.h"
#include "lib/xalloc.h"

#define WATCH_S    1.0
#define ALL_S      10.0
#define SAVE_S     60.0
#define SAVE_SOON  1.0
#define READ_S     5e-6  /* of one counter */
#define PAUSE_EACH 400.0 /* times what the reading takes */

/* What is read in one go. */
struct pass {
	struct counters *c;
	struct counter_ask *ask;
	struct total **total; /* of each */
	size_t n, cap, captotal;
	counters_done_fn *done; /* NULL: nobody asked */
	void *arg;
	ev_timer *timer; /* to start again when it is over, or NULL */
	double period_s; /* of the timer */
};

struct counters {
	struct daemon *d;
	struct counter_reader *reader;
	struct totals totals;
	struct counters_file *file;
	uint64_t listed; /* what ruleset_counters_version() was then */
	bool is_listed;
	size_t npasses;
	bool saving; /* a piece of the file is written */
	bool closing;
	int64_t read_ms; /* all were read */
	ev_timer watch, all, save;
};

/* ---- what the kernel has */

static void list_cb(void *arg, unsigned int table, const char *name)
{
	struct counters *c = arg;

	totals_list(&c->totals, name, table);
}

/* Let totals know which counters there are, where that has changed. */
static void bring_list(struct counters *c)
{
	uint64_t version = ruleset_counters_version(c->d->ruleset);

	if (c->is_listed && c->listed == version)
		return;
	totals_round(&c->totals);
	ruleset_counters(c->d->ruleset, list_cb, c);
	c->listed = version;
	c->is_listed = true;
}

/* ---- full sets */

static void tell_overflow(struct counters *c, const struct totals_service *s,
			  int set, enum overflow_news news)
{
	const struct overflow_word *word = &overflow_words[set];
	const struct overflow *o = &s->overflow[set];

	if (news == OVERFLOW_BEGINS)
		daemon_event(c->d, "overflow", s->name, NULL, "ok", "full",
			     "set=%s is full: %s", word->name, word->rule);
	else if (news == OVERFLOW_ENDS)
		daemon_event(c->d, "overflow", s->name, NULL, "full", "ok",
			     "set=%s has room: %" PRIu64
			     " packets had found none",
			     word->name, o->seen - o->before);
}

static void tell_flood(struct counters *c, const struct totals_service *s,
		       enum overflow_news news)
{
	const struct overflow *o = &s->overflow[OVERFLOW_FLOOD];

	if (news == OVERFLOW_BEGINS)
		daemon_event(c->d, "flood", s->name, NULL, "ok", "flood",
			     "more than syn-limit: %s",
			     overflow_words[OVERFLOW_FLOOD].rule);
	else if (news == OVERFLOW_ENDS)
		daemon_event(c->d, "flood", s->name, NULL, "flood", "ok",
			     "%" PRIu64 " packets were beyond syn-limit",
			     o->seen - o->before);
}

static void look_at_set(struct counters *c, struct totals_service *s, int set)
{
	const struct total *at =
	    totals_find(s, overflow_words[set].counter, NULL);

	enum overflow_news news;

	if (!at)
		return;
	if (set == OVERFLOW_FLOOD)
		s->overflow[set].quiet_ms = FLOOD_QUIET_MS;
	news = overflow_look(&s->overflow[set], total_packets(at),
			     daemon_now_ms());
	if (set == OVERFLOW_FLOOD)
		tell_flood(c, s, news);
	else
		tell_overflow(c, s, set, news);
}

/* Those that are full, wherever their counter has gone. */
static void look_at_full(struct counters *c)
{
	for (size_t i = 0; i < c->totals.n; i++)
		for (int set = 0; set < OVERFLOW_ALL; set++)
			if (c->totals.list[i]->overflow[set].full)
				look_at_set(c, c->totals.list[i], set);
}

/* What an earlier daemon has told is not told again. */
static void overflow_begin(struct totals *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (int set = 0; set < OVERFLOW_ALL; set++) {
			struct totals_service *s = t->list[i];
			const struct total *at =
			    totals_find(s, overflow_words[set].counter, NULL);

			if (at)
				s->overflow[set].seen = total_packets(at);
		}
	}
}

void counters_overflow(const struct counters *c, struct counters_overflow *out)
{
	*out = (struct counters_overflow){ 0 };
	if (!c)
		return;
	for (size_t i = 0; i < c->totals.n; i++) {
		for (int set = 0; set < OVERFLOW_SETS; set++) {
			const struct overflow *o =
			    &c->totals.list[i]->overflow[set];

			out->full += o->full;
			out->packets[set] += o->seen;
		}
	}
}

/* ---- passes */

static void start_in(struct counters *c, ev_timer *w, double wait_s)
{
	if (c->closing)
		return;
	ev_timer_stop(c->d->loop, w);
	ev_timer_set(w, wait_s, 0);
	ev_timer_start(c->d->loop, w);
}

static void seen(struct counters *c, struct total *at, unsigned int table,
		 const struct counter_value *v)
{
	int set = overflow_set_of(at->name);

	total_seen(&c->totals, at, table, v);
	if (set >= 0)
		look_at_set(c, totals_service_of(&c->totals, at->name), set);
}

static void pass_free(struct pass *p)
{
	free(p->ask);
	free(p->total);
	free(p);
}

static void pass_read(void *arg, int status, const struct counter_value *values,
		      size_t n)
{
	struct pass *p = arg;
	struct counters *c = p->c;
	double pause_s = (double)n * READ_S * PAUSE_EACH;

	for (size_t i = 0; status == 0 && i < n; i++)
		seen(c, p->total[i], p->ask[i].table, &values[i]);
	c->npasses--;
	if (status == 0)
		look_at_full(c);
	if (status == 0 && p->timer == &c->all)
		c->read_ms = daemon_now_ms();
	if (p->timer)
		start_in(c, p->timer,
			 p->period_s > pause_s ? p->period_s : pause_s);
	if (p->done)
		p->done(p->arg, status == 0);
	pass_free(p);
	if (c->npasses == 0)
		totals_bury(&c->totals);
}

static void pass_add(struct pass *p, struct total *at, unsigned int table)
{
	if (!total_is_read(&p->c->totals, at, table))
		return;
	*VEC_PUSH(p->ask, p->n, p->cap) =
	    (struct counter_ask){ (uint8_t)table, at->name };
	if (p->captotal < p->cap) {
		p->captotal = p->cap;
		p->total =
		    xreallocarray(p->total, p->captotal, sizeof(*p->total));
	}
	p->total[p->n - 1] = at;
}

static void pass_add_service(struct pass *p, const struct totals_service *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (unsigned int table = 0; table < RS_TABLES; table++)
			pass_add(p, s->list[i], table);
}

/* Those that say that a set is full. */
static void pass_add_full(struct pass *p, const struct totals_service *s)
{
	for (int set = 0; s->bounded && set < OVERFLOW_ALL; set++) {
		struct total *at =
		    totals_find(s, overflow_words[set].counter, NULL);

		for (unsigned int t = 0; at && t < RS_TABLES; t++)
			pass_add(p, at, t);
	}
}

static struct pass *pass_new(struct counters *c)
{
	struct pass *p = xcalloc(1, sizeof(*p));

	bring_list(c);
	p->c = c;
	return p;
}

static struct pass *pass_all(struct counters *c)
{
	struct pass *p = pass_new(c);

	for (size_t i = 0; i < c->totals.n; i++)
		pass_add_service(p, c->totals.list[i]);
	return p;
}

static void pass_start(struct pass *p)
{
	p->c->npasses++;
	counter_reader_start(p->c->reader, p->ask, p->n, pass_read, p);
}

void counters_read(struct counters *c, const char *service,
		   counters_done_fn *done, void *arg)
{
	struct pass *p = service ? pass_new(c) : pass_all(c);
	const struct totals_service *s =
	    service ? totals_service(&c->totals, service) : NULL;

	if (s)
		pass_add_service(p, s);
	p->done = done;
	p->arg = arg;
	pass_start(p);
}

/* ---- a last look */

static void read_now(struct counters *c, const struct counter_ask *ask,
		     size_t n)
{
	struct counter_value *values = xcalloc(n + 1, sizeof(*values));
	int ret = counter_reader_now(c->reader, ask, n, values);

	for (size_t i = 0; ret == 0 && i < n; i++) {
		struct total *at = totals_at(&c->totals, ask[i].name);

		if (at && values[i].there)
			seen(c, at, ask[i].table, &values[i]);
	}
	free(values);
}

/* Between the two parts of a commit: nothing leads to them any more. That they
 * are gone the next pass finds out, or the model that is adopted then. */
static void leaving_cb(void *arg, const struct counter_ask *ask, size_t n)
{
	struct counters *c = arg;

	read_now(c, ask, n);
	start_in(c, &c->save, SAVE_SOON);
}

void counters_last(struct counters *c)
{
	struct pass *p;

	if (!c)
		return;
	p = pass_all(c);
	read_now(c, p->ask, p->n);
	pass_free(p);
	start_in(c, &c->save, SAVE_SOON);
}

/* ---- timers */

static void watch_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct counters *c = w->data;
	struct pass *p = pass_new(c);

	for (size_t i = 0; i < c->totals.n; i++)
		pass_add_full(p, c->totals.list[i]);
	p->timer = w;
	p->period_s = WATCH_S;
	pass_start(p);
}

static void all_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct pass *p = pass_all(w->data);

	p->timer = w;
	p->period_s = ALL_S;
	pass_start(p);
}

static void save_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct counters *c = w->data;
	int ret = 0;

	if (c->totals.changed || c->saving) {
		if (!c->saving)
			c->totals.changed = false;
		ret = counters_file_write(c->file, &c->totals, false);
	}
	c->saving = ret > 0;
	c->totals.changed |= ret < 0;
	start_in(c, w, ret > 0 ? 0 : SAVE_S);
}

/* ---- the outside */

int64_t counters_read_ms(const struct counters *c)
{
	return c ? c->read_ms : 0;
}

const struct totals_service *counters_next(const struct counters *c,
					   const char *service, size_t *place)
{
	return c ? totals_service_next(&c->totals, service, place) : NULL;
}

const struct totals_service *counters_of(const struct counters *c,
					 const char *service)
{
	return c ? totals_service(&c->totals, service) : NULL;
}

void counters_adopted(struct counters *c)
{
	if (!c)
		return;
	bring_list(c);
	totals_trim(&c->totals, c->d->model);
	if (c->npasses == 0)
		totals_bury(&c->totals);
	start_in(c, &c->save, SAVE_SOON);
}

static void timer_set_up(struct counters *c, ev_timer *w,
			 void (*cb)(struct ev_loop *, ev_timer *, int),
			 double wait_s)
{
	ev_init(w, cb);
	w->data = c;
	start_in(c, w, wait_s);
}

int counters_open(struct counters **out, struct daemon *d, struct err *err)
{
	const struct conf *conf = d->model->conf;
	struct counters *c = xcalloc(1, sizeof(*c));
	int ret;

	c->d = d;
	ret = counter_reader_open(&c->reader, d->loop, conf->table, err);
	if (ret < 0) {
		free(c);
		return ret;
	}
	c->file = counters_file_open(conf->state_dir);
	counters_file_load(&c->totals, conf->state_dir);
	overflow_begin(&c->totals);
	ruleset_on_counters_leaving(d->ruleset, leaving_cb, c);
	timer_set_up(c, &c->watch, watch_cb, WATCH_S);
	timer_set_up(c, &c->all, all_cb, ALL_S);
	timer_set_up(c, &c->save, save_cb, SAVE_S);
	*out = c;
	return 0;
}

void counters_close(struct counters *c)
{
	if (!c)
		return;
	c->closing = true;
	ruleset_on_counters_leaving(c->d->ruleset, NULL, NULL);
	ev_timer_stop(c->d->loop, &c->watch);
	ev_timer_stop(c->d->loop, &c->all);
	ev_timer_stop(c->d->loop, &c->save);
	counters_last(c);
	counter_reader_close(c->reader);
	counters_file_close(c->file);
	c->file = counters_file_open(c->d->model->conf->state_dir);
	counters_file_write(c->file, &c->totals, true);
	counters_file_close(c->file);
	totals_free(&c->totals);
	free(c);
}
