/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See model_rig.h. Words that make no sense fail the test. */
#include "model_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "model/sticky.h"

#define OBJECTS_MAX 64
#define DURATION_US 1000300

/* ---- configuration */

/* "key=value" or "key"; the value is NULL then. */
static char *split_key(char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	return value;
}

static int word_value(const struct word *words, const char *text)
{
	int value = word_find(words, text);

	assert_true(value >= 0);
	return value;
}

static bool number_key(const char *key, const char *value, const char *name,
		       uint32_t *at)
{
	if (strcmp(key, name) != 0)
		return false;
	*at = (uint32_t)strtoul(value, NULL, 10);
	return true;
}

static void check_key(struct conf_check *c, const char *key, const char *value)
{
	uint32_t port;

	if (number_key(key, value, "rise", &c->rise) ||
	    number_key(key, value, "fall", &c->fall) ||
	    number_key(key, value, "interval", &c->interval_ms))
		return;
	if (number_key(key, value, "port", &port))
		c->port = (uint16_t)port;
	else if (!strcmp(key, "start"))
		c->start = (enum hc_start)word_value(hc_start_words, value);
	else if (!strcmp(key, "send"))
		c->spec.send = xstrdup(value);
	else if (!strcmp(key, "expect"))
		c->spec.expect = xstrdup(value);
	else if (!strcmp(key, "type"))
		c->type = (enum hc_type)word_value(hc_type_words, value);
	else
		fail_msg("check key %s", key);
}

static bool weights_key(struct weights_conf *w, const char *key,
			const char *value)
{
	return number_key(key, value, "tick", &w->tick_ms) ||
	       number_key(key, value, "smoothing", &w->smoothing_ms) ||
	       number_key(key, value, "blackout", &w->blackout_ms) ||
	       number_key(key, value, "max-step", &w->max_step) ||
	       number_key(key, value, "dead-band", &w->dead_band) ||
	       number_key(key, value, "floor", &w->floor) ||
	       number_key(key, value, "ceiling", &w->ceiling);
}

static const struct conf_feed *find_feed(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nfeeds; i++)
		if (!strcmp(c->feeds[i].probe.name, name))
			return &c->feeds[i];
	fail_msg("no feed %s", name);
	return NULL;
}

static void service_key(struct conf *c, struct conf_service *s, const char *key,
			const char *value)
{
	if (weights_key(&s->weights, key, value))
		return;
	if (!strcmp(key, "feed"))
		s->feeds[s->nfeeds++] = find_feed(c, value);
	else if (!strcmp(key, "scheduler"))
		s->scheduler =
		    (enum rs_scheduler)word_value(rs_scheduler_words, value);
	else if (!strcmp(key, "on-down"))
		s->on_down =
		    (enum conf_on_down)word_value(conf_on_down_words, value);
	else if (!strcmp(key, "persist"))
		s->persist.kind =
		    (enum rs_persist)word_value(rs_persist_words, value);
	else if (number_key(key, value, "cache", &s->direct.cache))
		s->mode = RS_STATELESS;
	else if (!strcmp(key, "pins")) { /* how many: nobody looks at them */
		s->npins = (size_t)atoi(value);
		s->pins = xcalloc(s->npins, sizeof(*s->pins));
	} else if (!number_key(key, value, "backup-when", &s->backup_when) &&
		   !number_key(key, value, "min-usable", &s->min_usable_pct) &&
		   !number_key(key, value, "quorum", &s->quorum) &&
		   !number_key(key, value, "hysteresis",
			       &s->quorum_hysteresis) &&
		   !number_key(key, value, "slots", &s->slots) &&
		   !number_key(key, value, "slow-start", &s->slow_start_ms) &&
		   !number_key(key, value, "flap-hold", &s->flap_hold_ms) &&
		   !number_key(key, value, "flap-max", &s->flap_hold_max_ms) &&
		   !number_key(key, value, "drain-timeout",
			       &s->drain_timeout_ms))
		fail_msg("service key %s", key);
}

static const struct conf_check *find_check(const struct conf *c,
					   const char *name)
{
	for (size_t i = 0; i < c->nchecks; i++)
		if (!strcmp(c->checks[i].name, name))
			return &c->checks[i];
	fail_msg("no check %s", name);
	return NULL;
}

static void backend_key(struct conf *c, struct conf_backend *b,
			struct conf_checks *set, const char *key,
			const char *value)
{
	uint32_t number;

	if (!strcmp(key, "backup"))
		b->backup = true;
	else if (!strcmp(key, "disabled"))
		b->disabled = true;
	else if (!strcmp(key, "check"))
		set->list[set->n++] = find_check(c, value);
	else if (number_key(key, value, "need", &number))
		set->need = (uint8_t)number;
	else if (!strcmp(key, "address"))
		assert_int_equal(addr_parse(value, &b->addr), 0);
	else if (!number_key(key, value, "weight", &b->weight) &&
		 !number_key(key, value, "max", &b->max_connections))
		fail_msg("backend key %s", key);
}

