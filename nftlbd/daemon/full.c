/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet that makes a backend full raises a flag in the kernel, and from
 * there on nobody gets in. Ten times a second the flags are read; who has one
 * is counted by conntrack at once, and, while he is full, again and again; the
 * model says what follows. A flag goes after the commit that gives the slots
 * back, and not before the kernel knows what it has to count to.
 *
 * Invariants: one count at a time; what is counted as flagged had a flag that
 * stays up until we take it down, so the count can only be too high. A count
 * that takes long is made less often: conntrack is ours for a twentieth of the
 * time at most.
 *
 * Must not know: how the kernel counts, what full means for others.
 */
#include "daemon/full.h"

#include <stdlib.h>

#include "daemon/committer.h"
#include "daemon/want.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/full.h"
#include "rulesets/full.h"

#define POLL_S       0.1
#define COUNT_MIN_S  0.05 /* between counts of who is full */
#define COUNT_MAX_S  5.0
#define COUNT_OLD_S  1.0 /* of who has connections that the kernel lacks */
#define COUNT_SHARE  20
#define CALM_S       1.0   /* so long nobody is looked for where no flag is */
#define FLAG_MS      60000 /* of flags that we raise */
#define FLAG_LEFT_MS 5000  /* raise it again */

/* A backend that is being counted. */
struct cell {
	struct service *s;
	struct backend *b;
	uint32_t id;
	bool flagged;
	uint64_t connections;
};

struct full {
	struct daemon *d;
	ev_timer poll;
	size_t *services; /* of d->model: those with a limit */
	size_t nservices, capservices;
	bool counting, closing;
	uint64_t generation; /* of the model that is counted */
	ev_tstamp begun, ended;
	ev_tstamp calm; /* when nobody was found whom a poll without flags
			 * concerns; 0 = somebody was, or may be by now */
	struct cell *cells;
	size_t ncells, capcells;
	size_t *cell_of; /* each match's */
	bool complained;
};

/* ---- flags */

static void complain(struct full *f, const struct err *err)
{
	if (!f->complained)
		log_warning("max-connections: %s", err->msg);
	f->complained = true;
}

static void put_flag(struct full *f, const struct cell *c, bool up)
{
	uint8_t family = c->b->conf->addr.family;
	struct err err = { "" };
	int ret = up ? full_raise(f->d->ruleset, family, c->id, FLAG_MS, &err)
		     : full_clear(f->d->ruleset, family, c->id, &err);

	if (ret < 0)
		complain(f, &err);
}

static bool has_limit(const struct service *s)
{
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].conf->max_connections)
			return true;
	return false;
}

/* ---- the count's end */

/* The kernel's rules first: then whoever has room is let in. */
static void tell_kernel(struct full *f, struct changes *changes,
			const bool *flags)
{
	bool commit = changes->urgent || changes->worthwhile;

	for (size_t i = 0; i < f->ncells; i++)
		if (flags[i] && !f->cells[i].flagged)
			put_flag(f, &f->cells[i], true);
	daemon_changes(f->d, changes);
	if (commit && committer_now(f->d->committer, NULL) < 0)
		return;
	for (size_t i = 0; i < f->ncells; i++)
		if (!flags[i] && f->cells[i].flagged)
			put_flag(f, &f->cells[i], false);
}

static void take_counts(struct full *f)
{
	struct changes changes = { 0 };
	bool *flags = xcalloc(f->ncells + 1, sizeof(*flags));

	for (size_t i = 0; i < f->ncells; i++) {
		const struct cell *c = &f->cells[i];

		flags[i] = step_counted(f->d->model, c->s, c->b, c->connections,
					c->flagged, daemon_now_ms(), &changes);
	}
	tell_kernel(f, &changes, flags);
	free(flags);
}

static void counted(void *arg, int status, const uint64_t *counts, size_t n)
{
	struct full *f = arg;

	f->counting = false;
	f->calm = 0;
	if (f->closing) {
		free(f->cells);
		free(f->cell_of);
		free(f);
		return;
	}
	f->ended = ev_now(f->d->loop);
	if (status < 0 || f->generation != f->d->model->generation ||
	    f->d->flushed)
		return; /* the next poll asks again */
	for (size_t i = 0; i < n; i++)
		f->cells[f->cell_of[i]].connections += counts[i];
	take_counts(f);
}

/* ---- the count's beginning */

static void count_begin(struct full *f)
{
	struct flow_matches m = { 0 };

	free(f->cell_of);
	f->cell_of = NULL;
	for (size_t i = 0; i < f->ncells; i++) {
		size_t before = m.n;

		want_flows(&m, f->cells[i].s, f->cells[i].b, CUT_ALL);
		f->cell_of =
		    xreallocarray(f->cell_of, m.n + 1, sizeof(*f->cell_of));
		while (before < m.n)
			f->cell_of[before++] = i;
	}
	f->counting = true;
	f->generation = f->d->model->generation;
	f->begun = ev_now(f->d->loop);
	flows_count_open(f->d->flows, m.list, m.n, counted, f);
	free(m.list);
}

/* ---- polls */

/* The flags of a poll; those that belong to somebody become cells. */
struct view {
	struct full_flag *list;
	size_t n;
	bool *known;
	bool old; /* those with uncounted connections are due */
};

