/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /metrics: all families, one after the other, made piece by piece while
 * they are sent. Ten thousand services are half a million samples: neither the
 * loop nor the memory pays for all of them at once.
 *
 * Invariant: within a family services come in the order of their names, so that
 * a reload in the middle of an answer does not break it: it goes on after the
 * last name. What was counted by places of the old model is not used then.
 * Must not know: what the families say.
 */
#include <stdlib.h>
#include <string.h>

#include "control/counts.h"
#include "control/handlers.h"
#include "http/pieces.h"
#include "http/reply.h"
#include "lib/xalloc.h"
#include "metrics/families.h"
#include "metrics/labels.h"
#include "metrics/readings.h"

/* What one turn of the loop makes: what MHD takes at a time. */
#define SCRAPE_PIECE (8 * PIECE_BYTES - 4096)

struct scrape {
	struct pieces out; /* first */
	struct collect collect;
	struct labels labels;
	struct counts *counts;
	struct daemon *d;
	uint64_t generation; /* of the model that `service` is a place in */
	size_t family;       /* the one that is written */
	bool begun;          /* its head is */
	size_t service;      /* next one, place in by_name */
	char last[RS_NAME_MAX + 1]; /* the last one that was written */
};

/* ---- pieces */

/* The first service after the last one that was written. */
static size_t place_after(const struct model *m, const char *last)
{
	size_t lo = 0, hi = m->nservices;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct service *s = &m->services[m->by_name[mid]];

		if (strcmp(s->conf->name, last) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void look_at_model(struct scrape *s)
{
	const struct model *m = s->collect.d->model;

	labels_update(&s->labels, m);
	if (s->generation == m->generation)
		return;
	s->generation = m->generation;
	s->collect.counts = NULL;
	if (s->service > 0)
		s->service = place_after(m, s->last);
}

static void put_service(struct scrape *s, const struct metric_family *f)
{
	const struct model *m = s->collect.d->model;
	const char *label = s->labels.text.data + s->labels.at[s->service];
	const struct service *svc = &m->services[m->by_name[s->service++]];
	struct collect *c = &s->collect;

	expo_labels_cut(&c->e, 0);
	labels_set(&c->e, label);
	c->labels = labels_next(label);
	f->service(c, svc);
	if (s->service == m->nservices || s->out.piece.text.len >= SCRAPE_PIECE)
		strcpy(s->last, svc->conf->name);
}

static void put_family(struct scrape *s)
{
	const struct metric_family *f = &metric_families[s->family];
	struct buf *out = &s->out.piece.text;

	if (!s->begun)
		expo_family(&s->collect.e, f->name, f->type, f->help);
	s->begun = true;
	if (f->daemon)
		f->daemon(&s->collect);
	while (f->service && s->service < s->collect.d->model->nservices &&
	       out->len < SCRAPE_PIECE)
		put_service(s, f);
	if (f->service && s->service < s->collect.d->model->nservices)
		return;
	s->family++;
	s->service = 0;
	s->begun = false;
}

static void scrape_fill(struct pieces *p)
{
	struct scrape *s = (struct scrape *)p;

	look_at_model(s);
	s->collect.e.out = &p->piece.text;
	while (s->family < metric_nfamilies && p->piece.text.len < SCRAPE_PIECE)
		put_family(s);
	if (s->family < metric_nfamilies)
		return;
	expo_end(&s->collect.e);
	p->ended = true;
}

static void scrape_free(struct pieces *p)
{
	struct scrape *s = (struct scrape *)p;

	expo_free(&s->collect.e);
	labels_free(&s->labels);
	counts_free(s->counts);
	readings_next(s->d);
	free(s);
}

static void answer(struct request *rq, struct counts *counts)
{
	struct scrape *s = xcalloc(1, sizeof(*s));

	s->collect.d = s->d = request_daemon(rq);
	s->collect.e.openmetrics = request_openmetrics(rq);
	s->collect.counts = s->counts = counts;
	s->generation = counts->generation;
	s->out.content_type = expo_content_type(s->collect.e.openmetrics);
	s->out.fill = scrape_fill;
	s->out.free = scrape_free;
	pieces_reply(rq, &s->out);
}

void show_metrics(struct request *rq)
{
	readings_get(rq, answer);
}
