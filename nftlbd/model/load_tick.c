/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticks of dynamic weights, and the words about them: weights move all the
 * time, that is no news. What is: a pool whose weights cannot be moved for a
 * reason that somebody may do something about, and a feed that has fallen
 * silent.
 */
#include "model/load.h"

#include "model/load_impl.h"
#include "model/settle.h"

/* A pool that is full by turns is not said to be more often. */
#define TELL_MS 10000

static bool is_member(const struct backend *b, const struct service *s,
		      const struct weights *w)
{
	return load_weights(s, b) == w;
}

static void look(const struct service *s, const struct weights *w)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];

		s->load->view[i] = (struct weights_view){ 0 };
		if (!is_member(b, s, w))
			continue;
		s->load->view[i] = (struct weights_view){
			.weight_100 = backend_weight_100(s, b),
			.serving = b->serving,
			.ramping = b->ramp != RAMP_FULL,
			.up_ms = b->up_ms,
		};
	}
}

/* ---- what holds the pool */

static size_t serving(const struct service *s, const struct weights *w)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nbackends; i++)
		n += s->backends[i].serving && is_member(&s->backends[i], s, w);
	return n;
}

/* What of two families is to be said first. */
static int rank(enum weights_why why)
{
	static const enum weights_why last_to_first[] = {
		WEIGHTS_IDLE,     WEIGHTS_STEADY,       WEIGHTS_MOVING,
		WEIGHTS_STARTING, WEIGHTS_ONE_REPORTER, WEIGHTS_SATURATED,
	};
	int n = (int)(sizeof(last_to_first) / sizeof(last_to_first[0]));

	while (n > 0 && last_to_first[n - 1] != why)
		n--;
	return n;
}

/* One alone has nobody to be compared with, and nobody to give flows to: a
 * family with one that serves has no say, unless there is no other. @most: how
 * many serve of that which has; at most 2. */
static enum weights_why pool_why(const struct service *s, size_t *most)
{
	enum weights_why why = WEIGHTS_STATIC;

	*most = 0;
	for (unsigned int i = 0; s->load && i < RS_FAMILIES; i++) {
		const struct weights *w = s->load->weights[i];
		size_t n = w ? serving(s, w) : 0;

		n = n > 2 ? 2 : n;
		if (!w || n < *most)
			continue;
		if (n > *most || why == WEIGHTS_STATIC ||
		    rank(weights_pool_why(w)) > rank(why))
			why = weights_pool_why(w);
		*most = n;
	}
	return why;
}

enum weights_why service_why(const struct service *s)
{
	size_t most;
	enum weights_why why = pool_why(s, &most);

	return s->load && most == 0 ? WEIGHTS_OUT : why;
}

static enum weights_why hold_of(const struct service *s)
{
	size_t most;
	enum weights_why why = pool_why(s, &most);

	if (why != WEIGHTS_ONE_REPORTER && why != WEIGHTS_SATURATED)
		return WEIGHTS_STEADY;
	return most > 1 ? why : WEIGHTS_STEADY;
}

/* Of how many that serve something is known. */
static size_t measured(const struct service *s, int64_t now_ms)
{
	double value;
	int64_t age_ms;
	size_t n = 0;

	for (size_t i = 0; i < s->nbackends; i++) {
		bool known = false;

		for (size_t k = 0; k < s->load->nsignals && !known; k++)
			known = weights_value(load_weights(s, &s->backends[i]),
					      i, k, now_ms, &value, &age_ms);
		n += known && s->backends[i].serving;
	}
	return n;
}

static void tell_hold(struct service *s, int64_t now_ms, struct changes *out)
{
	enum weights_why old = (enum weights_why)s->load->told;
	enum weights_why hold = hold_of(s);
	int64_t told_ms = s->load->told_ms;

	if (hold == old || (told_ms && now_ms - told_ms < TELL_MS))
		return;
	s->load->told = (uint8_t)hold;
	s->load->told_ms = now_ms;
	changes_add(out, "weights", s, NULL,
		    word_text(weights_why_words, (int)old),
		    word_text(weights_why_words, (int)hold),
		    "measured=%zu/%zu that serve", measured(s, now_ms),
		    s->tally.serving);
}

/* ---- feeds that say nothing */

static void tell_feed(const struct service *s, const struct backend *b,
		      size_t feed, bool silent, int64_t after_ms,
		      struct changes *out)
{
	static const char *const states[] = { "fresh", "silent" };
	const struct hearing *h = load_hearing(s, b, feed);
	const char *name = s->conf->feeds[feed]->probe.name;

	if (silent)
		changes_add(
		    out, "feed", s, b, states[0], states[1],
		    "feed=%s no value for %lld.%llds, last=%s", name,
		    (long long)after_ms / 1000, (long long)after_ms / 100 % 10,
		    h->reason == HC_OK ? "none"
				       : word_text(hc_reason_words, h->reason));
	else
		changes_add(out, "feed", s, b, states[1], states[0], "feed=%s",
			    name);
}

/* Of who is out nobody waits for an answer. */
static void hear(const struct service *s, const struct backend *b, size_t feed,
		 int64_t now_ms, struct changes *out)
{
	const struct conf_feed *f = s->conf->feeds[feed];
	struct hearing *h = load_hearing(s, b, feed);
	int64_t gone_ms;

	if (h->since_ms == 0 || (!b->serving && !h->silent))
		h->since_ms = now_ms;
	gone_ms = now_ms - h->since_ms;
	if (h->silent == (gone_ms > load_good_ms(&f->probe)))
		return;
	h->silent = !h->silent;
	tell_feed(s, b, feed, h->silent, gone_ms, out);
}

static void hear_all(const struct service *s, int64_t now_ms,
		     struct changes *out)
{
	for (size_t i = 0; i < s->nbackends; i++)
		for (size_t k = 0; k < s->conf->nfeeds; k++)
			hear(s, &s->backends[i], k, now_ms, out);
}

/* ---- */

void step_load(struct model *m, struct service *s, int64_t now_ms,
	       struct changes *out)
{
	bool moved = false;

	if (!s->load || now_ms < load_next_ms(s))
		return;
	for (unsigned int i = 0; i < RS_FAMILIES; i++) {
		struct weights *w = s->load->weights[i];

		if (!w)
			continue;
		look(s, w);
		moved |= weights_tick(w, s->load->view, now_ms);
	}
	if (moved)
		settle(m, s, now_ms, out);
	hear_all(s, now_ms, out);
	tell_hold(s, now_ms, out);
}

void load_late(struct service *s, int64_t late_ms, int64_t now_ms)
{
	for (unsigned int i = 0; s->load && i < RS_FAMILIES; i++)
		if (s->load->weights[i])
			weights_late(s->load->weights[i], late_ms, now_ms);
	for (size_t i = 0; s->load && i < s->nbackends * s->conf->nfeeds; i++) {
		int64_t *since_ms = &s->load->feeds[i].since_ms;

		if (*since_ms)
			*since_ms = *since_ms + late_ms < now_ms
					? *since_ms + late_ms
					: now_ms;
	}
}

int64_t load_next_ms(const struct service *s)
{
	int64_t first_ms = INT64_MAX;

	for (unsigned int i = 0; s->load && i < RS_FAMILIES; i++) {
		const struct weights *w = s->load->weights[i];

		if (w && weights_next_ms(w) < first_ms)
			first_ms = weights_next_ms(w);
	}
	return first_ms == INT64_MAX ? 0 : first_ms;
}
