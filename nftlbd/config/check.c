/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One [check] section: what its keys mean together. A key belongs to types of
 * checks (keys.c says which), and some of them only count beside others; said
 * where it does not count, it is refused: it would do nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/pem.h"
#include "config/resolve.h"
#include "config/values.h"
#include "healthcheck/text.h"
#include "healthcheck/tls_pem.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define BUILTIN_CHECK "tcp"

/* The check that is being looked at. */
struct look {
	struct resolver *r;
	const struct doc_section *section;
	struct check_draft *draft;
	char label[LABEL_SIZE];
};

static bool said(const struct look *l, const char *key)
{
	return draft_where(l->draft->set, IN_CHECK, key).line != 0;
}

/* The key's line, or that of the section. */
static struct where place(const struct look *l, const char *key)
{
	struct where w = draft_where(l->draft->set, IN_CHECK, key);

	return w.line ? w : l->section->where;
}

/* ---- keys that count */

static bool when_holds(const struct conf_check *c, enum key_when when)
{
	const struct hc_spec *s = &c->spec;

	switch (when) {
	case WHEN_TLS:
		return c->type == HC_HTTPS || s->tls == SPEC_YES;
	case WHEN_VERIFY:
		return when_holds(c, WHEN_TLS) && s->tls_verify == SPEC_YES;
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
	return type_has(c, key) && when_holds(c, key->when);
}

/* "http or https" */
static const char *types_list(unsigned int types, char *buf, unsigned int size)
{
	struct word words[HC_TYPES + 1] = { { 0 } };
	size_t n = 0;
	int type;

	for (type = 0; type < HC_TYPES; type++) {
		if (types & 1u << type)
			words[n++] =
			    (struct word){ word_text(hc_type_words, type),
					   type };
	}
	return words_list(words, buf, size);
}

static void key_judge(struct look *l, const struct conf_key *key)
{
	struct where where = l->draft->set[key_number(key)];
	const struct conf_check *c = &l->draft->conf;
	char list[VALUE_ALLOWED];

	if (where.line && !type_has(c, key))
		report_add(l->r->report, where,
			   "%s %s: not for type = %s; allowed: with type = %s",
			   l->label, key->name,
			   word_text(hc_type_words, (int)c->type),
			   types_list(key->types, list, sizeof(list)));
	else if (where.line && !when_holds(c, key->when))
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

static void refuse(struct look *l, const char *key, const char *found,
		   const char *problem, const char *allowed)
{
	report_value(l->r->report, place(l, key), l->label, key, found, problem,
		     allowed);
}

/* A time-out within each interval: probes of one backend do not overlap. */
static void timeout_judge(struct look *l)
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
		key = said(l, "timeout") ? "timeout" : intervals[i].key;
		snprintf(problem, sizeof(problem), "longer than the %s",
			 intervals[i].key);
		report_value(l->r->report, place(l, key), l->label, "timeout",
			     duration_format(c->timeout_ms, found), problem,
			     "timeouts up to the check's shortest interval");
		return;
	}
}

static void snmp_judge(struct look *l)
{
	const struct hc_spec *s = &l->draft->conf.spec;
	char found[24];

	if (s->min > s->max) {
		snprintf(found, sizeof(found), "%lld", (long long)s->min);
		refuse(l, "min", found, "above max", "min up to max");
	}
	if (when_holds(&l->draft->conf, WHEN_PRIV) &&
	    s->snmp_auth == SPEC_AUTH_NONE)
		refuse(l, "priv", word_text(spec_priv_words, s->snmp_priv),
		       "auth is none", "none, or with auth other than none");
}

/* What is expected has to be something that the type of record can say. */
static void dns_judge(struct look *l)
{
	const struct hc_spec *s = &l->draft->conf.spec;
	const char *problem;

	if (!s->expect_answer)
		return;
	problem = dns_answer_problem(dns_type(s->query_type), s->expect_answer);
	if (problem)
		refuse(l, "expect-answer", s->expect_answer, problem,
		       "an address for A and AAAA, a text for TXT, a name for "
		       "other types");
}

static void check_judge(struct look *l)
{
	const struct conf_check *c = &l->draft->conf;
	const struct conf_key *key;

	timeout_judge(l);
	for (size_t i = 0; (key = key_at(i)); i++) {
		if (key->places & IN_CHECK)
			key_judge(l, key);
	}
	if (c->type == HC_SNMP)
		snmp_judge(l);
	if (c->type == HC_DNS)
		dns_judge(l);
}

