/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections of text -> configuration. Checks and pools first, wherever they
 * stand, since services refer to them; then services in the order of the
 * files, each starting from what [defaults] had said by then.
 *
 * A draft with a refused entry is not judged further: one slip, one complaint.
 */
#include "config/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/netlists.h"
#include "config/values.h"
#include "lib/xalloc.h"

static void key_unknown(struct resolver *r, unsigned int place,
			struct where where, const struct doc_section *s,
			const char *key)
{
	char label[LABEL_SIZE], found[REPORT_FOUND], list[2048];
	const char *near = key_near(place, key);

	report_add(r->report, where,
		   "%s: found %s: unknown key%s%s%s; allowed: %s",
		   doc_label(r->doc, s, label, sizeof(label)),
		   report_found(key, found), near ? ", did you mean \"" : "",
		   near ? near : "", near ? "\"?" : "",
		   keys_list(place, list, sizeof(list)));
}

/* The value of an ordinary key. */
static bool entry_store(struct resolver *r, const struct conf_key *key,
			const struct doc_section *s, const char *value,
			void *draft, struct where where)
{
	char label[LABEL_SIZE], allowed[VALUE_ALLOWED];
	const char *problem;

	if (key->kind == VALUE_INCLUDE ||
	    value_read(key, value, draft, &problem) == 0)
		return true;
	doc_label(r->doc, s, label, sizeof(label));
	report_value(r->report, where, label, key->name,
		     key->secret ? "(a secret)" : value, problem,
		     value_allowed(key, allowed, sizeof(allowed)));
	return false;
}

/* Was the key said in this section before? [global] counts across files. */
static bool entry_twice(const struct doc_section *s, const struct conf_key *key,
			struct where before)
{
	if (!before.line || key->kind == VALUE_HEADERS ||
	    key->kind == VALUE_ENTRIES || key->kind == VALUE_LIST_FILE)
		return false;
	if (s->kind == DOC_GLOBAL && key->kind != VALUE_INCLUDE)
		return true;
	return before.file == s->where.file && before.line > s->where.line;
}

static bool entry_read(struct resolver *r, const struct doc_section *s,
		       const struct doc_entry *e, unsigned int place,
		       void *draft, struct where *set,
		       struct backend_list *backends)
{
	const char *name = doc_text(r->doc, e->key);
	char *value = r->doc->text.data + e->value;
	struct where where = { s->where.file, e->line };
	const struct conf_key *key = key_find(place, name);
	char label[LABEL_SIZE];
	struct where *said;

	if (!key) {
		key_unknown(r, place, where, s, name);
		return false;
	}
	if (key->kind == VALUE_BACKEND)
		return backend_read(r, s, name, value, where, backends);
	if (key->kind == VALUE_PIN)
		return pin_read(r, s, name, value, where);
	if (place == IN_LIST)
		return list_entry(r, s, key, value, where, draft);
	said = &set[key_number(key)];
	if (entry_twice(s, key, *said)) {
		doc_label(r->doc, s, label, sizeof(label));
		report_add(r->report, where,
			   "%s %s: found a second time, first at %s:%u; "
			   "allowed: each key once",
			   label, key->name, r->doc->names[said->file],
			   said->line);
		return false;
	}
	*said = where;
	return entry_store(r, key, s, value, draft, where);
}

bool section_read(struct resolver *r, const struct doc_section *s,
		  unsigned int place, void *draft, struct where *set,
		  struct backend_list *backends)
{
	bool good = !s->broken;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (!entry_read(r, s, &r->doc->entries[s->first + i], place,
				draft, set, backends))
			good = false;
	}
	return good;
}

static void draft_defaults(unsigned int place, void *draft)
{
	const struct conf_key *key;
	const char *problem;

	for (size_t i = 0; (key = key_at(i)); i++) {
		if ((key->places & place) && key->fallback)
			value_read(key, key->fallback, draft, &problem);
	}
}

struct where draft_where(const struct where *set, unsigned int place,
			 const char *key)
{
	return set[key_number(key_find(place, key))];
}

bool check_find(struct resolver *r, const char *name, const char *label,
		const char *key, struct where where,
		const struct conf_check **check)
{
	char allowed[640];
	ssize_t i;

	*check = NULL;
	if (!name || !strcmp(name, "none"))
		return true;
	i = names_find(&r->checks, name);
	if (i >= 0) {
		*check = &r->conf->checks[i];
		return true;
	}
	snprintf(allowed, sizeof(allowed), "none, or one of the checks: ");
	names_print(&r->checks, allowed + strlen(allowed),
		    sizeof(allowed) - strlen(allowed));
	report_value(r->report, where, label, key, name, "no such check",
		     allowed);
	return false;
}

bool pool_find(struct resolver *r, const char *name, const char *label,
	       struct where where, const struct pool **pool)
{
	char allowed[640];
	ssize_t i;

	*pool = NULL;
	if (!name || !*name)
		return true;
	i = names_find(&r->pools, name);
	if (i >= 0) {
		*pool = &r->pools_list[i];
		return true;
	}
	snprintf(allowed, sizeof(allowed), "one of the pools: ");
	names_print(&r->pools, allowed + strlen(allowed),
		    sizeof(allowed) - strlen(allowed));
	report_value(r->report, where, label, "pool", name, "no such pool",
		     allowed);
	return false;
}

/* ---- sections by kind */

