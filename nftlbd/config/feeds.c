/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * [feed] sections, the feed that exists without one, and lists of their names.
 * A feed is a check whose answer is a number: what they share is
 * probe_keys.c's.
 */
#include <stdio.h>
#include <string.h>

#include "config/probe_keys.h"
#include "config/values.h"
#include "lib/xalloc.h"

/* One answer is one value. */
static void probe_settle(struct conf_check *c)
{
	c->rise = c->fall = 1;
	c->spec.feed = SPEC_YES;
	c->spec.min = INT64_MIN;
	c->spec.max = INT64_MAX;
}

static void bounds_default(struct check_draft *d)
{
	const struct conf_key *high = key_find(IN_FEED, "high");

	if (d->conf.type == HC_CPU && !d->set[key_number(high)].line)
		d->high = 1;
}

/* What a value means is known of CPU load only. */
static void bounds_judge(struct probe_look *l)
{
	static const char *const bounds[] = { "low", "high" };
	const struct check_draft *d = l->draft;
	struct buf found = { 0 };

	for (size_t i = 0; i < 2; i++) {
		if (d->conf.type == HC_CPU || probe_said(l, bounds[i]))
			continue;
		report_add(l->r->report, l->section->where,
			   "%s: %s is missing; allowed: low = ..., high = ..., "
			   "the values of an idle and of a fully loaded "
			   "backend",
			   l->label, bounds[i]);
		return;
	}
	if (d->low != d->high)
		return;
	value_print(key_find(IN_FEED, "high"), d, &found);
	probe_refuse(l, probe_said(l, "high") ? "high" : "low", found.data,
		     "low and high are the same", "two numbers that differ");
	buf_free(&found);
}

/* Agents have no port of their own, and a backend's is not one. */
static void port_judge(struct probe_look *l)
{
	if (l->draft->conf.type != HC_AGENT || l->draft->conf.port)
		return;
	report_add(l->r->report, l->section->where,
		   "%s: port is missing; allowed: port = ..., the agent's, "
		   "1..65535",
		   l->label);
}

static void feed_store(struct resolver *r, struct check_draft *d,
		       const char *name)
{
	struct conf *c = r->conf;

	probe_settle(&d->conf);
	d->conf.name = xstrdup(name);
	names_add(&r->feeds, d->conf.name, (uint32_t)c->nfeeds);
	c->feeds[c->nfeeds++] = (struct conf_feed){ .probe = d->conf,
						    .low = d->low,
						    .high = d->high };
}

static void feed_add(struct resolver *r, const struct doc_section *s)
{
	struct check_draft draft = { 0 };
	struct probe_look l = {
		.r = r, .section = s, .place = IN_FEED, .draft = &draft
	};
	bool good;

	good = probe_read(&l);
	bounds_default(&draft);
	if (good) {
		probe_judge(&l);
		bounds_judge(&l);
		port_judge(&l);
	}
	feed_store(r, &draft, doc_text(r->doc, s->name));
}

void feeds_read(struct resolver *r)
{
	struct check_draft builtin = { 0 };

	/* all the room at once: services will point into the array */
	r->conf->feeds =
	    xcalloc(r->doc->nsections + 1, sizeof(*r->conf->feeds));
	for (size_t i = 0; i < r->doc->nsections; i++) {
		if (r->doc->sections[i].kind == DOC_FEED)
			feed_add(r, &r->doc->sections[i]);
	}
	names_sort(&r->feeds);
	if (names_find(&r->feeds, BUILTIN_FEED) >= 0)
		return;
	probe_defaults(IN_FEED, &builtin);
	bounds_default(&builtin);
	builtin.conf.file = "built-in";
	feed_store(r, &builtin, BUILTIN_FEED);
	names_sort(&r->feeds);
}

static bool feed_refuse(struct resolver *r, const char *label,
			struct where where, const char *found,
			const char *problem, const char *allowed)
{
	report_value(r->report, where, label, "feed", found, problem, allowed);
	return false;
}

static bool feed_find(struct resolver *r, const char *name, const char *label,
		      struct where where, const struct conf_feed **out)
{
	char allowed[640];
	ssize_t i = names_find(&r->feeds, name);

	if (i >= 0) {
		*out = &r->conf->feeds[i];
		return true;
	}
	snprintf(allowed, sizeof(allowed), "none, or some of the feeds: ");
	names_print(&r->feeds, allowed + strlen(allowed),
		    sizeof(allowed) - strlen(allowed));
	return feed_refuse(r, label, where, name, "no such feed", allowed);
}

bool feeds_find(struct resolver *r, const char *names, const char *label,
		struct where where, struct feed_refs *out)
{
	const char *rest = names && strcmp(names, "none") ? names : NULL;
	char item[HC_NAME_MAX + 2];
	size_t i;

	*out = (struct feed_refs){ 0 };
	/* value_read() has counted them */
	while (list_next(&rest, item, sizeof(item))) {
		const struct conf_feed *feed;

		if (!strcmp(item, "none"))
			return feed_refuse(r, label, where, names,
					   "none beside a feed",
					   "each feed once, or none alone");
		if (!feed_find(r, item, label, where, &feed))
			return false;
		for (i = 0; i < out->n && out->list[i] != feed; i++)
			;
		if (i < out->n)
			return feed_refuse(r, label, where, names,
					   "a feed is listed twice",
					   "each feed once, or none alone");
		out->list[out->n++] = feed;
	}
	return true;
}
