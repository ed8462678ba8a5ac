/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics of backends and of their checks. What is not known is left out.
 *
 * Must not know: how slots are dealt, where counts come from.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "daemon/counters.h"
#include "lib/xalloc.h"
#include "metrics/families.h"
#include "metrics/labels.h"
#include "model/load.h"

/* @show for each backend that @has it (NULL: all), with its label. */
static void some(struct collect *c, const struct service *s,
		 bool (*has)(const struct backend *b),
		 void (*show)(struct collect *c, const struct service *s,
			      const struct backend *b))
{
	size_t len = expo_labels(&c->e);
	const char *label = c->labels;

	for (size_t i = 0; i < s->nbackends; i++, label = labels_next(label)) {
		if (has && !has(&s->backends[i]))
			continue;
		labels_set(&c->e, label);
		show(c, s, &s->backends[i]);
		expo_labels_cut(&c->e, len);
	}
}

static void each(struct collect *c, const struct service *s,
		 void (*show)(struct collect *c, const struct service *s,
			      const struct backend *b))
{
	some(c, s, NULL, show);
}

/* ---- what it is */

static bool is_out(const struct backend *b)
{
	return b->admin != ADMIN_ENABLED;
}

static bool is_limited(const struct backend *b)
{
	return b->conf->max_connections > 0;
}

static void show_up(struct collect *c, const struct service *s,
		    const struct backend *b)
{
	(void)s;
	expo_count(&c->e, b->health == HEALTH_UP);
}

static void show_state(struct collect *c, const struct service *s,
		       const struct backend *b)
{
	(void)s;
	expo_count_of(&c->e, "state",
		      word_text(backend_state_words, (int)backend_state(b)), 1);
}

static void show_admin(struct collect *c, const struct service *s,
		       const struct backend *b)
{
	(void)s;
	if (b->admin != ADMIN_ENABLED)
		expo_count_of(&c->e, "admin",
			      word_text(admin_words, (int)b->admin), 1);
}

static void show_weight(struct collect *c, const struct service *s,
			const struct backend *b)
{
	expo_count_of(&c->e, "kind", "configured", b->conf->weight);
	if (b->weight != WEIGHT_DEFAULT)
		expo_count_of(&c->e, "kind", "set", (uint64_t)b->weight);
	if (service_dynamic(s))
		expo_real_of(&c->e, "kind", "dynamic",
			     (double)backend_dynamic(s, b) / WEIGHTS_ONE);
	expo_count_of(&c->e, "kind", "effective",
		      backend_effective_weight(s, b));
}

static void show_connections(struct collect *c, const struct service *s,
			     const struct backend *b)
{
	uint64_t n;

	if (counts_get(c->counts, (size_t)(s - c->d->model->services),
		       (size_t)(b - s->backends), &n))
		expo_count(&c->e, n);
}

static void show_max_connections(struct collect *c, const struct service *s,
				 const struct backend *b)
{
	(void)s;
	expo_count(&c->e, b->conf->max_connections);
}

void collect_backend_up(struct collect *c, const struct service *s)
{
	each(c, s, show_up);
}

void collect_backend_state(struct collect *c, const struct service *s)
{
	each(c, s, show_state);
}

void collect_backend_admin(struct collect *c, const struct service *s)
{
	some(c, s, is_out, show_admin);
}

void collect_weight(struct collect *c, const struct service *s)
{
	each(c, s, show_weight);
}

void collect_connections(struct collect *c, const struct service *s)
{
	if (!rs_is_direct(s->conf->mode))
		each(c, s, show_connections);
}

void collect_max_connections(struct collect *c, const struct service *s)
{
	some(c, s, is_limited, show_max_connections);
}

/* ---- slots, by family: one name may be asked for once */

