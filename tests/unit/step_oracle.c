/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See step_oracle.h. */
#include "step_oracle.h"

#include <string.h>

/* ---- checks */

static enum health of_checks(const struct o_backend *b)
{
	size_t up = 0, down = 0;

	if (b->nchecks == 0)
		return HEALTH_UP;
	for (size_t i = 0; i < b->nchecks; i++) {
		up += b->checks[i].health == HEALTH_UP;
		down += b->checks[i].health == HEALTH_DOWN;
	}
	if (up >= b->conf->checks->need)
		return HEALTH_UP;
	/* Would all that are not down be enough? */
	if (b->nchecks - down < b->conf->checks->need)
		return HEALTH_DOWN;
	return HEALTH_UNKNOWN;
}

static enum admin said_by(const struct o_backend *b)
{
	enum admin said = ADMIN_ENABLED;

	for (size_t i = 0; i < b->nchecks; i++)
		if (b->checks[i].maint)
			return ADMIN_DISABLED;
		else if (b->checks[i].drain)
			said = ADMIN_DRAIN;
	return said;
}

static uint32_t weight_of(const struct o_backend *b)
{
	return b->weight < 0 ? b->conf->weight : (uint32_t)b->weight;
}

bool oracle_is_dynamic(const struct conf_service *c)
{
	return !strncmp(word_text(rs_scheduler_words, (int)c->scheduler),
			"least-", 6);
}

static bool by_weight(const struct o_service *s)
{
	return s->conf->scheduler == RS_WEIGHTED || oracle_is_dynamic(s->conf);
}

static uint32_t weight_100(const struct o_service *s, const struct o_backend *b)
{
	double weight = weight_of(b), least = -1;

	if (weight == 0)
		return 0;
	for (size_t i = 0; i < b->nchecks; i++) {
		const struct o_check *c = &b->checks[i];
		double w = c->absolute ? c->weight : weight * c->weight / 100;

		if (!c->absolute && !c->percent)
			continue;
		if (least < 0 || w < least)
			least = w;
	}
	if (least < 0 || (least > 0 && !by_weight(s)))
		least = weight;
	return (uint32_t)((least > 65535 ? 65535 : least) * 100 + 0.5);
}

static void judge_result(struct o_check *c, const struct observation *r)
{
	bool good = r->reason == HC_OK;
	unsigned int wanted = good ? c->conf->rise : c->conf->fall, alike = 0;

	c->recent = c->recent << 1 | good;
	c->n++;
	while (alike < c->n && alike < 60 &&
	       (c->recent >> alike & 1) == (unsigned int)good)
		alike++;
	if (c->health == HEALTH_UNKNOWN || r->reason == HC_MAINTENANCE ||
	    alike >= wanted)
		c->health = good ? HEALTH_UP : HEALTH_DOWN;
}

static void hear(struct o_check *c, const struct observation *r)
{
	if (r->says & (HC_SAYS_READY | HC_SAYS_DRAIN | HC_SAYS_MAINT)) {
		c->drain = r->says & HC_SAYS_DRAIN;
		c->maint = r->says & HC_SAYS_MAINT;
	}
	if (r->says & (HC_SAYS_PERCENT | HC_SAYS_WEIGHT)) {
		c->percent = r->says & HC_SAYS_PERCENT;
		c->absolute = r->says & HC_SAYS_WEIGHT;
		c->weight = r->weight;
	}
}

/* ---- backends */

static void came_up(const struct o_service *s, struct o_backend *b,
		    int64_t now_ms)
{
	if (b->health == HEALTH_DOWN && by_weight(s) && s->conf->slow_start_ms)
		b->ramp_ms = now_ms;
	b->health = HEALTH_UP;
	b->hold_ms = 0;
}

static void went_down(const struct o_service *s, struct o_backend *b,
		      int64_t now_ms)
{
	int64_t hold_ms = s->conf->flap_hold_ms;

	if (b->health == HEALTH_UP && hold_ms) {
		b->flaps++;
		b->flap_ms = now_ms;
		for (int i = 2; i < b->flaps; i++)
			if (hold_ms < s->conf->flap_hold_max_ms)
				hold_ms *= 2;
		if (hold_ms > s->conf->flap_hold_max_ms)
			hold_ms = s->conf->flap_hold_max_ms;
		b->hold_ms = b->flaps >= 2 ? now_ms + hold_ms : 0;
	}
	b->health = HEALTH_DOWN;
	b->ramp_ms = -1;
}

