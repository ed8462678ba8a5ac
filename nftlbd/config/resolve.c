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
#include "config/section.h"
#include "config/values.h"
#include "lib/xalloc.h"

/* Where the entries of a section go that are no ordinary values. */
struct entry_place {
	struct resolver *r;
	unsigned int place;
	void *draft;
	struct backend_list *backends;
};

static enum entry_done entry_other(void *arg, const struct doc_section *s,
				   const struct conf_key *key, const char *name,
				   char *value, struct where where)
{
	const struct entry_place *to = arg;
	bool good;

	if (key->kind == VALUE_BACKEND)
		good = backend_read(to->r, s, name, value, where, to->backends);
	else if (key->kind == VALUE_PIN)
		good = pin_read(to->r, s, name, value, where);
	else if (to->place == IN_LIST)
		good = list_entry(to->r, s, key, value, where, to->draft);
	else
		return ENTRY_ORDINARY;
	return good ? ENTRY_READ : ENTRY_REFUSED;
}

bool section_read(struct resolver *r, const struct doc_section *s,
		  unsigned int place, void *draft, struct where *set,
		  struct backend_list *backends)
{
	struct entry_place to = { r, place, draft, backends };
	const struct section_reader sr = {
		.doc = r->doc,
		.report = r->report,
		.keys = &keys_of_nftlbd,
		.place = place,
		.other = entry_other,
		.arg = &to,
	};

	return section_entries(&sr, s, draft, set);
}

static void draft_defaults(unsigned int place, void *draft)
{
	section_defaults(&keys_of_nftlbd, place, draft);
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
	api_check(r, &draft);
	*r->conf = draft.conf;
}

static void pool_read(struct resolver *r, const struct doc_section *s)
{
	struct pool *pool = VEC_PUSH(r->pools_list, r->npools, r->cappools);
	struct pool_draft draft = { 0 };

	*pool = (struct pool){ .name = doc_text(r->doc, s->name),
			       .where = s->where };
	names_add(&r->pools, pool->name, (uint32_t)(r->npools - 1));
	draft_defaults(IN_POOL, &draft);
	pool->broken =
	    !section_read(r, s, IN_POOL, &draft, draft.set, &pool->members);
	pool->dynamic = draft.dynamic;
}

static void pools_read(struct resolver *r)
{
	char label[LABEL_SIZE];
	struct pool *pool;
	size_t i;

	for (i = 0; i < r->doc->nsections; i++) {
		if (r->doc->sections[i].kind == DOC_POOL)
			pool_read(r, &r->doc->sections[i]);
	}
	names_sort(&r->pools);
	members_read(r);
	for (i = 0; i < r->npools; i++) {
		pool = &r->pools_list[i];
		snprintf(label, sizeof(label), "[pool %s]", pool->name);
		if (!backends_check(r, label, &pool->members))
			pool->broken = true;
	}
	pools_keep(r);
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
	for (i = 0; i < r->nmember_texts; i++)
		free(r->member_texts[i]);
	free(r->member_texts);
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
		section_twins(doc, report, kind);
	draft_defaults(IN_BACKEND, &r.backend_proto);
	globals_read(&r);
	checks_read(&r);
	feeds_read(&r);
	lists_read(&r);
	pools_read(&r);
	services_read(&r);
	overlaps_check(conf->services, conf->nservices, doc, report);
	groups_check(&r);
	directs_check(&r);
	resolver_free(&r);
}
