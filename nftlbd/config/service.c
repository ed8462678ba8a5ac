/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One [service] section: its keys, its backends (the pool's members, then its
 * own), and what must hold between them: families, slots, keys that only make
 * sense with others. The rules around the service are rules.c's, how backends
 * are probed is probes.c's, what several services must not do overlap.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/service.h"
#include "lib/parse.h"
#include "lib/xalloc.h"
#include "rulesets/slots.h"

struct where look_said(const struct look *l, const char *key)
{
	struct where w = draft_where(l->draft->set, IN_SERVICE, key);

	return w.line ? w : l->section->where;
}

bool look_said_here(const struct look *l, const char *key)
{
	struct where w = draft_where(l->draft->set, IN_SERVICE, key);

	return w.file == l->section->where.file &&
	       w.line > l->section->where.line;
}

void look_refuse(struct look *l, const char *key, const char *found,
		 const char *problem, const char *allowed)
{
	report_value(l->r->report, look_said(l, key), l->label, key, found,
		     problem, allowed);
	l->draft->broken = true;
}

void look_useless(struct look *l, struct where where, const char *key,
		  const char *allowed)
{
	report_add(l->r->report, where, "%s %s: of no use here; allowed: %s",
		   l->label, key, allowed);
	l->draft->broken = true;
}

static void required_check(struct look *l, const char *key, const char *allowed)
{
	if (draft_where(l->draft->set, IN_SERVICE, key).line)
		return;
	report_add(l->r->report, l->section->where,
		   "%s: %s is missing; allowed: %s", l->label, key, allowed);
	l->draft->broken = true;
}

/* Keys of the backends' states that need another key's value. */
static void health_keys_check(struct look *l)
{
	struct conf_service *s = &l->draft->conf;
	char found[DURATION_STRLEN];

	if (!s->quorum && !look_said_here(l, "quorum-hysteresis"))
		s->quorum_hysteresis = 0;
	if (s->quorum_hysteresis && s->quorum_hysteresis >= s->quorum) {
		snprintf(found, sizeof(found), "%u", s->quorum_hysteresis);
		look_refuse(l, "quorum-hysteresis", found,
			    "not below the quorum", "less than quorum");
	}
	if (s->flap_hold_max_ms < s->flap_hold_ms)
		look_refuse(l,
			    look_said_here(l, "flap-hold-max") ? "flap-hold-max"
							       : "flap-hold",
			    duration_format(look_said_here(l, "flap-hold-max")
						? s->flap_hold_max_ms
						: s->flap_hold_ms,
					    found),
			    "flap-hold is longer than flap-hold-max",
			    "flap-hold up to flap-hold-max");
	if (s->scheduler == RS_WEIGHTED || conf_dynamic(s))
		return;
	if (s->slow_start_ms && look_said_here(l, "slow-start"))
		look_refuse(l, "slow-start",
			    duration_format(s->slow_start_ms, found),
			    "the scheduler has no weights that may change by "
			    "themselves",
			    "slow-start with scheduler = weighted, "
			    "least-connections, least-response or least-cpu "
			    "only");
	s->slow_start_ms = 0;
}

/* Keys that need another key's value. */
static void keys_check(struct look *l)
{
	struct conf_service *s = &l->draft->conf;

	if (s->scheduler != RS_SOURCE_HASH && look_said_here(l, "hash-key"))
		look_refuse(l, "hash-key",
			    word_text(rs_hash_key_words, s->hash_key),
			    "the scheduler does not hash",
			    "hash-key with scheduler = source-hash only");
	health_keys_check(l);
	dynamic_judge(l);
	if (s->mode == RS_SNAT)
		return;
	if (s->mode == RS_DNAT && look_said_here(l, "source-address") &&
	    (s->source4.family || s->source6.family))
		look_refuse(l, "source-address", "an address",
			    "the mode keeps the client's address",
			    "source-address with mode = snat only");
	s->source4 = s->source6 = (struct addr){ 0 };
}

static const char *family_text(uint8_t family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

static bool service_has(const struct conf_service *s, uint8_t family)
{
	size_t i;

	for (i = 0; i < s->naddrs; i++) {
		if (s->addrs[i].family == family)
			return true;
	}
	return false;
}

static bool list_has(const struct backend_list *list, uint8_t family)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (list->list[i].addr.family == family)
			return true;
	}
	return false;
}

/* NAT does not change the family: each side needs the other's. A tunnel holds
 * either, where it is clear which: of the service. */