static void add_check(struct conf *c, const char *name, char **words)
{
	struct conf_check *check = &c->checks[c->nchecks++];
	char *word;

	*check = (struct conf_check){ .name = xstrdup(name),
				      .rise = 1,
				      .fall = 1,
				      .start = HC_START_UP };
	while ((word = strtok_r(NULL, " ", words))) {
		char *value = split_key(word);

		check_key(check, word, value);
	}
}

static void add_feed(struct conf *c, const char *name, char **words)
{
	struct conf_feed *f = &c->feeds[c->nfeeds++];
	char *word;

	*f = (struct conf_feed){ .probe = { .name = xstrdup(name),
					    .type = HC_SNMP,
					    .spec = { .feed = SPEC_YES } },
				 .high = 1 };
	while ((word = strtok_r(NULL, " ", words))) {
		const char *value = split_key(word);

		if (!strcmp(word, "low"))
			f->low = strtod(value, NULL);
		else if (!strcmp(word, "high"))
			f->high = strtod(value, NULL);
		else
			check_key(&f->probe, word, value);
	}
}

static void add_service(struct conf *c, const char *name, char **words)
{
	struct conf_service *s = &c->services[c->nservices++];
	char *word;

	*s = (struct conf_service){ .name = xstrdup(name),
				    .naddrs = 1,
				    .protos = { 6 },
				    .nprotos = 1,
				    .scheduler = RS_WEIGHTED,
				    .weights = { .tick_ms = 1000,
						 .max_step = 250,
						 .dead_band = 50,
						 .floor = 200,
						 .ceiling = 3000 },
				    .backup_when = 1 };
	s->addrs = xcalloc(1, sizeof(*s->addrs));
	addr_parse("192.0.2.1", &s->addrs[0]);
	s->backends = xcalloc(OBJECTS_MAX, sizeof(*s->backends));
	while ((word = strtok_r(NULL, " ", words))) {
		char *value = split_key(word);

		service_key(c, s, word, value);
	}
}

static void add_backend(struct conf *c, const char *name, char **words)
{
	struct conf_service *s = &c->services[c->nservices - 1];
	struct conf_backend *b = &s->backends[s->nbackends++];
	struct conf_checks *set = xcalloc(1, sizeof(*set));
	char *word;

	*b = (struct conf_backend){ .name = xstrdup(name), .weight = 1 };
	addr_parse("10.0.0.1", &b->addr);
	while ((word = strtok_r(NULL, " ", words))) {
		char *value = split_key(word);

		backend_key(c, b, set, word, value);
	}
	if (set->need == 0)
		set->need = set->n;
	b->checks = set->n ? set : NULL;
	b->check_addr = b->addr;
	*VEC_PUSH(c->checksets, c->nchecksets, c->capchecksets) = set;
}

struct conf *made_conf(const char *text)
{
	struct conf *c = xcalloc(1, sizeof(*c));
	char *copy = xstrdup(text), *line, *lines = NULL;

	c->checks = xcalloc(OBJECTS_MAX, sizeof(*c->checks));
	c->feeds = xcalloc(OBJECTS_MAX, sizeof(*c->feeds));
	c->services = xcalloc(OBJECTS_MAX, sizeof(*c->services));
	for (line = strtok_r(copy, "\n", &lines); line;
	     line = strtok_r(NULL, "\n", &lines)) {
		char *words = NULL, *kind = strtok_r(line, " ", &words);
		const char *name = strtok_r(NULL, " ", &words);

		if (!strcmp(kind, "check"))
			add_check(c, name, &words);
		else if (!strcmp(kind, "feed"))
			add_feed(c, name, &words);
		else if (!strcmp(kind, "service"))
			add_service(c, name, &words);
		else
			add_backend(c, name, &words);
	}
	free(copy);
	return c;
}

/* ---- what changed */

static void take_changes(struct model_rig *r)
{
	for (size_t i = 0; i < r->changes.n; i++) {
		const struct change *c = &r->changes.list[i];

		buf_printf(&r->text, "%s %s %s>%s %s\n", c->kind,
			   c->b ? c->b->conf->name : c->s->conf->name,
			   c->old_state, c->new_state, c->reason);
	}
	r->urgent |= r->changes.urgent;
	r->worthwhile |= r->changes.worthwhile;
	changes_free(&r->changes);
}

static void clear(struct model_rig *r)
{
	buf_clear(&r->text);
	buf_printf(&r->text, "%s", "");
	r->urgent = r->worthwhile = false;
}

const char *model_rig_conf(struct model_rig *r, const char *text)
{
	struct model *old = r->m;

	clear(r);
	if (!old)
		r->now_ms = 1000;
	r->m = model_new(made_conf(text), old);
	step_begin(r->m, r->now_ms, old ? &r->changes : NULL);
	take_changes(r);
	model_free(old);
	return r->text.data;
}

/* ---- steps */

static void take_word(struct observation *o, const char *word)
{
	static const struct word says[] = { { "ready", HC_SAYS_READY },
					    { "drain", HC_SAYS_DRAIN },
					    { "maint", HC_SAYS_MAINT },
					    { NULL, 0 } };

	if (word_find(says, word) >= 0) {
		o->says |= (uint8_t)word_find(says, word);
	} else if (word[0] == '=') {
		o->says |= HC_SAYS_WEIGHT;
		o->weight = (uint16_t)atoi(word + 1);
	} else if (strchr(word, '%')) {
		o->says |= HC_SAYS_PERCENT;
		o->weight = (uint16_t)atoi(word);
	} else {
		o->detail = atoi(word);
	}
}