/* Complain about sections of one kind and name; [global]: once in each file. */
static void twins_check(struct resolver *r, enum doc_kind kind)
{
	const struct doc_section *s, *first;
	struct names names = { 0 };
	char label[LABEL_SIZE];
	uint32_t twin;
	size_t i;

	for (i = 0; i < r->doc->nsections; i++) {
		s = &r->doc->sections[i];
		if (s->kind == kind)
			names_add(&names,
				  kind == DOC_GLOBAL
				      ? r->doc->names[s->where.file]
				      : doc_text(r->doc, s->name),
				  (uint32_t)i);
	}
	names_sort(&names);
	for (i = 0; i < names.n; i++) {
		if (!names_twin(&names, i, &twin))
			continue;
		s = &r->doc->sections[names.list[i].i];
		first = &r->doc->sections[twin];
		report_add(r->report, s->where,
			   "%s: found a second time, first at %s:%u; allowed: "
			   "each section once%s",
			   doc_label(r->doc, s, label, sizeof(label)),
			   r->doc->names[first->where.file], first->where.line,
			   kind == DOC_GLOBAL ? " in a file" : "");
	}
	names_free(&names);
}

static void globals_read(struct resolver *r)
{
	struct global_draft draft = { .conf = *r->conf };
	size_t i;

	draft_defaults(IN_GLOBAL, &draft);
	for (i = 0; i < r->doc->nsections; i++) {
		if (r->doc->sections[i].kind == DOC_GLOBAL)
			section_read(r, &r->doc->sections[i], IN_GLOBAL, &draft,
				     draft.set, NULL);
	}
	*r->conf = draft.conf;
}

static void pools_read(struct resolver *r)
{
	const struct doc_section *s;
	char label[LABEL_SIZE];
	struct pool *pool;
	size_t i;

	for (i = 0; i < r->doc->nsections; i++) {
		s = &r->doc->sections[i];
		if (s->kind != DOC_POOL)
			continue;
		pool = VEC_PUSH(r->pools_list, r->npools, r->cappools);
		*pool = (struct pool){ 0 };
		names_add(&r->pools, doc_text(r->doc, s->name),
			  (uint32_t)(r->npools - 1));
		doc_label(r->doc, s, label, sizeof(label));
		pool->broken =
		    !section_read(r, s, IN_POOL, NULL, NULL, &pool->members) ||
		    !backends_check(r, label, &pool->members);
	}
	names_sort(&r->pools);
}

static void default_lists(struct resolver *r, const struct doc_section *s,
			  struct service_draft *proto, const char *key,
			  const char **names)
{
	char label[LABEL_SIZE];
	struct list_refs lists;

	doc_label(r->doc, s, label, sizeof(label));
	if (lists_find(r, *names, label, key,
		       draft_where(proto->set, IN_DEFAULTS, key), &lists))
		return;
	*names = NULL;
	proto->broken = true;
}

/* Names that do not exist are complained of here, once, and not by every
 * service that starts from them. */
static void defaults_read(struct resolver *r, const struct doc_section *s,
			  struct service_draft *proto)
{
	struct conf_checks checks;
	const struct pool *pool;
	struct feed_refs feeds;
	char label[LABEL_SIZE];

	doc_label(r->doc, s, label, sizeof(label));
	if (!section_read(r, s, IN_DEFAULTS, proto, proto->set, NULL))
		proto->broken = true;
	if (!checks_find(r, proto->check, label, "check",
			 draft_where(proto->set, IN_DEFAULTS, "check"),
			 &checks)) {
		proto->check = NULL;
		proto->broken = true;
	}
	if (!feeds_find(r, proto->feed, label,
			draft_where(proto->set, IN_DEFAULTS, "feed"), &feeds)) {
		proto->feed = NULL;
		proto->broken = true;
	}
	if (!pool_find(r, proto->pool, label,
		       draft_where(proto->set, IN_DEFAULTS, "pool"), &pool)) {
		proto->pool = NULL;
		proto->broken = true;
	}
	default_lists(r, s, proto, "allow", &proto->allow);
	default_lists(r, s, proto, "deny", &proto->deny);
}

static void services_read(struct resolver *r)
{
	struct service_draft proto = { 0 };
	const struct doc_section *s;
	size_t i;

	draft_defaults(IN_SERVICE, &proto);
	for (i = 0; i < r->doc->nsections; i++) {
		s = &r->doc->sections[i];
		if (s->kind == DOC_DEFAULTS)
			defaults_read(r, s, &proto);
		else if (s->kind == DOC_SERVICE)
			service_add(r, s, &proto);
	}
}

static void resolver_free(struct resolver *r)
{
	size_t i;

	for (i = 0; i < r->npools; i++)
		free(r->pools_list[i].members.list);
	free(r->pools_list);
	names_free(&r->checks);
	names_free(&r->feeds);
	names_free(&r->pools);
	names_free(&r->lists);
	free(r->pins);
	names_free(&r->backend_names);
	free(r->own.list);
	free(r->backends.list);
	free(r->order);
	free(r->sets);
}

void conf_resolve(struct doc *doc, struct conf *conf, struct report *report)
{
	struct resolver r = { .doc = doc, .report = report, .conf = conf };
	int kind;

	for (kind = 0; kind < DOC_KINDS; kind++)
		twins_check(&r, (enum doc_kind)kind);
	draft_defaults(IN_BACKEND, &r.backend_proto);
	globals_read(&r);
	checks_read(&r);
	feeds_read(&r);
	lists_read(&r);
	pools_read(&r);
	services_read(&r);
	overlaps_check(conf->services, conf->nservices, doc, report);
	groups_check(&r);
	resolver_free(&r);
}