static void look_at_health(const struct o_service *s, struct o_backend *b,
			   int64_t now_ms)
{
	enum health health = of_checks(b);

	if (health == b->health || (health == HEALTH_UP && now_ms < b->hold_ms))
		return;
	if (health == HEALTH_UP)
		came_up(s, b, now_ms);
	else if (health == HEALTH_DOWN)
		went_down(s, b, now_ms);
	else
		b->health = health, b->ramp_ms = -1;
}

static void forgive(const struct o_service *s, struct o_backend *b,
		    int64_t now_ms)
{
	int64_t each_ms = s->conf->flap_hold_max_ms;

	if (s->conf->flap_hold_ms == 0) {
		b->flaps = 0;
		b->hold_ms = 0;
	}
	if (b->hold_ms > b->flap_ms + each_ms)
		b->hold_ms = b->flap_ms + each_ms;
	while (b->flaps && now_ms >= b->flap_ms + each_ms) {
		b->flaps--;
		b->flap_ms += each_ms;
	}
}

static enum admin admin_of(const struct o_backend *b)
{
	return b->admin > b->said ? b->admin : b->said;
}

static void look_at_drain(const struct o_service *s, struct o_backend *b,
			  int64_t now_ms)
{
	int64_t timeout_ms = s->conf->drain_timeout_ms;

	if (admin_of(b) != ADMIN_DRAIN) {
		b->drain_ms = -1;
		b->drained = false;
		return;
	}
	if (b->drain_ms < 0)
		b->drain_ms = now_ms;
	if (timeout_ms && now_ms >= b->drain_ms + timeout_ms)
		b->drained = true;
}

static void look_at_ramp(const struct o_service *s, struct o_backend *b,
			 int64_t now_ms)
{
	int64_t span_ms = s->conf->slow_start_ms;

	if (b->ramp_ms >= 0 &&
	    (!by_weight(s) || now_ms - b->ramp_ms >= span_ms))
		b->ramp_ms = -1;
	b->tenths = 10;
	while (b->ramp_ms >= 0 && b->tenths > 1 &&
	       (now_ms - b->ramp_ms) * 9 < (b->tenths - 1) * span_ms)
		b->tenths--;
}

/* ---- services */

static bool wanted(const struct o_backend *b)
{
	return admin_of(b) == ADMIN_ENABLED && b->weight_100 > 0;
}

static bool usable(const struct o_backend *b)
{
	return wanted(b) && b->health == HEALTH_UP;
}

struct sums {
	size_t wanted, usable, primaries, usable_primaries, serving;
	uint64_t weight;
};

static void sum_up(const struct o_service *s, struct sums *n)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct o_backend *b = &s->backends[i];

		n->wanted += wanted(b);
		n->usable += usable(b);
		if (!b->conf->backup) {
			n->primaries++;
			n->usable_primaries += usable(b);
		}
		if (usable(b))
			n->weight += weight_of(b);
	}
}

static bool lost(const struct o_service *s, int64_t weight)
{
	int64_t quorum = s->conf->quorum, gap = s->conf->quorum_hysteresis;

	if (!quorum)
		return false;
	if (s->fresh)
		return weight < quorum;
	if (weight >= quorum + gap)
		return false;
	return weight < quorum - gap ? true : s->lost;
}

static enum backend_state state_of(const struct o_backend *b)
{
	if (admin_of(b) == ADMIN_DISABLED)
		return BACKEND_DISABLED;
	if (b->health != HEALTH_UP)
		return BACKEND_DOWN;
	if (!wanted(b))
		return BACKEND_DRAIN;
	if (b->conf->backup)
		return b->serving ? BACKEND_ACTIVE : BACKEND_STANDBY;
	return b->serving ? BACKEND_ACTIVE : BACKEND_DISABLED;
}

