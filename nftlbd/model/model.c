/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building a model from a configuration, carrying over what is known of
 * objects of the same name, and finding things in it.
 *
 * A candidate shares nothing with the model it was made from: it can be thrown
 * away at any time, and the running one has not changed.
 */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "model/carry.h"
#include "model/combine.h"
#include "model/load.h"
#include "model/path.h"
#include "model/probe_ports.h"
#include "model/same.h"

static int by_name_cmp(const void *a, const void *b, void *arg)
{
	const struct model *m = arg;

	return strcmp(m->services[*(const uint32_t *)a].conf->name,
		      m->services[*(const uint32_t *)b].conf->name);
}

static void model_index(struct model *m)
{
	m->by_name = xcalloc(m->nservices, sizeof(*m->by_name));
	for (size_t i = 0; i < m->nservices; i++)
		m->by_name[i] = (uint32_t)i;
	qsort_r(m->by_name, m->nservices, sizeof(*m->by_name), by_name_cmp, m);
}

static void backend_init(struct backend *b, const struct conf_backend *conf)
{
	b->conf = conf;
	b->weight = WEIGHT_DEFAULT;
	b->ramp = RAMP_FULL;
	b->admin = conf->disabled ? ADMIN_DISABLED : ADMIN_ENABLED;
	for (size_t i = 0; conf->checks && i < conf->checks->n; i++)
		b->checks[i].health =
		    (uint8_t)check_start_health(conf->checks->list[i]);
	b->health = combine_health(b);
	b->doubtful = conf->max_connections > 0;
	b->fresh = true;
}

/* Most reloads keep the order: look at the same place before searching. */
static const struct backend *old_backend(const struct service *old, size_t i,
					 const char *name)
{
	if (i < old->nbackends && !strcmp(old->backends[i].conf->name, name))
		return &old->backends[i];
	return service_backend(old, name);
}

/* Its backends, as they start. */
static void service_init(struct service *s, const struct conf_service *conf)
{
	size_t n = 0;

	s->conf = conf;
	s->fresh = true;
	s->nbackends = conf->nbackends;
	s->backends = xcalloc(conf->nbackends, sizeof(*s->backends));
	for (size_t i = 0; i < conf->nbackends; i++)
		n += conf->backends[i].checks ? conf->backends[i].checks->n : 0;
	s->checks = xcalloc(n + 1, sizeof(*s->checks));
	n = 0;
	for (size_t i = 0; i < conf->nbackends; i++) {
		s->backends[i].checks = &s->checks[n];
		n += conf->backends[i].checks ? conf->backends[i].checks->n : 0;
		backend_init(&s->backends[i], &conf->backends[i]);
		path_new(s, &s->backends[i]);
	}
	load_new(s);
}

static void service_carry(struct service *s, const struct service *old,
			  const struct carry *carry)
{
	s->disabled = old->disabled;
	s->state = old->state;
	s->quorum_lost = old->quorum_lost;
	s->panic = old->panic;
	s->fresh = old->fresh;
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];
		const struct backend *was = old_backend(old, i, b->conf->name);

		if (!was)
			continue;
		carry_backend(carry, b, was);
		path_carry(s, b, old, was);
	}
	load_carry(s, old, carry);
}

/* Services keep their order over most reloads: the heir of the last one found
 * is likely the next. */
static const struct service *old_service(const struct model *old, size_t *next,
					 const char *name)
{
	const struct service *s;

	if (!old)
		return NULL;
	if (*next < old->nservices &&
	    !strcmp(old->services[*next].conf->name, name))
		return &old->services[(*next)++];
	s = model_service(old, name);
	if (s)
		*next = (size_t)(s - old->services) + 1;
	return s;
}

struct model *model_new(struct conf *conf, const struct model *old)
{
	struct model *m = xcalloc(1, sizeof(*m));
	bool same_seed = old && old->conf->hash_seed == conf->hash_seed;
	struct carry *carry = old ? carry_begin(conf, old->conf) : NULL;
	size_t next = 0;

	m->conf = conf;
	m->generation = old ? old->generation + 1 : 1;
	m->nservices = conf->nservices;
	m->services = xcalloc(conf->nservices, sizeof(*m->services));
	for (size_t i = 0; i < m->nservices; i++) {
		const char *name = conf->services[i].name;
		const struct service *was = old_service(old, &next, name);

		service_init(&m->services[i], &conf->services[i]);
		if (was)
			service_carry(&m->services[i], was, carry);
		if (!was || was->dirty || !same_seed ||
		    !service_same(&m->services[i], was))
			model_mark_dirty(m, &m->services[i]);
	}
	carry_free(carry);
	model_index(m);
	probe_ports_assign(m, old);
	return m;
}

void model_mark_all_dirty(struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++)
		model_mark_dirty(m, &m->services[i]);
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->nservices; i++) {
		free(m->services[i].backends);
		free(m->services[i].checks);
		load_free(&m->services[i]);
	}
	free(m->services);
	free(m->by_name);
	free(m->dirty);
	free(m->timed);
	conf_free(m->conf);
	free(m);
}

struct service *model_service(const struct model *m, const char *name)
{
	size_t lo = 0, hi = m->nservices;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct service *s = &m->services[m->by_name[mid]];
		int c = strcmp(name, s->conf->name);

		if (c == 0)
			return s;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

struct backend *service_backend(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->nbackends; i++)
		if (!strcmp(s->backends[i].conf->name, name))
			return &s->backends[i];
	return NULL;
}
