/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks as JSON: each definition with what it finds, and each probe with what
 * it found last. Reads only.
 */
#include <stdlib.h>

#include "control/json.h"
#include "daemon/health.h"
#include "lib/xalloc.h"

/* ---- definitions */

struct check_count {
	size_t up, down, unknown;
};

static void count_checks(const struct model *m, struct check_count *n)
{
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		for (size_t j = 0; j < s->nbackends; j++) {
			const struct backend *b = &s->backends[j];
			const struct conf_checks *all = b->conf->checks;

			for (size_t k = 0; all && k < all->n; k++) {
				struct check_count *c =
				    &n[all->list[k] - m->conf->checks];
				uint8_t health = b->checks[k].health;

				c->up += health == HEALTH_UP;
				c->down += health == HEALTH_DOWN;
				c->unknown += health == HEALTH_UNKNOWN;
			}
		}
	}
}

static json_t *json_check(const struct conf_check *c,
			  const struct check_count *n)
{
	return json_pack(
	    "{s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:o, s:s, s:s,"
	    " s:{s:I, s:I, s:I}}",
	    "name", c->name, "type", word_text(hc_type_words, c->type),
	    "interval_ms", (json_int_t)c->interval_ms, "fast_interval_ms",
	    (json_int_t)c->fast_ms, "down_interval_ms", (json_int_t)c->down_ms,
	    "timeout_ms", (json_int_t)c->timeout_ms, "rise", (int)c->rise,
	    "fall", (int)c->fall, "jitter_pct", (int)c->jitter_pct, "port",
	    c->port ? json_integer(c->port) : json_null(), "start",
	    word_text(hc_start_words, c->start), "via",
	    word_text(conf_via_words, c->via), "backends", "up",
	    (json_int_t)n->up, "down", (json_int_t)n->down, "unknown",
	    (json_int_t)n->unknown);
}

json_t *json_checks(const struct model *m)
{
	struct check_count *n = xcalloc(m->conf->nchecks + 1, sizeof(*n));
	json_t *list = json_array();

	count_checks(m, n);
	for (size_t i = 0; i < m->conf->nchecks; i++)
		json_array_append_new(list,
				      json_check(&m->conf->checks[i], &n[i]));
	free(n);
	return list;
}

/* ---- probes */

void json_phases(const struct check_state *cs, json_t *o)
{
	const struct {
		const char *key;
		uint32_t us;
	} phases[] = {
		{ "connect_ms", cs->connect_us },
		{ "tls_ms", cs->tls_us },
		{ "first_byte_ms", cs->first_us },
	};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		json_object_set_new(o, phases[i].key,
				    phases[i].us
					? json_real(phases[i].us / 1000.)
					: json_null());
}

/* Also of probes that counted as nothing: it may have no others. */
json_t *json_reason(const struct check_state *cs)
{
	if (!cs->decided && cs->reason == HC_OK)
		return json_null();
	return json_string(word_text(hc_reason_words, cs->reason));
}

json_t *json_says(uint8_t says)
{
	static const struct word words[] = {
		{ "ready", HC_SAYS_READY },
		{ "drain", HC_SAYS_DRAIN },
		{ "maint", HC_SAYS_MAINT },
		{ NULL, 0 },
	};
	json_t *list = json_array();

	for (const struct word *w = words; w->text; w++)
		if (says & w->value)
			json_array_append_new(list, json_string(w->text));
	return list;
}

json_t *json_said_weight(const struct check_state *cs)
{
	if (cs->says & HC_SAYS_PERCENT)
		return json_sprintf("%u%%", cs->weight);
	if (cs->says & HC_SAYS_WEIGHT)
		return json_sprintf("%u", cs->weight);
	return json_null();
}

/* What the probe is sent to: the backend, or the service's first address of its
 * family. */
static json_t *json_target(const struct service *s, const struct backend *b,
			   const struct conf_check *c, uint16_t *port)
{
	const struct addr *to = &b->conf->check_addr;
	char text[ADDR_STRLEN];

	*port = conf_probe_port(b->conf, c);
	if (c->via == CONF_VIA_SERVICE) {
		*port = conf_via_port(s->conf, b->conf, c);
		for (size_t i = s->conf->naddrs; i > 0; i--)
			if (s->conf->addrs[i - 1].family ==
			    b->conf->addr.family)
				to = &s->conf->addrs[i - 1];
	}
	return json_string(addr_format(to, text));
}

/* What is known of the probe itself, whoever shares it. */
static void add_counts(json_t *o, const struct daemon *d,
		       const struct service *s, const struct backend *b,
		       size_t i)
{
	struct health_probe p = { 0 };
	bool known = d->health &&
		     health_probe(d->health, (size_t)(s - d->model->services),
				  (size_t)(b - s->backends), i, &p);

	json_object_set_new(o, "results",
			    known ? json_integer(p.results) : json_null());
	json_object_set_new(o, "failed",
			    known ? json_integer(p.failures) : json_null());
	json_object_set_new(o, "shared_by",
			    known ? json_integer(p.owners) : json_null());
	json_object_set_new(o, "last_at",
			    p.last_ms ? json_time(p.last_ms) : json_null());
}

static json_t *json_probe(const struct service *s, const struct backend *b,
			  size_t i)
{
	const struct conf_check *c = b->conf->checks->list[i];
	const struct check_state *cs = &b->checks[i];
	uint16_t port;
	json_t *target = json_target(s, b, c, &port);

	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:i, s:o, s:i, s:i,"
	    " s:i, s:i, s:o, s:o}",
	    "service", s->conf->name, "backend", b->conf->name, "check",
	    c->name, "type", word_text(hc_type_words, c->type), "address",
	    target, "port", port ? json_integer(port) : json_null(), "via",
	    word_text(conf_via_words, c->via), "health",
	    word_text(health_words, cs->health), "reason", json_reason(cs),
	    "detail", (int)cs->detail, "last_ms",
	    cs->last_us ? json_real(cs->last_us / 1000.) : json_null(),
	    "successes", (int)cs->rise, "failures", (int)cs->fall, "rise",
	    (int)c->rise, "fall", (int)c->fall, "says", json_says(cs->says),
	    "weight", json_said_weight(cs));
}

void json_probes(const struct daemon *d, const struct service *s,
		 const struct backend *b, json_t *list)
{
	for (size_t i = 0; b->conf->checks && i < b->conf->checks->n; i++) {
		json_t *o = json_probe(s, b, i);

		json_phases(&b->checks[i], o);
		add_counts(o, d, s, b, i);
		json_array_append_new(list, o);
	}
}