static enum cut cut_of(const struct o_service *s, const struct o_backend *b)
{
	if (b->serving)
		return CUT_NONE;
	if (b->drained)
		return CUT_ALL;
	if (b->health == HEALTH_DOWN)
		return s->conf->on_down == CONF_CUT_FLOWS ? CUT_ALL : CUT_UDP;
	return s->disabled || admin_of(b) == ADMIN_DISABLED ? CUT_UDP
							    : CUT_NONE;
}

static void settle_all(struct o_service *s, int64_t now_ms)
{
	struct sums n = { 0 };

	for (size_t i = 0; i < s->nbackends; i++) {
		struct o_backend *b = &s->backends[i];

		b->said = said_by(b);
		b->weight_100 = weight_100(s, b);
		look_at_drain(s, b, now_ms);
	}
	sum_up(s, &n);
	s->panic = !s->disabled && n.wanted > 0 &&
		   100.0 * (double)n.usable / (double)n.wanted <
		       s->conf->min_usable_pct;
	s->backups = n.primaries < s->nbackends &&
		     n.usable_primaries < s->conf->backup_when;
	s->lost = lost(s, (int64_t)n.weight);
	s->fresh = false;
	for (size_t i = 0; i < s->nbackends; i++) {
		struct o_backend *b = &s->backends[i];

		b->serving = s->panic ? wanted(b)
				      : usable(b) && !s->disabled &&
					    (!b->conf->backup || s->backups);
		n.serving += b->serving;
	}
	for (size_t i = 0; i < s->nbackends; i++) {
		struct o_backend *b = &s->backends[i];

		if (b->serving && n.serving == 1)
			b->ramp_ms = -1;
		look_at_ramp(s, b, now_ms);
		b->state = state_of(b);
		b->cut = cut_of(s, b);
	}
	if (s->disabled)
		s->state = SERVICE_DISABLED;
	else if (n.serving == 0 || s->lost)
		s->state = SERVICE_DOWN;
	else if (n.usable_primaries < n.primaries)
		s->state = SERVICE_DEGRADED;
	else
		s->state = SERVICE_UP;
}

/* ---- steps */

void oracle_result(struct oracle *o, size_t s, size_t b, size_t check,
		   const struct observation *result)
{
	struct o_service *service = &o->services[s];
	struct o_backend *backend = &service->backends[b];

	if (result->reason == HC_LATE || result->reason == HC_LOCAL ||
	    result->reason == HC_IGNORED)
		return;
	judge_result(&backend->checks[check], result);
	hear(&backend->checks[check], result);
	look_at_health(service, backend, o->now_ms);
	settle_all(service, o->now_ms);
}

void oracle_admin(struct oracle *o, size_t s, size_t b, enum admin admin)
{
	o->services[s].backends[b].admin = admin;
	settle_all(&o->services[s], o->now_ms);
}

void oracle_weight(struct oracle *o, size_t s, size_t b, int weight)
{
	o->services[s].backends[b].weight = weight;
	settle_all(&o->services[s], o->now_ms);
}

void oracle_disable(struct oracle *o, size_t s, bool disabled)
{
	o->services[s].disabled = disabled;
	settle_all(&o->services[s], o->now_ms);
}

void oracle_dynamic(struct oracle *o, size_t s, size_t b, uint32_t dynamic)
{
	o->services[s].backends[b].dynamic = dynamic;
}

void oracle_time(struct oracle *o, int64_t now_ms)
{
	o->now_ms = now_ms;
	for (size_t i = 0; i < o->nservices; i++) {
		struct o_service *s = &o->services[i];

		for (size_t k = 0; k < s->nbackends; k++) {
			look_at_health(s, &s->backends[k], now_ms);
			forgive(s, &s->backends[k], now_ms);
		}
		settle_all(s, now_ms);
	}
}

/* ---- configurations */

static bool text_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* In these worlds checks differ in no more than this. */
static const struct o_check *check_before(const struct o_backend *was,
					  const struct conf_backend *b,
					  const struct conf_check *c)
{
	for (size_t i = 0; was && i < was->nchecks; i++) {
		const struct conf_check *old = was->checks[i].conf;

		if (!strcmp(old->name, c->name) && old->type == c->type &&
		    old->port == c->port &&
		    text_same(old->spec.send, c->spec.send) &&
		    addr_cmp(&was->conf->check_addr, &b->check_addr) == 0)
			return &was->checks[i];
	}
	return NULL;
}

