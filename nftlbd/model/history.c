/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings of samples, all with the same cell for the same time; and lists of
 * spans, where the two that are shortest together become one when there is no
 * room: how long somebody was not well may become vague, that he was is kept.
 *
 * Invariant: what is here has names of its own; the model may go.
 */
#include "model/history.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define MANTISSA_BITS 11
#define MANTISSA_MAX  ((1u << MANTISSA_BITS) - 1)

uint16_t history_pack(uint64_t n)
{
	unsigned int shift = 0;

	while (n >> shift > MANTISSA_MAX)
		shift++;
	if (shift > 30) /* the last of 31 is for what is not known */
		return (uint16_t)(30u << MANTISSA_BITS | MANTISSA_MAX);
	return (uint16_t)(shift << MANTISSA_BITS | (n >> shift));
}

uint64_t history_unpack(uint16_t code)
{
	return (uint64_t)(code & MANTISSA_MAX) << (code >> MANTISSA_BITS);
}

/* ---- spans */

static uint32_t span_end(const struct history_spans *s, size_t i)
{
	return s->list[i + 1].begin_ds;
}

/* Of the spans that are over, the two that are shortest together. */
static void spans_merge(struct history_spans *s)
{
	uint32_t least = UINT32_MAX;
	size_t at = 0;

	for (size_t i = 0; i + 2 < s->n; i++) {
		uint32_t both = span_end(s, i + 1) - s->list[i].begin_ds;

		if (both < least) {
			least = both;
			at = i;
		}
	}
	if (s->list[at].state != s->list[at + 1].state)
		s->list[at].state = HISTORY_MIXED;
	memmove(&s->list[at + 1], &s->list[at + 2],
		(s->n - at - 2u) * sizeof(*s->list));
	s->n--;
}

static void spans_note(struct history_spans *s, uint8_t state, uint32_t now_ds)
{
	if (s->n && s->list[s->n - 1].state == state)
		return;
	if (s->n == HISTORY_SPANS)
		spans_merge(s);
	if (s->n == s->cap) {
		s->cap = s->cap ? (uint16_t)(s->cap * 2) : 1;
		s->list = xreallocarray(s->list, s->cap, sizeof(*s->list));
	}
	s->list[s->n++] = (struct history_span){ now_ds, state };
}

static uint32_t since_ds(const struct history *h, int64_t now_ms)
{
	return now_ms > h->began_ms ? (uint32_t)((now_ms - h->began_ms) / 100)
				    : 0;
}

void history_states(struct history *h, const struct model *m,
		    const struct service *s, int64_t now_ms)
{
	struct history_service *hs = &h->services[s - m->services];
	uint32_t now_ds = since_ds(h, now_ms);

	spans_note(&hs->spans, (uint8_t)s->state, now_ds);
	for (size_t i = 0; i < s->nbackends; i++)
		spans_note(&hs->backends[i].spans,
			   (uint8_t)backend_state(&s->backends[i]), now_ds);
}

/* ---- samples */

int history_cell(const struct history *h, uint32_t ago)
{
	if (ago >= h->cells || (int64_t)ago > h->tick)
		return -1;
	return (int)((h->tick - ago) % h->cells);
}

static void clear_cell(struct history *h, size_t at)
{
	for (size_t i = 0; i < h->nservices; i++) {
		struct history_service *s = &h->services[i];

		s->connections[at] = s->new_flows[at] = HISTORY_UNKNOWN;
		for (size_t k = 0; k < s->nbackends; k++) {
			s->backends[k].connections[at] = HISTORY_UNKNOWN;
			s->backends[k].share[at] = HISTORY_NO_SHARE;
		}
	}
}

bool history_tick(struct history *h, int64_t now_ms)
{
	int64_t due = (now_ms - h->began_ms) / h->step_ms;

	if (due <= h->tick)
		return false;
	if (due - h->tick > h->cells)
		h->tick = due - h->cells;
	while (h->tick < due)
		clear_cell(h, (size_t)(++h->tick % h->cells));
	return true;
}

/* Hundreds of backends rather share a family than not: twice over them all. */
void history_shares(struct history *h, const struct model *m,
		    const struct service *s)
{
	struct history_service *hs = &h->services[s - m->services];
	int at = history_cell(h, 0);
	uint64_t total[2] = { 0 };

	if (at < 0)
		return;
	for (size_t i = 0; i < s->nbackends; i++)
		total[s->backends[i].conf->addr.family == AF_INET6] +=
		    s->backends[i].now;
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];
		uint64_t of = total[b->conf->addr.family == AF_INET6];

		hs->backends[i].share[at] =
		    of ? (uint8_t)((uint64_t)b->now * HISTORY_SHARE_ONE / of)
		       : 0;
	}
}