static bool is_wanted(const struct backend *b, const struct view *v)
{
	return b->full || b->doubtful || (b->uncounted && v->old);
}

static void cell_look(struct full *f, struct service *s, struct backend *b,
		      const struct view *v)
{
	uint8_t family = b->conf->addr.family;
	struct cell c = { s, b, 0, false, 0 };
	const struct full_flag *flag;

	if (b->full || b->doubtful || b->uncounted)
		f->calm = 0;
	if (v->n == 0 && !is_wanted(b, v))
		return;
	c.id = full_id(f->d->ruleset, s->conf->name, family, b->conf->name);
	flag = full_find(v->list, v->n, family, c.id);
	if (flag)
		v->known[flag - v->list] = true;
	if (c.id == 0 || (!flag && !is_wanted(b, v)))
		return;
	if (flag ? flag->left_ms < FLAG_LEFT_MS : b->full)
		put_flag(f, &c, true);
	c.flagged = flag || b->full;
	*VEC_PUSH(f->cells, f->ncells, f->capcells) = c;
}

static void service_look(struct full *f, struct service *s,
			 const struct view *v)
{
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].conf->max_connections)
			cell_look(f, s, &s->backends[i], v);
}

/* Flags of those that have no limit any more, or are no more. */
static void drop_others(struct full *f, const struct view *v)
{
	struct err err = { "" };

	for (size_t i = 0; i < v->n; i++)
		if (!v->known[i] && full_clear(f->d->ruleset, v->list[i].family,
					       v->list[i].id, &err) < 0)
			complain(f, &err);
}

/* Is there somebody of whom it is not known whether he is full? */
static bool has_news(const struct full *f)
{
	for (size_t i = 0; i < f->ncells; i++)
		if (!f->cells[i].b->full)
			return true;
	return false;
}

static bool is_due(const struct full *f)
{
	double wait_s = (f->ended - f->begun) * COUNT_SHARE;
	double since_s = ev_now(f->d->loop) - f->ended;

	if (wait_s < COUNT_MIN_S)
		wait_s = COUNT_MIN_S;
	if (wait_s > COUNT_MAX_S)
		wait_s = COUNT_MAX_S;
	return since_s >= wait_s || since_s < 0; /* the clock was set */
}

static bool is_calm(const struct full *f)
{
	double since_s = ev_now(f->d->loop) - f->calm;

	return since_s >= 0 && since_s < CALM_S;
}

static void look(struct full *f)
{
	struct err err = { "" };
	struct view v = { 0 };

	if (full_read(f->d->ruleset, &v.list, &v.n, &err) < 0) {
		complain(f, &err);
		return;
	}
	if (v.n == 0 && f->calm > 0 && is_calm(f))
		return;
	f->calm = v.n == 0 ? ev_now(f->d->loop) : 0;
	v.known = xcalloc(v.n + 1, sizeof(*v.known));
	v.old = ev_now(f->d->loop) - f->ended >= COUNT_OLD_S;
	f->ncells = 0;
	for (size_t i = 0; i < f->nservices; i++)
		service_look(f, &f->d->model->services[f->services[i]], &v);
	drop_others(f, &v);
	free(v.known);
	free(v.list);
	if (f->ncells && (has_news(f) || is_due(f)))
		count_begin(f);
}

static void poll_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct full *f = w->data;

	if (!f->counting && !f->d->flushed)
		look(f);
}

/* ---- the outside */

void full_sync(struct full *f)
{
	const struct model *m = f->d->model;

	f->calm = 0;
	f->nservices = 0;
	for (size_t i = 0; i < m->nservices; i++)
		if (has_limit(&m->services[i]))
			*VEC_PUSH(f->services, f->nservices, f->capservices) =
			    i;
	ev_timer_stop(f->d->loop, &f->poll);
	if (f->nservices == 0)
		return;
	ev_timer_set(&f->poll, 0, POLL_S);
	ev_timer_start(f->d->loop, &f->poll);
}

void full_restore(struct daemon *d)
{
	struct model *m = d->model;
	struct err err = { "" };
	struct full_flag *list;
	size_t n;

	if (full_read(d->ruleset, &list, &n, &err) < 0 || n == 0)
		return;
	for (size_t i = 0; i < m->nservices; i++)
		for (size_t k = 0; k < m->services[i].nbackends; k++) {
			struct service *s = &m->services[i];
			struct backend *b = &s->backends[k];
			uint8_t family = b->conf->addr.family;
			uint32_t id = full_id(d->ruleset, s->conf->name, family,
					      b->conf->name);

			if (b->conf->max_connections &&
			    full_find(list, n, family, id))
				step_flagged(m, s, b, daemon_now_ms());
		}
	free(list);
}

struct full *full_open(struct daemon *d)
{
	struct full *f = xcalloc(1, sizeof(*f));

	f->d = d;
	ev_init(&f->poll, poll_cb);
	f->poll.data = f;
	full_sync(f);
	return f;
}

void full_close(struct full *f)
{
	if (!f)
		return;
	ev_timer_stop(f->d->loop, &f->poll);
	free(f->services);
	if (f->counting) {
		f->closing = true; /* flows_close() answers: then it is freed */
		return;
	}
	free(f->cells);
	free(f->cell_of);
	free(f);
}
