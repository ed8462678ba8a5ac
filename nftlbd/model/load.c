/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load: which signals a service has, and what samples of them are made of what
 * was measured. What follows from the samples is weights/'s, when something
 * follows is load_tick.c's.
 *
 * A backend that fails fast must not look like one that is fast: of a check
 * only good answers count, with the time to their first byte, and time-outs,
 * with all of their length. That our own loop was late says nothing of others.
 *
 * Backends are compared with those that the same flows could go to: of their
 * own address family.
 *
 * Must not know: laws, where counts and values come from.
 */
#include "model/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "model/load_impl.h"

/* Checks that take the time of the service itself; of the host it is on only;
 * 0: what takes time there is not the backend's (a script's own, a file). */
enum nearness { NEAR_NOT, NEAR_HOST, NEAR_SERVICE };

static const uint8_t nearness[HC_TYPES] = {
	[HC_TCP] = NEAR_SERVICE,   [HC_HTTP] = NEAR_SERVICE,
	[HC_HTTPS] = NEAR_SERVICE, [HC_UDP] = NEAR_SERVICE,
	[HC_DNS] = NEAR_SERVICE,   [HC_ICMP] = NEAR_HOST,
	[HC_SNMP] = NEAR_HOST,     [HC_AGENT] = NEAR_HOST,
};

#define CONNECTIONS_TICKS   3    /* a count is good for so many ticks */
#define CONNECTIONS_GOOD_MS 3000 /* or, where that is longer, so long */
#define GOOD_INTERVALS      3    /* the same for what is probed */
#define CPU_NEWS_MS                                                            \
	5000 /* Net-SNMP reads its figures no more often: between, there is    \
	      * nothing new to hear, however often it is asked */

bool service_dynamic(const struct service *s)
{
	return conf_dynamic(s->conf);
}

uint32_t backend_home_weight(const struct service *s, const struct backend *b)
{
	uint32_t weight = backend_weight(b);

	return weight && b->conf->weight && service_dynamic(s) ? b->conf->weight
							       : weight;
}

static size_t member_of(const struct service *s, const struct backend *b)
{
	return (size_t)(b - s->backends);
}

struct weights *load_weights(const struct service *s, const struct backend *b)
{
	return s->load->weights[family_index(b->conf->addr.family)];
}

struct hearing *load_hearing(const struct service *s, const struct backend *b,
			     size_t feed)
{
	return &s->load->feeds[member_of(s, b) * s->conf->nfeeds + feed];
}

/* ---- signals */

/* The types of check that its backends have, whose time is the server's. */
static void types_of(const struct service *s, bool has[HC_TYPES])
{
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct conf_checks *c = s->backends[i].conf->checks;

		for (size_t k = 0; c && k < c->n; k++)
			has[c->list[k]->type] |= conf_check_timed(c->list[k]);
	}
}

/* Which of them are signals: those that are as near as any. */
static size_t add_responses(const struct service *s, enum weights_law *laws,
			    size_t n)
{
	uint8_t nearest = NEAR_HOST;
	bool has[HC_TYPES] = { false };

	types_of(s, has);
	for (size_t i = 0; i < HC_TYPES; i++)
		if (has[i] && nearness[i] > nearest)
			nearest = nearness[i];
	for (size_t i = 0; i < HC_TYPES; i++)
		if (has[i] && nearness[i] == nearest) {
			laws[n++] = WEIGHTS_RESPONSE;
			s->load->response[i] = (uint8_t)n;
		}
	return n;
}

/* One for each family that it has backends of. */
static void add_weights(const struct service *s, const enum weights_law *laws)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		uint8_t family = s->backends[i].conf->addr.family;
		struct weights **w = &s->load->weights[family_index(family)];

		if (!*w)
			*w = weights_new(&s->conf->weights, laws,
					 s->load->nsignals, s->nbackends);
	}
}