/* ---- which services there are */

static void *unknown_cells(size_t n, size_t size)
{
	void *cells = xcalloc(n, size);

	memset(cells, 0xff, n * size); /* both kinds of unknown */
	return cells;
}

/* What @old had is taken from him; samples only where they are like ours. */
static void backend_begin(const struct history *h, struct history_backend *to,
			  const char *name, struct history_backend *old,
			  bool samples)
{
	*to = (struct history_backend){ .name = xstrdup(name) };
	if (old) {
		to->spans = old->spans;
		old->spans = (struct history_spans){ 0 };
	}
	if (old && samples) {
		to->connections = old->connections;
		to->share = old->share;
		old->connections = NULL;
		old->share = NULL;
	} else {
		to->connections =
		    unknown_cells(h->cells, sizeof(*to->connections));
		to->share = unknown_cells(h->cells, sizeof(*to->share));
	}
}

static struct history_backend *find_backend(struct history_service *s,
					    const char *name, size_t hint)
{
	if (s && hint < s->nbackends && !strcmp(s->backends[hint].name, name))
		return &s->backends[hint];
	for (size_t i = 0; s && i < s->nbackends; i++)
		if (!strcmp(s->backends[i].name, name))
			return &s->backends[i];
	return NULL;
}

static void service_begin(const struct history *h, struct history_service *to,
			  const struct service *s, struct history_service *old,
			  bool samples)
{
	to->name = xstrdup(s->conf->name);
	to->nbackends = s->nbackends;
	to->backends = xcalloc(s->nbackends + 1, sizeof(*to->backends));
	for (size_t i = 0; i < s->nbackends; i++) {
		const char *name = s->backends[i].conf->name;

		backend_begin(h, &to->backends[i], name,
			      find_backend(old, name, i), samples);
	}
	if (old) {
		to->spans = old->spans;
		to->flows_seen = old->flows_seen;
		to->flows_known = old->flows_known;
		old->spans = (struct history_spans){ 0 };
	}
	if (old && samples) {
		to->connections = old->connections;
		to->new_flows = old->new_flows;
		old->connections = old->new_flows = NULL;
	} else {
		to->connections =
		    unknown_cells(h->cells, sizeof(*to->connections));
		to->new_flows = unknown_cells(h->cells, sizeof(*to->new_flows));
	}
}

static void service_end(struct history_service *s)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		free(s->backends[i].name);
		free(s->backends[i].spans.list);
		free(s->backends[i].connections);
		free(s->backends[i].share);
	}
	free(s->backends);
	free(s->name);
	free(s->spans.list);
	free(s->connections);
	free(s->new_flows);
}

static bool is_many(const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nservices; i++)
		n += m->services[i].nbackends;
	return n > HISTORY_MANY;
}

void history_free(struct history *h)
{
	for (size_t i = 0; i < h->nservices; i++)
		service_end(&h->services[i]);
	free(h->services);
	free(h->by_name);
	*h = (struct history){ 0 };
}

void history_sync(struct history *h, const struct model *m, int64_t now_ms)
{
	uint32_t step_ms = is_many(m) ? HISTORY_SLOW_MS : HISTORY_STEP_MS;
	struct history old = *h;
	bool begun = old.services != NULL, samples = old.step_ms == step_ms;

	*h = (struct history){
		.services = xcalloc(m->nservices + 1, sizeof(*h->services)),
		.nservices = m->nservices,
		.by_name = xcalloc(m->nservices + 1, sizeof(*h->by_name)),
		.generation = m->generation,
		.began_ms = begun ? old.began_ms : now_ms,
		.step_ms = step_ms,
		.cells = HISTORY_HOUR_MS / step_ms,
		.tick = samples ? old.tick : -1,
	};
	memcpy(h->by_name, m->by_name, m->nservices * sizeof(*h->by_name));
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		service_begin(h, &h->services[i], s,
			      history_of(&old, s->conf->name), samples);
		history_states(h, m, s, now_ms);
	}
	history_free(&old);
}

struct history_service *history_of(const struct history *h, const char *name)
{
	size_t lo = 0, hi = h->nservices;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct history_service *s = &h->services[h->by_name[mid]];
		int order = strcmp(name, s->name);

		if (order == 0)
			return s;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}