static void family_check(struct look *l, uint8_t family)
{
	const struct addr *source = family == AF_INET6
					? &l->draft->conf.source6
					: &l->draft->conf.source4;
	bool has = service_has(&l->draft->conf, family);
	char found[ENDPOINT_STRLEN], key[80], words[96];
	const struct backend_draft *b;
	size_t i;

	if (conf_spans(&l->draft->conf))
		return;
	if (!has && source->family && look_said_here(l, "source-address"))
		look_refuse(l, "source-address", addr_format(source, found),
			    "the service has no address of this family",
			    "source addresses of the service's families");
	if (has && l->backends->n && !list_has(l->backends, family)) {
		snprintf(words, sizeof(words),
			 "an %s address, but every backend is %s",
			 family_text(family),
			 family_text(family == AF_INET6 ? AF_INET : AF_INET6));
		for (i = 0; l->draft->conf.addrs[i].family != family; i++)
			;
		look_refuse(l, "address",
			    addr_format(&l->draft->conf.addrs[i], found), words,
			    "addresses of families that backends have as well");
	}
	for (i = 0; !has && i < l->backends->n; i++) {
		b = &l->backends->list[i];
		if (b->addr.family != family)
			continue;
		snprintf(key, sizeof(key), "backend.%s", b->name);
		snprintf(words, sizeof(words),
			 "an %s backend, but the service's address is %s",
			 family_text(family),
			 family_text(family == AF_INET6 ? AF_INET : AF_INET6));
		report_value(l->r->report, b->where, l->label, key,
			     endpoint_format(&b->addr, b->port, found), words,
			     "backends of families that the service has as "
			     "well");
		l->draft->broken = true;
	}
}

static void slots_check(struct look *l)
{
	struct conf_service *s = &l->draft->conf;
	uint32_t better = 0, n4 = 0, n6 = 0, most;
	char found[16], allowed[128];
	size_t i;

	if (!s->slots)
		return;
	for (i = 0; i < l->backends->n; i++) {
		if (l->backends->list[i].weight)
			*(l->backends->list[i].addr.family == AF_INET6 ? &n6
								       : &n4) +=
			    1;
	}
	snprintf(found, sizeof(found), "%u", s->slots);
	most = conf_spans(s) ? n4 + n6 : n4 > n6 ? n4 : n6;
	if (s->slots < most) {
		snprintf(allowed, sizeof(allowed),
			 "auto, or at least one slot for each of the %u "
			 "backends",
			 most);
		look_refuse(l, "slots", found, "fewer than backends", allowed);
		return;
	}
	better = slots_check_size(
	    rs_is_direct(s->mode) ? RS_SOURCE_HASH : s->scheduler, s->slots);
	if (!better)
		return;
	snprintf(allowed, sizeof(allowed), "auto, or for example %u", better);
	look_refuse(l, "slots", found,
		    rs_is_direct(s->mode)
			? "the mode needs a prime number of slots"
		    : s->scheduler == RS_SOURCE_HASH
			? "source-hash needs a prime number of slots"
			: "no size for this scheduler",
		    allowed);
}

static struct conf_backend backend_build(const struct look *l,
					 const struct backend_draft *b)
{
	struct conf_backend built = {
		.name = xstrdup(b->name),
		.addr = b->addr,
		.port = b->port,
		.weight = b->weight,
		.disabled = b->disabled,
		.backup = b->backup,
		.api = b->api,
		.checks = b->checks,
		.check_addr = b->checks || l->draft->conf.nfeeds
				  ? b->check_addr
				  : (struct addr){ 0 },
		.check_port = b->checks ? b->check_port : 0,
		.probe_port = b->checks ? b->probe_port : 0,
		.file = l->r->doc->names[b->where.file],
		.line = b->where.line,
	};

	rules_inherit(l->draft, b, &built);
	return built;
}

static const struct conf_list **lists_build(const struct list_refs *refs,
					    size_t *n)
{
	const struct conf_list **list;

	*n = refs->n;
	if (!refs->n)
		return NULL;
	list = xcalloc(refs->n, sizeof(*list));
	memcpy(list, refs->list, refs->n * sizeof(*list));
	return list;
}

