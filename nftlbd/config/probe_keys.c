/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the keys of a [check] or a [feed] mean together. A key belongs to types
 * (keys_check.c says which), and some of them only count beside others; said
 * where it does not count, it is refused: it would do nothing.
 */
#include "config/probe_keys.h"

#include <stdio.h>
#include <string.h>

#include "config/values.h"
#include "healthcheck/text.h"
#include "lib/parse.h"

bool probe_said(const struct probe_look *l, const char *key)
{
	return draft_where(l->draft->set, l->place, key).line != 0;
}

static struct where probe_where(const struct probe_look *l, const char *key)
{
	struct where w = draft_where(l->draft->set, l->place, key);

	return w.line ? w : l->section->where;
}

/* ---- keys that count */

bool probe_when(const struct conf_check *c, enum key_when when)
{
	const struct hc_spec *s = &c->spec;

	switch (when) {
	case WHEN_TLS:
		return c->type == HC_HTTPS || s->tls == SPEC_YES;
	case WHEN_VERIFY:
		return probe_when(c, WHEN_TLS) && s->tls_verify == SPEC_YES;
	case WHEN_COMMUNITY:
		return s->snmp_version != SPEC_SNMP_3;
	case WHEN_USER:
		return s->snmp_version == SPEC_SNMP_3;
	case WHEN_AUTH:
		return s->snmp_version == SPEC_SNMP_3 &&
		       s->snmp_auth != SPEC_AUTH_NONE;
	case WHEN_PRIV:
		return s->snmp_version == SPEC_SNMP_3 &&
		       s->snmp_priv != SPEC_PRIV_NONE;
	case WHEN_ALWAYS:
		break;
	}
	return true;
}

static const char *const when_words[] = {
	[WHEN_TLS] = "tls = yes",
	[WHEN_VERIFY] = "TLS and tls-verify = yes",
	[WHEN_COMMUNITY] = "version = 1 or 2c",
	[WHEN_USER] = "version = 3",
	[WHEN_AUTH] = "version = 3 and auth other than none",
	[WHEN_PRIV] = "version = 3 and priv other than none",
};

static bool type_has(const struct conf_check *c, const struct conf_key *key)
{
	return !key->types || (key->types & 1u << c->type);
}

bool check_key_counts(const struct conf_check *c, const struct conf_key *key)
{
	return type_has(c, key) && probe_when(c, key->when);
}

/* "http or https", of those that the section's kind has */
static const char *types_list(const struct probe_look *l, unsigned int types,
			      char *buf, unsigned int size)
{
	struct word words[HC_TYPES + 1] = { { 0 } };
	const struct word *w = key_find(l->place, "type")->words;
	size_t n = 0;

	for (; w->text; w++) {
		if (types & 1u << w->value)
			words[n++] = *w;
	}
	return words_list(words, buf, size);
}

static void key_judge(struct probe_look *l, const struct conf_key *key)
{
	struct where where = l->draft->set[key_number(key)];
	const struct conf_check *c = &l->draft->conf;
	char list[VALUE_ALLOWED];

	if (where.line && !type_has(c, key))
		report_add(l->r->report, where,
			   "%s %s: not for type = %s; allowed: with type = %s",
			   l->label, key->name,
			   word_text(hc_type_words, (int)c->type),
			   types_list(l, key->types, list, sizeof(list)));
	else if (where.line && !probe_when(c, key->when))
		report_add(l->r->report, where,
			   "%s %s: of no use here; allowed: with %s", l->label,
			   key->name, when_words[key->when]);
	else if (!where.line && key->required && check_key_counts(c, key))
		report_add(l->r->report, l->section->where,
			   "%s: %s is missing%s%s; allowed: %s = ..., %s",
			   l->label, key->name, key->when ? " with " : "",
			   key->when ? when_words[key->when] : "", key->name,
			   value_allowed(key, list, sizeof(list)));
}

/* ---- keys that have to agree */

void probe_refuse(struct probe_look *l, const char *key, const char *found,
		  const char *problem, const char *allowed)
{
	report_value(l->r->report, probe_where(l, key), l->label, key, found,
		     problem, allowed);
}