static void do_result(struct model_rig *r, struct backend *b, const char *check,
		      char **words)
{
	struct observation o = { .duration_us = DURATION_US };
	const char *word = strtok_r(NULL, " ", words);
	size_t i = 0;

	while (strcmp(b->conf->checks->list[i]->name, check) != 0)
		assert_true(++i < b->conf->checks->n);
	o.reason = (enum hc_reason)word_value(hc_reason_words, word);
	while ((word = strtok_r(NULL, " ", words)))
		take_word(&o, word);
	step_observe(r->m, &r->m->services[0], b, i, &o, r->now_ms,
		     &r->changes);
}

static void do_kernel(struct model_rig *r, const char *word)
{
	struct service *s = &r->m->services[0];

	if (!strcmp(word, "committed"))
		sticky_committed(s);
	else if (!strcmp(word, "read"))
		sticky_purge_begin(s, AF_INET);
	else
		step_purged(r->m, s, AF_INET, !strcmp(word, "purged"),
			    r->now_ms, &r->changes);
}

/* "flag" or "free": what the kernel is told, with the number it counts to, "!"
 * if it has to begin anew. */
static void do_counted(struct model_rig *r, struct backend *b, char **words)
{
	uint64_t n = (uint64_t)atoi(strtok_r(NULL, " ", words));
	bool flagged = strtok_r(NULL, " ", words), recount = b->recount;
	bool flag = step_counted(r->m, &r->m->services[0], b, n, flagged,
				 r->now_ms, &r->changes);

	buf_printf(&r->text, "%s %u%s\n", flag ? "flag" : "free",
		   backend_room(b), recount == b->recount ? "" : "!");
}

static void do_step(struct model_rig *r, char *step)
{
	struct service *s = &r->m->services[0];
	char *words = NULL, *name = strtok_r(step, " ", &words);
	const char *word = strtok_r(NULL, " ", &words);
	struct backend *b;

	if (!strcmp(name, "kernel")) {
		do_kernel(r, word);
		return;
	}
	if (!strcmp(name, "wait")) {
		r->now_ms += atoi(word);
		step_tick(r->m, r->now_ms, &r->changes);
		return;
	}
	if (!strcmp(name, "service")) {
		step_disable(r->m, s, !strcmp(word, "disabled"), "test",
			     r->now_ms, &r->changes);
		return;
	}
	b = service_backend(s, name);
	assert_non_null(b);
	if (!strcmp(word, "counted")) {
		do_counted(r, b, &words);
	} else if (!strcmp(word, "weight")) {
		word = strtok_r(NULL, " ", &words);
		step_weight(r->m, s, b,
			    strcmp(word, "default") ? atoi(word)
						    : WEIGHT_DEFAULT,
			    "test", r->now_ms, &r->changes);
	} else if (word_find(admin_words, word) >= 0) {
		step_admin(r->m, s, b, (enum admin)word_find(admin_words, word),
			   "test", r->now_ms, &r->changes);
	} else {
		do_result(r, b, word, &words);
	}
}

const char *model_rig_do(struct model_rig *r, const char *script)
{
	char *copy = xstrdup(script), *step, *steps = NULL;

	clear(r);
	for (step = strtok_r(copy, ";", &steps); step;
	     step = strtok_r(NULL, ";", &steps)) {
		do_step(r, step);
		take_changes(r);
	}
	free(copy);
	return r->text.data;
}

const char *model_rig_serving(struct model_rig *r)
{
	const struct service *s = &r->m->services[0];

	clear(r);
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].serving && !s->backends[i].full)
			buf_printf(&r->text, "%s=%u ",
				   s->backends[i].conf->name,
				   s->backends[i].now);
	buf_printf(&r->text, "%s",
		   word_text(service_state_words, (int)s->state));
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].sticky)
			buf_printf(&r->text, " %s", s->backends[i].conf->name);
	return r->text.data;
}

void model_rig_free(struct model_rig *r)
{
	changes_free(&r->changes);
	buf_free(&r->text);
	model_free(r->m);
	*r = (struct model_rig){ 0 };
}

static void expect(const char *script, const char *have, const char *wanted)
{
	if (wanted && strcmp(have, wanted) != 0)
		fail_msg("%s:\n%s\nwanted:\n%s", script, have, wanted);
}

void model_story(const char *conf, const struct model_line *lines)
{
	struct model_rig r = { 0 };
	const char *text = model_rig_conf(&r, conf);

	assert_string_equal(text, "");
	for (; lines->script; lines++) {
		text = lines->script[0] == '!'
			   ? model_rig_conf(&r, lines->script + 1)
			   : model_rig_do(&r, lines->script);
		expect(lines->script, text, lines->changes);
		text = model_rig_serving(&r);
		expect(lines->script, text, lines->serving);
	}
	model_rig_free(&r);
}