static void service_build(struct look *l)
{
	struct conf_service *s = &l->draft->conf;
	size_t i;

	s->name = xstrdup(doc_text(l->r->doc, l->section->name));
	s->file = l->r->doc->names[l->section->where.file];
	s->line = l->section->where.line;
	if (l->draft->pool && *l->draft->pool)
		s->pool = xstrdup(l->draft->pool);
	if (l->draft->persist_group && *l->draft->persist_group)
		s->persist_group = xstrdup(l->draft->persist_group);
	if (s->persist_group)
		s->checks = checks_share(l->r, &l->checks);
	s->allow = lists_build(&l->allow, &s->nallow);
	s->deny = lists_build(&l->deny, &s->ndeny);
	pins_build(l);
	direct_build(l);
	if (s->log.prefix)
		s->log.prefix = xstrdup(s->log.prefix);
	if (l->draft->on_change && *l->draft->on_change)
		s->on_change = xstrdup(l->draft->on_change);
	s->nbackends = l->backends->n;
	if (s->nbackends)
		s->backends = xcalloc(s->nbackends, sizeof(*s->backends));
	for (i = 0; i < s->nbackends; i++)
		s->backends[i] = backend_build(l, &l->backends->list[i]);
	*VEC_PUSH(l->r->conf->services, l->r->conf->nservices,
		  l->r->capservices) = *s;
}

/* [defaults] may ask for more checks than this service has. */
static struct where need_where(const struct look *l)
{
	return look_said_here(l, "check-require")
		   ? look_said(l, "check-require")
	       : look_said_here(l, "check") ? look_said(l, "check")
					    : l->section->where;
}

/* What can be said even of a service with a refused entry comes first; the
 * rest would only repeat that refusal in other words. */
static void service_judge(struct look *l)
{
	struct probing probing;
	char found[32];

	if (!l->section->broken) {
		required_check(l, "address", "address = ADDRESS, ...");
		required_check(l, "port",
			       "port = NUMBER, LOW-HIGH, ... or any");
	}
	if (!checks_find(l->r, l->draft->check, l->label, "check",
			 look_said(l, "check"), &l->checks))
		l->draft->broken = true;
	if (!lists_find(l->r, l->draft->allow, l->label, "allow",
			look_said(l, "allow"), &l->allow) ||
	    !lists_find(l->r, l->draft->deny, l->label, "deny",
			look_said(l, "deny"), &l->deny))
		l->draft->broken = true;
	if (!backends_check(l->r, l->label, l->backends) || l->draft->broken) {
		l->draft->broken = true;
		return;
	}
	if (l->backends->n > RS_BACKENDS_MAX) {
		snprintf(found, sizeof(found), "%zu backends", l->backends->n);
		look_refuse(l, "pool", found, "too many backends",
			    "at most " BACKENDS_TEXT
			    " backends, members of the pool included");
	}
	keys_check(l);
	direct_judge(l);
	rules_judge(l);
	family_check(l, AF_INET);
	family_check(l, AF_INET6);
	slots_check(l);
	probing = (struct probing){ .r = l->r,
				    .label = l->label,
				    .service = &l->draft->conf,
				    .common = l->checks,
				    .need = l->draft->need,
				    .need_where = need_where(l) };
	if (!probes_settle(&probing, l->backends))
		l->draft->broken = true;
	dynamic_checks(l);
}

static void list_append(struct backend_list *to,
			const struct backend_list *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		*VEC_PUSH(to->list, to->n, to->cap) = from->list[i];
}

/* The pool's members, then the service's own. */
static void backends_join(struct look *l)
{
	const struct pool *pool;

	l->backends->n = 0;
	if (!pool_find(l->r, l->draft->pool, l->label, look_said(l, "pool"),
		       &pool) ||
	    (pool && pool->broken))
		l->draft->broken = true; /* the pool has its own complaints */
	else if (pool)
		list_append(l->backends, &pool->members);
	list_append(l->backends, &l->r->own);
}

void service_add(struct resolver *r, const struct doc_section *s,
		 const struct service_draft *proto)
{
	struct service_draft draft = *proto;
	struct look l = {
		.r = r, .section = s, .draft = &draft, .backends = &r->backends
	};

	doc_label(r->doc, s, l.label, sizeof(l.label));
	r->own.n = 0;
	r->npins = 0;
	r->own.too_many = false;
	if (!section_read(r, s, IN_SERVICE, &draft, draft.set, &r->own))
		draft.broken = true;
	direct_built(&l);
	mode_judge(&l);
	backends_join(&l);
	service_judge(&l);
	if (!draft.broken) {
		service_build(&l);
	} else {
		free(draft.conf.addrs);
		free(draft.conf.ports);
	}
}
