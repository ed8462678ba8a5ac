/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services whose weights follow the load: the keys of keys_weights.c, the feeds
 * that they name, and what a scheduler has to have to go by. With the other
 * schedulers these keys would do nothing: they are refused where they are said
 * for this service, and forgotten where [defaults] said them for all.
 */
#include <string.h>

#include "config/service.h"
#include "config/values.h"

#define SCHEDULERS "least-connections, least-response or least-cpu"

static void keys_refuse(struct look *l)
{
	for (size_t i = 0; i < keys_of_weights.n; i++) {
		const struct conf_key *key = &keys_of_weights.rows[i];
		struct buf found = { 0 }, allowed = { 0 };

		if (!look_said_here(l, key->name))
			continue;
		value_print(key, l->draft, &found);
		buf_printf(&allowed, "%s with scheduler = " SCHEDULERS " only",
			   key->name);
		look_refuse(l, key->name, found.data,
			    "the scheduler's weights do not follow the load",
			    allowed.data);
		buf_free(&found);
		buf_free(&allowed);
	}
}

/* How long a measurement says something about the next moment depends on what
 * is measured. */
static void smoothing_default(struct look *l)
{
	static const uint32_t ms[] = {
		[RS_LEAST_CONNECTIONS] = 3000,
		[RS_LEAST_RESPONSE] = 5000,
		[RS_LEAST_CPU] = 10000,
	};
	struct conf_service *s = &l->draft->conf;

	if (!draft_where(l->draft->set, IN_SERVICE, "smoothing").line)
		s->weights.smoothing_ms = ms[s->scheduler];
}

static void feeds_judge(struct look *l)
{
	struct conf_service *s = &l->draft->conf;
	const char *names = l->draft->feed;
	struct feed_refs feeds;

	if (!names && s->scheduler == RS_LEAST_CPU)
		names = BUILTIN_FEED;
	if (!feeds_find(l->r, names, l->label, look_said(l, "feed"), &feeds)) {
		l->draft->broken = true;
		return;
	}
	if (!feeds.n && s->scheduler == RS_LEAST_CPU)
		look_refuse(l, "feed", "none",
			    "scheduler = least-cpu goes by feeds",
			    "at least one feed, such as " BUILTIN_FEED);
	memcpy(s->feeds, feeds.list, sizeof(s->feeds));
	s->nfeeds = feeds.n;
}

void dynamic_judge(struct look *l)
{
	struct conf_service *s = &l->draft->conf;

	if (conf_dynamic(s)) {
		smoothing_default(l);
		feeds_judge(l);
		return;
	}
	keys_refuse(l);
	s->weights = (struct weights_conf){ 0 };
}

static bool backend_timed(const struct backend_draft *b)
{
	for (size_t i = 0; b->checks && i < b->checks->n; i++) {
		if (conf_check_timed(b->checks->list[i]))
			return true;
	}
	return false;
}

void dynamic_checks(struct look *l)
{
	struct where where = look_said_here(l, "scheduler")
				 ? look_said(l, "scheduler")
				 : l->section->where;

	if (l->draft->conf.scheduler != RS_LEAST_RESPONSE || !l->backends->n)
		return;
	for (size_t i = 0; i < l->backends->n; i++) {
		if (backend_timed(&l->backends->list[i]))
			return;
	}
	report_value(l->r->report, where, l->label, "scheduler",
		     "least-response",
		     "no backend has a check whose time to answer is the "
		     "server's",
		     "a check of type tcp, http, https, icmp, dns, snmp or "
		     "agent, or of type udp with expect");
	l->draft->broken = true;
}