static void slots_of_family(struct collect *c, const struct service *s,
			    uint8_t family)
{
	const char **names = xcalloc(s->nbackends + 1, sizeof(*names));
	uint32_t *slots = xcalloc(s->nbackends + 1, sizeof(*slots));
	size_t len = expo_labels(&c->e), n = 0;

	for (size_t i = 0; i < s->nbackends; i++)
		if (conf_family(s->conf, s->backends[i].conf) == family)
			names[n++] = s->backends[i].conf->name;
	if (n)
		ruleset_slot_counts(c->d->ruleset, s->conf->name, family, names,
				    n, slots);
	for (size_t i = 0; i < n; i++) {
		expo_label_word(&c->e, "backend", names[i]);
		expo_count(&c->e, slots[i]);
		expo_labels_cut(&c->e, len);
	}
	free(names);
	free(slots);
}

void collect_slots(struct collect *c, const struct service *s)
{
	slots_of_family(c, s, AF_INET);
	slots_of_family(c, s, AF_INET6);
}

/* ---- counters; each is 0 until its first packet */

static uint64_t packets(const struct total *at)
{
	return at ? total_packets(at) : 0;
}

static uint64_t bytes(const struct total *at)
{
	return at ? total_bytes(at) : 0;
}

static const char *const directions[2] = { "in", "out" };

static const struct total *total_of(struct collect *c, const struct backend *b,
				    int direction)
{
	return totals_find_next(c->totals, directions[direction], b->conf->name,
				&c->total[direction]);
}

/* The service's totals are looked up once, not for each backend. */
static void each_counted(struct collect *c, const struct service *s,
			 void (*show)(struct collect *c,
				      const struct service *s,
				      const struct backend *b))
{
	if (!s->conf->counters)
		return;
	c->totals = service_totals(c, s);
	c->total[0] = c->total[1] = 0;
	each(c, s, show);
}

static void show_packets(struct collect *c, const struct service *s,
			 const struct backend *b)
{
	(void)s;
	for (int i = 0; i < 2; i++)
		expo_count_of(&c->e, "direction", directions[i],
			      packets(total_of(c, b, i)));
}

static void show_bytes(struct collect *c, const struct service *s,
		       const struct backend *b)
{
	(void)s;
	for (int i = 0; i < 2; i++)
		expo_count_of(&c->e, "direction", directions[i],
			      bytes(total_of(c, b, i)));
}

static void show_new_flows(struct collect *c, const struct service *s,
			   const struct backend *b)
{
	(void)s;
	expo_count(&c->e, packets(totals_find_next(
			      c->totals, "new", b->conf->name, &c->total[0])));
}

void collect_backend_packets(struct collect *c, const struct service *s)
{
	each_counted(c, s, show_packets);
}

void collect_backend_bytes(struct collect *c, const struct service *s)
{
	each_counted(c, s, show_bytes);
}

void collect_backend_new_flows(struct collect *c, const struct service *s)
{
	each_counted(c, s, show_new_flows);
}

/* ---- checks */

static void each_check(struct collect *c, const struct backend *b,
		       void (*show)(struct expo *e,
				    const struct check_state *cs))
{
	size_t len = expo_labels(&c->e);

	for (size_t i = 0; b->conf->checks && i < b->conf->checks->n; i++) {
		const struct conf_check *check = b->conf->checks->list[i];

		expo_label_word(&c->e, "check", check->name);
		expo_label_word(&c->e, "type",
				word_text(hc_type_words, (int)check->type));
		show(&c->e, &b->checks[i]);
		expo_labels_cut(&c->e, len);
	}
}

static void put_time(struct expo *e, const struct check_state *cs)
{
	histogram_show(&cs->took, &histogram_checks, e);
}

static void put_results(struct expo *e, const struct check_state *cs)
{
	uint64_t n = histogram_count(&cs->took);

	expo_count_of(e, "result", "success", n - cs->failures);
	expo_count_of(e, "result", "failure", cs->failures);
}

static void show_check_time(struct collect *c, const struct service *s,
			    const struct backend *b)
{
	(void)s;
	each_check(c, b, put_time);
}

static void show_check_results(struct collect *c, const struct service *s,
			       const struct backend *b)
{
	(void)s;
	each_check(c, b, put_results);
}

void collect_check_time(struct collect *c, const struct service *s)
{
	each(c, s, show_check_time);
}

void collect_check_results(struct collect *c, const struct service *s)
{
	each(c, s, show_check_results);
}