static void conf_backend(struct o_backend *b, const struct conf_backend *conf,
			 const struct o_backend *was)
{
	static const enum health starts[] = { [HC_START_UP] = HEALTH_UP,
					      [HC_START_DOWN] = HEALTH_DOWN,
					      [HC_START_UNKNOWN] =
						  HEALTH_UNKNOWN };
	enum admin admin = conf->disabled ? ADMIN_DISABLED : ADMIN_ENABLED;
	bool goes_on = was && conf->port == was->conf->port &&
		       !addr_cmp(&conf->addr, &was->conf->addr);

	*b = was ? *was
		 : (struct o_backend){ .weight = -1,
				       .ramp_ms = -1,
				       .drain_ms = -1 };
	b->conf = conf;
	b->fresh = !was;
	if (!was || was->conf->disabled != conf->disabled)
		b->admin = admin;
	b->nchecks = conf->checks ? conf->checks->n : 0;
	for (size_t i = 0; i < b->nchecks; i++) {
		const struct conf_check *c = conf->checks->list[i];
		const struct o_check *old = check_before(was, conf, c);

		b->checks[i] = (struct o_check){ .health = starts[c->start] };
		if (old)
			b->checks[i] = *old;
		else if (goes_on)
			b->checks[i].health = was->health == HEALTH_UP
						  ? HEALTH_UP
						  : HEALTH_UNKNOWN;
		b->checks[i].conf = c;
	}
	if (!was)
		b->health = of_checks(b);
}

static uint32_t kept_weight(const struct o_service *s,
			    const struct o_service *was,
			    const struct o_backend *b,
			    const struct o_backend *old)
{
	const struct weights_conf *w = &s->conf->weights;

	if (!old || !oracle_is_dynamic(s->conf) ||
	    !oracle_is_dynamic(was->conf) || b->conf->port != old->conf->port ||
	    addr_cmp(&b->conf->addr, &old->conf->addr) != 0)
		return 1000;
	return old->dynamic < w->floor     ? w->floor
	       : old->dynamic > w->ceiling ? w->ceiling
					   : old->dynamic;
}

/* Other checks, other health: nothing has happened to the backend. */
static void health_anew(struct o_backend *b, int64_t now_ms)
{
	enum health health = of_checks(b);

	if (health == b->health || (health == HEALTH_UP && now_ms < b->hold_ms))
		return;
	b->health = health;
	b->ramp_ms = -1;
	if (health == HEALTH_UP)
		b->hold_ms = 0;
}

static void conf_service(struct o_service *s, const struct conf_service *conf,
			 const struct o_service *was, int64_t now_ms)
{
	*s = (struct o_service){ .conf = conf,
				 .nbackends = conf->nbackends,
				 .fresh = !was,
				 .disabled = was && was->disabled,
				 .lost = was && was->lost };
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct o_backend *old = NULL;

		for (size_t k = 0; was && k < was->nbackends; k++)
			if (!strcmp(was->backends[k].conf->name,
				    conf->backends[i].name))
				old = &was->backends[k];
		conf_backend(&s->backends[i], &conf->backends[i], old);
		s->backends[i].dynamic =
		    kept_weight(s, was, &s->backends[i], old);
		forgive(s, &s->backends[i], now_ms);
		health_anew(&s->backends[i], now_ms);
	}
	settle_all(s, now_ms);
}

void oracle_conf(struct oracle *o, const struct conf *conf)
{
	struct oracle was = *o;

	o->nservices = conf->nservices;
	for (size_t i = 0; i < conf->nservices; i++) {
		const struct o_service *old = NULL;

		for (size_t k = 0; k < was.nservices; k++)
			if (!strcmp(was.services[k].conf->name,
				    conf->services[i].name))
				old = &was.services[k];
		conf_service(&o->services[i], &conf->services[i], old,
			     o->now_ms);
	}
}