void load_new(struct service *s)
{
	enum weights_law laws[WEIGHTS_SIGNALS_MAX];
	size_t n = 0;

	if (!service_dynamic(s))
		return;
	s->load = xcalloc(1, sizeof(*s->load));
	s->load->told = WEIGHTS_STEADY;
	s->load->view = xcalloc(s->nbackends + 1, sizeof(*s->load->view));
	s->load->feeds = xcalloc(s->nbackends * s->conf->nfeeds + 1,
				 sizeof(*s->load->feeds));
	if (s->conf->scheduler == RS_LEAST_CONNECTIONS)
		laws[n++] = WEIGHTS_CONNECTIONS;
	if (s->conf->scheduler == RS_LEAST_RESPONSE)
		n = add_responses(s, laws, n);
	for (size_t i = 0; i < s->conf->nfeeds; i++)
		laws[n++] = WEIGHTS_LOAD;
	s->load->nsignals = (uint8_t)n;
	add_weights(s, laws);
}

void load_free(struct service *s)
{
	if (!s->load)
		return;
	for (unsigned int i = 0; i < RS_FAMILIES; i++)
		weights_free(s->load->weights[i]);
	free(s->load->view);
	free(s->load->feeds);
	free(s->load);
}

static size_t first_feed(const struct service *s)
{
	return s->load->nsignals - s->conf->nfeeds;
}

/* ---- from one model to the next */

/* Which feed of @old goes on as number @feed of @s? -1: none */
static int feed_was(const struct service *s, const struct service *old,
		    size_t feed, const struct carry *carry)
{
	const struct conf_feed *was = carry_feed(carry, s->conf->feeds[feed]);

	for (size_t i = 0; was && i < old->conf->nfeeds; i++)
		if (old->conf->feeds[i] == was)
			return (int)i;
	return -1;
}

/* Which signal of @old is each of @s? */
static void map_signals(const struct service *s, const struct service *old,
			const struct carry *carry, int *to)
{
	for (size_t i = 0; i < s->load->nsignals; i++)
		to[i] = -1;
	if (s->conf->scheduler == RS_LEAST_CONNECTIONS &&
	    old->conf->scheduler == RS_LEAST_CONNECTIONS)
		to[0] = 0;
	for (size_t i = 0; i < HC_TYPES; i++)
		if (s->load->response[i] && old->load->response[i])
			to[s->load->response[i] - 1] =
			    old->load->response[i] - 1;
	for (size_t i = 0; i < s->conf->nfeeds; i++) {
		int was = feed_was(s, old, i, carry);

		if (was >= 0)
			to[first_feed(s) + i] = (int)first_feed(old) + was;
	}
}

static void carry_hearing(const struct service *s, const struct backend *b,
			  const struct service *old, const struct backend *was,
			  const int *to)
{
	for (size_t i = 0; i < s->conf->nfeeds; i++) {
		int from = to[first_feed(s) + i];

		if (from >= 0)
			*load_hearing(s, b, i) = *load_hearing(
			    old, was, (size_t)from - first_feed(old));
	}
}

/* Most reloads keep the order. */
static const struct backend *heir_of(const struct service *old, size_t i,
				     const struct conf_backend *conf)
{
	const struct backend *was;

	if (i < old->nbackends &&
	    !strcmp(old->backends[i].conf->name, conf->name))
		was = &old->backends[i];
	else
		was = service_backend(old, conf->name);
	return was && carry_same_server(conf, was->conf) ? was : NULL;
}

void load_carry(struct service *s, const struct service *old,
		const struct carry *carry)
{
	int to[WEIGHTS_SIGNALS_MAX];

	if (!s->load || !old->load)
		return;
	map_signals(s, old, carry, to);
	s->load->told = old->load->told;
	s->load->told_ms = old->load->told_ms;
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];
		const struct backend *was = heir_of(old, i, b->conf);

		if (!was)
			continue;
		weights_carry(load_weights(s, b), i, load_weights(old, was),
			      member_of(old, was), to);
		carry_hearing(s, b, old, was, to);
	}
}

void load_restore(struct service *s, const struct backend *b, uint32_t dynamic)
{
	if (s->load)
		weights_set(load_weights(s, b), member_of(s, b), dynamic);
}

/* ---- what it comes to */

uint32_t backend_dynamic(const struct service *s, const struct backend *b)
{
	return s->load ? weights_get(load_weights(s, b), member_of(s, b))
		       : WEIGHTS_ONE;
}

enum weights_why backend_why(const struct service *s, const struct backend *b)
{
	return s->load ? weights_why(load_weights(s, b), member_of(s, b))
		       : WEIGHTS_STATIC;
}