/* ---- files that it names */

static bool file_load(struct look *l, const char *key, const char *path,
		      struct spec_bytes *out)
{
	char problem[PEM_PROBLEM];

	if (!path || pem_load(path, out, problem))
		return true;
	refuse(l, key, path, problem, pem_allowed);
	return false;
}

/* "ca-file: WORDS", about what was read. */
static void files_judge(struct look *l)
{
	const struct conf_check *c = &l->draft->conf;
	const struct {
		const char *key, *path;
	} files[] = { { "ca-file", c->ca_file },
		      { "cert-file", c->cert_file },
		      { "key-file", c->key_file } };
	const char *wrong =
	    tls_pem_problem(&c->spec.ca, &c->spec.cert, &c->spec.key);
	char problem[PEM_PROBLEM];
	size_t i, n;

	for (i = 0; wrong && i < sizeof(files) / sizeof(files[0]); i++) {
		n = strlen(files[i].key);
		if (strncmp(wrong, files[i].key, n) || wrong[n] != ':')
			continue;
		wrong += n + 2;
		snprintf(problem, sizeof(problem), "%.*s",
			 (int)strcspn(wrong, ";"), wrong);
		refuse(l, files[i].key, files[i].path, problem, pem_allowed);
		return;
	}
}

static void files_load(struct look *l)
{
	struct conf_check *c = &l->draft->conf;
	bool good;

	if (!when_holds(c, WHEN_TLS))
		return;
	good = !when_holds(c, WHEN_VERIFY) ||
	       file_load(l, "ca-file", c->ca_file, &c->spec.ca);
	good = file_load(l, "cert-file", c->cert_file, &c->spec.cert) && good;
	good = file_load(l, "key-file", c->key_file, &c->spec.key) && good;
	if (good)
		files_judge(l);
}

/* ---- the section */

/* The defaults of keys that were not said; of other types: nothing. */
static void check_defaults(struct check_draft *d)
{
	const struct conf_key *key;
	const char *problem;

	for (size_t i = 0; (key = key_at(i)); i++) {
		if ((key->places & IN_CHECK) && key->fallback &&
		    !d->set[i].line && type_has(&d->conf, key))
			value_read(key, key->fallback, d, &problem);
	}
	if (!d->conf.fast_ms)
		d->conf.fast_ms = d->conf.interval_ms;
	if (!d->conf.down_ms)
		d->conf.down_ms = d->conf.interval_ms;
}

static void check_add(struct resolver *r, const struct doc_section *s)
{
	struct check_draft draft = { 0 };
	struct look l = { .r = r, .section = s, .draft = &draft };
	bool good;

	doc_label(r->doc, s, l.label, sizeof(l.label));
	if (!strcmp(doc_text(r->doc, s->name), "none"))
		report_value(r->report, s->where, l.label, "name", "none",
			     "this word means no check", "another name");
	good = section_read(r, s, IN_CHECK, &draft, draft.set, NULL);
	check_defaults(&draft);
	if (good) {
		check_judge(&l);
		files_load(&l);
	}
	draft.conf.name = xstrdup(doc_text(r->doc, s->name));
	draft.conf.file = r->doc->names[s->where.file];
	draft.conf.line = s->where.line;
	names_add(&r->checks, draft.conf.name, (uint32_t)r->conf->nchecks);
	r->conf->checks[r->conf->nchecks++] = draft.conf;
}

void checks_read(struct resolver *r)
{
	struct check_draft builtin = { 0 };
	size_t i;

	/* all the room at once: backends will point into the array */
	r->conf->checks =
	    xcalloc(r->doc->nsections + 1, sizeof(*r->conf->checks));
	for (i = 0; i < r->doc->nsections; i++) {
		if (r->doc->sections[i].kind == DOC_CHECK)
			check_add(r, &r->doc->sections[i]);
	}
	names_sort(&r->checks);
	if (names_find(&r->checks, BUILTIN_CHECK) >= 0)
		return;
	check_defaults(&builtin);
	builtin.conf.name = xstrdup(BUILTIN_CHECK);
	builtin.conf.file = "built-in";
	names_add(&r->checks, builtin.conf.name, (uint32_t)r->conf->nchecks);
	r->conf->checks[r->conf->nchecks++] = builtin.conf;
	names_sort(&r->checks);
}
