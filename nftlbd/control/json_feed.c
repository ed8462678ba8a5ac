/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds as JSON: what each was last told by a backend, and what that means for
 * its weight. Reads only.
 */
#include "control/json.h"
#include "daemon/health_feeds.h"
#include "model/load.h"

/* What is known of its job; null where it has none, or nothing came yet. */
static void add_last(json_t *o, const struct daemon *d, const struct service *s,
		     const struct backend *b, size_t i)
{
	struct health_feed f = { 0 };
	bool known = d->health &&
		     health_feed(d->health, (size_t)(s - d->model->services),
				 (size_t)(b - s->backends), i, &f) &&
		     f.last_ms;

	json_object_set_new(
	    o, "reason",
	    known ? json_string(word_text(hc_reason_words, f.reason))
		  : json_null());
	json_object_set_new(o, "detail", json_integer(known ? f.detail : 0));
	json_object_set_new(o, "value",
			    known && f.has_value ? json_rounded(f.value)
						 : json_null());
	json_object_set_new(o, "last_at",
			    known ? json_time(f.last_ms) : json_null());
}

/* The feeds are the last ones of a service's signals. */
static struct load_view feed_view(const struct service *s,
				  const struct backend *b, size_t i)
{
	size_t n = load_signals(s), first = n - s->conf->nfeeds;

	if (n < s->conf->nfeeds)
		return (struct load_view){ 0 };
	return load_view(s, b, first + i, daemon_now_ms());
}

static json_t *json_feed(const struct service *s, const struct backend *b,
			 size_t i)
{
	const struct conf_feed *f = s->conf->feeds[i];
	struct load_view v = feed_view(s, b, i);

	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "service",
	    s->conf->name, "backend", b->conf->name, "feed", f->probe.name,
	    "type", word_text(hc_type_words, f->probe.type), "low",
	    json_rounded(f->low), "high", json_rounded(f->high), "load",
	    v.known ? json_rounded(v.value) : json_null(), "age_ms",
	    v.known ? json_integer((json_int_t)v.age_ms) : json_null());
}

void json_feeds(const struct daemon *d, const struct service *s,
		const struct backend *b, json_t *list)
{
	for (size_t i = 0; i < s->conf->nfeeds; i++) {
		json_t *o = json_feed(s, b, i);

		add_last(o, d, s, b, i);
		json_array_append_new(list, o);
	}
}
