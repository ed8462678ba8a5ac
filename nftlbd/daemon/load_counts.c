/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which connections are kept track of: those of all backends of services with
 * least-connections, a cell for each backend. Where there is no such service
 * there is no tracker, and nobody listens to conntrack.
 *
 * Must not know: how flows are counted, what follows from it.
 */
#include "daemon/load_counts.h"

#include <stdlib.h>

#include "daemon/want.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* What is to be tracked, and in which cell. */
struct wish {
	struct flow_matches m;
	size_t *cell; /* of each match */
	size_t ncells;
};

static bool is_counted(const struct service *s)
{
	return s->conf->scheduler == RS_LEAST_CONNECTIONS;
}

/* What is drained or down is counted as well: it has those that are left. */
static void wish_backend(struct wish *w, const struct service *s,
			 const struct backend *b)
{
	size_t before = w->m.n;

	want_flows(&w->m, s, b, CUT_ALL);
	w->cell = xreallocarray(w->cell, w->m.cap + 1, sizeof(*w->cell));
	while (before < w->m.n)
		w->cell[before++] = w->ncells;
	w->ncells++;
}

static void wish_service(struct load_counts *c, struct wish *w,
			 const struct service *s, size_t index)
{
	c->services[c->n] = (uint32_t)index;
	c->first[c->n++] = w->ncells;
	for (size_t i = 0; i < s->nbackends; i++)
		wish_backend(w, s, &s->backends[i]);
}

static void open_or_close(struct load_counts *c, struct daemon *d)
{
	struct err err = { "" };

	if (c->n == 0) {
		track_close(c->tracker);
		c->tracker = NULL;
	} else if (!c->tracker && track_open(&c->tracker, d->loop, &err) < 0) {
		c->tracker = NULL;
		log_error("connections are not kept track of, weights of "
			  "least-connections stay: %s",
			  err.msg);
	}
}

void load_counts_sync(struct load_counts *c, struct daemon *d)
{
	const struct model *m = d->model;
	struct wish w = { 0 };

	free(c->services);
	free(c->first);
	c->services = xcalloc(m->nservices + 1, sizeof(*c->services));
	c->first = xcalloc(m->nservices + 1, sizeof(*c->first));
	c->n = 0;
	for (size_t i = 0; i < m->nservices; i++)
		if (is_counted(&m->services[i]))
			wish_service(c, &w, &m->services[i], i);
	open_or_close(c, d);
	if (c->tracker)
		track_want(c->tracker, w.m.list, w.cell, w.m.n, w.ncells);
	free(w.m.list);
	free(w.cell);
}

void load_counts_close(struct load_counts *c)
{
	track_close(c->tracker);
	free(c->services);
	free(c->first);
	*c = (struct load_counts){ 0 };
}

const struct track_count *load_counts_of(const struct load_counts *c,
					 size_t service)
{
	const struct track_count *all =
	    c->tracker ? track_counts(c->tracker) : NULL;
	size_t lo = 0, hi = c->n;

	while (all && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->services[mid] == service)
			return &all[c->first[mid]];
		if (c->services[mid] < service)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