/* A time-out within each interval: probes of one backend do not overlap. */
static void timeout_judge(struct probe_look *l)
{
	const struct conf_check *c = &l->draft->conf;
	const struct {
		const char *key;
		uint32_t ms;
	} intervals[] = { { "interval", c->interval_ms },
			  { "fast-interval", c->fast_ms },
			  { "down-interval", c->down_ms } };
	char found[DURATION_STRLEN], problem[48];
	const char *key;
	size_t i;

	for (i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		if (c->timeout_ms <= intervals[i].ms)
			continue;
		/* unsaid, it is the interval that is odd */
		key = probe_said(l, "timeout") ? "timeout" : intervals[i].key;
		snprintf(problem, sizeof(problem), "longer than the %s",
			 intervals[i].key);
		report_value(
		    l->r->report, probe_where(l, key), l->label, "timeout",
		    duration_format(c->timeout_ms, found), problem,
		    l->place == IN_FEED ? "timeouts up to the interval"
					: "timeouts up to the check's shortest "
					  "interval");
		return;
	}
}

static void snmp_judge(struct probe_look *l)
{
	const struct hc_spec *s = &l->draft->conf.spec;
	char found[24];

	if (s->min > s->max) {
		snprintf(found, sizeof(found), "%lld", (long long)s->min);
		probe_refuse(l, "min", found, "above max", "min up to max");
	}
	if (probe_when(&l->draft->conf, WHEN_PRIV) &&
	    s->snmp_auth == SPEC_AUTH_NONE)
		probe_refuse(
		    l, "priv", word_text(spec_priv_words, s->snmp_priv),
		    "auth is none", "none, or with auth other than none");
}

/* What is expected has to be something that the type of record can say. */
static void dns_judge(struct probe_look *l)
{
	const struct hc_spec *s = &l->draft->conf.spec;
	const char *problem;

	if (!s->expect_answer)
		return;
	problem = dns_answer_problem(dns_type(s->query_type), s->expect_answer);
	if (problem)
		probe_refuse(
		    l, "expect-answer", s->expect_answer, problem,
		    "an address for A and AAAA, a text for TXT, a name for "
		    "other types");
}

void probe_judge(struct probe_look *l)
{
	const struct conf_check *c = &l->draft->conf;
	const struct conf_key *key;

	timeout_judge(l);
	for (size_t i = 0; (key = key_at(i)); i++) {
		if (key->places & l->place)
			key_judge(l, key);
	}
	if (c->type == HC_SNMP || c->type == HC_CPU)
		snmp_judge(l);
	if (c->type == HC_DNS)
		dns_judge(l);
}

/* The defaults of keys that were not said; of other types: nothing. */
void probe_defaults(unsigned int place, struct check_draft *d)
{
	const struct conf_key *key;
	const char *problem;

	for (size_t i = 0; (key = key_at(i)); i++) {
		if ((key->places & place) && key->fallback && !d->set[i].line &&
		    type_has(&d->conf, key))
			value_read(key, key->fallback, d, &problem);
	}
	if (!d->conf.fast_ms)
		d->conf.fast_ms = d->conf.interval_ms;
	if (!d->conf.down_ms)
		d->conf.down_ms = d->conf.interval_ms;
}

/* ---- the section */

bool probe_read(struct probe_look *l)
{
	const struct doc_section *s = l->section;
	struct resolver *r = l->r;
	bool good;

	doc_label(r->doc, s, l->label, sizeof(l->label));
	if (!strcmp(doc_text(r->doc, s->name), "none"))
		report_value(r->report, s->where, l->label, "name", "none",
			     l->place == IN_FEED ? "this word means no feed"
						 : "this word means no check",
			     "another name");
	good = section_read(r, s, l->place, l->draft, l->draft->set, NULL);
	probe_defaults(l->place, l->draft);
	l->draft->conf.file = r->doc->names[s->where.file];
	l->draft->conf.line = s->where.line;
	return good;
}