size_t load_signals(const struct service *s)
{
	return s->load ? s->load->nsignals : 0;
}

static const char *response_name(const struct service *s, size_t signal)
{
	for (size_t i = 0; i < HC_TYPES; i++)
		if (s->load->response[i] == signal + 1)
			return word_text(hc_type_words, (int)i);
	return "connections";
}

struct load_view load_view(const struct service *s, const struct backend *b,
			   size_t i, int64_t now_ms)
{
	struct load_view v = { .law = WEIGHTS_LOAD };

	if (i >= first_feed(s)) {
		v.name = s->conf->feeds[i - first_feed(s)]->probe.name;
	} else {
		v.name = response_name(s, i);
		v.law = s->conf->scheduler == RS_LEAST_CONNECTIONS
			    ? WEIGHTS_CONNECTIONS
			    : WEIGHTS_RESPONSE;
	}
	v.known = weights_value(load_weights(s, b), member_of(s, b), i, now_ms,
				&v.value, &v.age_ms);
	return v;
}

/* ---- samples */

static uint32_t longer(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

uint32_t load_good_ms(const struct conf_check *probe)
{
	uint32_t every_ms = longer(probe->interval_ms, probe->fast_ms);

	if (probe->type == HC_CPU)
		every_ms = longer(every_ms, CPU_NEWS_MS);
	return GOOD_INTERVALS * every_ms + probe->timeout_ms;
}

void load_connections(struct service *s, const struct backend *b, uint64_t n,
		      bool full, int64_t now_ms)
{
	uint32_t good_ms = longer(CONNECTIONS_TICKS * s->conf->weights.tick_ms,
				  CONNECTIONS_GOOD_MS);

	if (s->conf->scheduler == RS_LEAST_CONNECTIONS)
		weights_sample(load_weights(s, b), member_of(s, b), 0,
			       (double)n, full, good_ms, now_ms);
}

static bool is_first_of_type(const struct conf_checks *c, size_t check)
{
	for (size_t i = 0; i < check; i++)
		if (c->list[i]->type == c->list[check]->type &&
		    conf_check_timed(c->list[i]))
			return false;
	return conf_check_timed(c->list[check]);
}

/* Where nothing was said of phases, all of it. */
static uint32_t answer_us(const struct observation *o)
{
	uint32_t sum = o->connect_us + o->tls_us + o->first_us;

	return o->reason == HC_OK && sum ? sum : o->duration_us;
}

void load_response(struct service *s, const struct backend *b, size_t check,
		   const struct observation *o, int64_t now_ms)
{
	const struct conf_check *c = b->conf->checks->list[check];
	uint32_t good_ms = load_good_ms(c);
	uint8_t signal = s->load->response[c->type];

	if (!signal || (o->reason != HC_OK && o->reason != HC_TIMEOUT) ||
	    !is_first_of_type(b->conf->checks, check))
		return;
	if (b->checks[check].health == HEALTH_DOWN)
		good_ms = longer(good_ms, GOOD_INTERVALS * c->down_ms);
	weights_sample(load_weights(s, b), member_of(s, b), signal - 1u,
		       answer_us(o), o->reason == HC_TIMEOUT, good_ms, now_ms);
}

void load_feed(struct service *s, const struct backend *b, size_t feed,
	       double value, int64_t now_ms)
{
	const struct conf_feed *f = s->conf->feeds[feed];
	struct hearing *h = load_hearing(s, b, feed);
	double part = (value - f->low) / (f->high - f->low);

	if (!isfinite(part))
		return;
	part = part < 0 ? 0 : part > 1 ? 1 : part;
	h->since_ms = now_ms;
	h->reason = HC_OK;
	h->heard = true;
	weights_sample(load_weights(s, b), member_of(s, b),
		       first_feed(s) + feed, part, part >= 1,
		       load_good_ms(&f->probe), now_ms);
}

void load_feed_failed(struct service *s, const struct backend *b, size_t feed,
		      enum hc_reason reason)
{
	load_hearing(s, b, feed)->reason = (uint8_t)reason;
}

bool load_feed_heard(const struct service *s, const struct backend *b,
		     size_t feed)
{
	return load_hearing(s, b, feed)->heard;
}
