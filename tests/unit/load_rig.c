/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See load_rig.h. */
#include "load_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void all_silent(struct load_rig *r)
{
	for (size_t i = 0; i < LOAD_BACKENDS; i++) {
		r->connections[i] = r->response_us[i] = SILENT;
		for (size_t f = 0; f < CONF_FEEDS_MAX; f++)
			r->feeds[f][i] = SILENT;
	}
}

void load_rig_begin(struct load_rig *r, const char *conf)
{
	*r = (struct load_rig){ .now_ms = 1000 };
	all_silent(r);
	load_rig_reload(r, conf);
}

void load_rig_reload(struct load_rig *r, const char *conf)
{
	struct model *old = r->m;

	r->m = model_new(made_conf(conf), old);
	r->s = &r->m->services[0];
	assert_in_range(r->s->nbackends, 1, LOAD_BACKENDS);
	step_begin(r->m, r->now_ms, old ? &r->changes : NULL);
	model_free(old);
}

void load_rig_end(struct load_rig *r)
{
	changes_free(&r->changes);
	buf_free(&r->text);
	model_free(r->m);
}

void load_rig_result(struct load_rig *r, size_t backend, size_t check,
		     enum hc_reason reason, uint32_t us)
{
	struct observation o = { .reason = reason,
				 .duration_us = us + 7,
				 .first_us = us };

	if (reason != HC_OK) {
		o.first_us = 0;
		o.duration_us = us;
	}
	step_observe(r->m, r->s, &r->s->backends[backend], check, &o, r->now_ms,
		     &r->changes);
}

static void sample(struct load_rig *r, size_t i)
{
	struct backend *b = &r->s->backends[i];

	if (r->connections[i] >= 0)
		load_connections(r->s, b, (uint64_t)r->connections[i], false,
				 r->now_ms);
	if (r->response_us[i] >= 0)
		load_rig_result(r, i, 0, HC_OK, (uint32_t)r->response_us[i]);
	for (size_t f = 0; f < r->s->conf->nfeeds; f++)
		if (r->feeds[f][i] >= 0)
			load_feed(r->s, b, f, r->feeds[f][i], r->now_ms);
}

void load_rig_ticks(struct load_rig *r, unsigned int n)
{
	for (; n > 0; n--) {
		r->now_ms += r->s->conf->weights.tick_ms;
		step_tick(r->m, r->now_ms, &r->changes);
		for (size_t i = 0; i < r->s->nbackends; i++)
			sample(r, i);
		step_load(r->m, r->s, r->now_ms, &r->changes);
	}
}

void load_rig_set(double *values, double b1, double b2, double b3)
{
	values[0] = b1;
	values[1] = b2;
	values[2] = b3;
}

const char *load_rig_weights(struct load_rig *r)
{
	buf_clear(&r->text);
	for (size_t i = 0; i < r->s->nbackends; i++)
		buf_printf(&r->text, i ? " %u" : "%u", load_rig_weight(r, i));
	return r->text.data;
}

const char *load_rig_changes(struct load_rig *r)
{
	buf_clear(&r->text);
	buf_printf(&r->text, "%s", "");
	for (size_t i = 0; i < r->changes.n; i++) {
		const struct change *c = &r->changes.list[i];

		buf_printf(&r->text, "%s %s %s>%s %s\n", c->kind,
			   c->b ? c->b->conf->name : c->s->conf->name,
			   c->old_state, c->new_state, c->reason);
	}
	changes_free(&r->changes);
	return r->text.data;
}

uint32_t load_rig_weight(const struct load_rig *r, size_t backend)
{
	return backend_dynamic(r->s, &r->s->backends[backend]);
}

const char *load_rig_why(const struct load_rig *r, size_t backend)
{
	return word_text(weights_why_words,
			 (int)backend_why(r->s, &r->s->backends[backend]));
}

void load_rig_committed(struct load_rig *r)
{
	for (size_t i = 0; i < r->m->nservices; i++)
		r->m->services[i].dirty = false;
	r->m->ndirty = 0;
	changes_free(&r->changes);
}
