/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modes that track nothing: what they need, and which backends they can
 * serve. Nobody remembers how a packet came in, so that its way back, where
 * there is one (stateless), has to follow from what the answer carries: from
 * the backend's address and port alone.
 *
 * Keys that are of no use with a mode are rules.c's matter.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/service.h"
#include "config/values.h"
#include "lib/xalloc.h"

/* ---- the service itself */

void direct_built(struct look *l)
{
	enum rs_mode mode = l->draft->conf.mode;
	char words[MODES_TEXT];
	size_t used = 0;

	if (rs_mode_built[mode])
		return;
	for (int m = 0; m < RS_MODES && used < sizeof(words); m++) {
		if (rs_mode_built[m])
			used += (size_t)snprintf(
			    words + used, sizeof(words) - used, "%s%s",
			    used ? ", " : "", word_text(rs_mode_words, m));
	}
	/* the rest can be judged all the same */
	report_value(l->r->report, look_said(l, "mode"), l->label, "mode",
		     word_text(rs_mode_words, mode),
		     "has no rules in this version", words);
}

/* Weights that move would move flows that nobody knows of. */
static void scheduler_judge(struct look *l)
{
	const struct conf_service *s = &l->draft->conf;

	if (conf_dynamic(s))
		look_refuse(l, "scheduler",
			    word_text(rs_scheduler_words, s->scheduler),
			    "the mode does not know its connections",
			    "round-robin, weighted or source-hash with mode = "
			    "stateless, dsr or ipip");
}

static void interface_needed(struct look *l)
{
	if (l->draft->interfaces && *l->draft->interfaces)
		return;
	report_add(l->r->report, look_said(l, "interface"),
		   "%s: interface is missing; allowed: interface = NAME, ..., "
		   "where clients' packets come in",
		   l->label);
	l->draft->broken = true;
}

static void interface_judge(struct look *l)
{
	char item[DEVICE_SIZE], other[DEVICE_SIZE];
	const char *rest = l->draft->interfaces, *before;

	while (list_next(&rest, item, sizeof(item))) {
		before = rest;
		while (list_next(&before, other, sizeof(other)))
			if (!strcmp(item, other))
				look_refuse(l, "interface", item,
					    "an interface is listed twice",
					    "each interface once");
	}
}

/* Lists are in the tables of the families: who would be refused there must not
 * be let past by another. */
static void filters_judge(struct look *l)
{
	const struct service_draft *d = l->draft;
	const char *key = d->deny && *d->deny ? "deny" : "allow";

	if (!d->interfaces || !*d->interfaces)
		return;
	if ((d->deny && *d->deny) || (d->allow && *d->allow))
		look_useless(l, look_said(l, key), key,
			     "with mode = stateless without interface");
}

/* ---- backends */

static void backend_refuse(struct look *l, const struct backend_draft *b,
			   const char *problem, const char *allowed)
{
	char key[80], found[ENDPOINT_STRLEN];

	snprintf(key, sizeof(key), "backend.%s", b->name);
	report_value(l->r->report, b->where, l->label, key,
		     endpoint_format(&b->addr, b->port, found), problem,
		     allowed);
	l->draft->broken = true;
}

/* Nothing on the way changes the port. */
static void kept_ports_judge(struct look *l)
{
	uint16_t port = conf_single_port(&l->draft->conf, 0);

	for (size_t i = 0; i < l->backends->n; i++) {
		const struct backend_draft *b = &l->backends->list[i];

		if (b->port && b->port != port)
			backend_refuse(l, b, "the mode does not change ports",
				       "a backend without a port, or with the "
				       "service's single one");
	}
}

static void tunnels_judge(struct look *l)
{
	const struct addr *sources = l->r->conf->tunnel_source;

	for (size_t i = 0; i < l->backends->n; i++) {
		const struct backend_draft *b = &l->backends->list[i];

		if (!sources[family_index(b->addr.family)].family)
			backend_refuse(
			    l, b, "a tunnel to it has no address to begin at",
			    "backends of families that tunnel-source of "
			    "[global] has an address of");
	}
}

static void ways_back_judge(struct look *l)
{
	const struct conf_service *s = &l->draft->conf;
	bool single = conf_single_port(s, 0) != 0;
	char found[ADDR_STRLEN];

	for (size_t i = 0; i < s->nprotos; i++)
		if (s->protos[i] == IPPROTO_SCTP)
			look_refuse(l, "protocol", "sctp",
				    "its checksum covers the ports, and no "
				    "rule can make it anew",
				    "tcp and udp with mode = stateless");
	/* sorted: one family after the other */
	for (size_t i = 1; i < s->naddrs; i++)
		if (s->addrs[i].family == s->addrs[i - 1].family)
			look_refuse(l, "address",
				    addr_format(&s->addrs[i], found),
				    "a backend's answer does not say which of "
				    "two addresses the client asked",
				    "one address of each family with mode = "
				    "stateless");
	for (size_t i = 0; !single && i < l->backends->n; i++)
		if (l->backends->list[i].port)
			backend_refuse(l, &l->backends->list[i],
				       "its answers do not say which of the "
				       "service's ports the client asked",
				       "a backend without a port, or a service "
				       "with a single one");
}

static void devices_build(struct look *l)
{
	struct conf_direct *d = &l->draft->conf.direct;
	const char *rest = l->draft->interfaces;
	char item[DEVICE_SIZE];

	d->devices = xcalloc(DEVICES_MAX, sizeof(*d->devices));
	while (d->ndevices < DEVICES_MAX &&
	       list_next(&rest, item, sizeof(item)))
		d->devices[d->ndevices++] = xstrdup(item);
}

void direct_judge(struct look *l)
{
	struct conf_service *s = &l->draft->conf;

	if (!rs_is_direct(s->mode))
		return;
	scheduler_judge(l);
	interface_judge(l);
	if (s->mode == RS_STATELESS) {
		filters_judge(l);
		ways_back_judge(l);
		return;
	}
	interface_needed(l);
	kept_ports_judge(l);
	if (s->mode == RS_IPIP)
		tunnels_judge(l);
}

void direct_build(struct look *l)
{
	const char *interfaces = l->draft->interfaces;

	if (interfaces && *interfaces && rs_is_direct(l->draft->conf.mode))
		devices_build(l);
}

/* ---- between services */

/* Where answers come from: a backend's ports of one protocol. */
struct origin {
	const struct conf_service *service;
	const struct conf_backend *backend;
	uint8_t proto;
	struct rs_ports ports;
};

static int origin_cmp(const void *pa, const void *pb)
{
	const struct origin *a = pa, *b = pb;
	int order = addr_cmp(&a->backend->addr, &b->backend->addr);

	if (!order)
		order = (int)a->proto - (int)b->proto;
	if (!order)
		order = (int)a->ports.lo - (int)b->ports.lo;
	return order ? order
		     : (a->service > b->service) - (a->service < b->service);
}

struct origins {
	struct origin *list;
	size_t n, cap;
};

static void origins_add(struct origins *o, const struct conf_service *s,
			const struct conf_backend *b, uint8_t proto)
{
	static const struct rs_ports any = { 0, UINT16_MAX };
	size_t n = s->nports && !b->port ? s->nports : 1;

	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(o->list, o->n, o->cap) = (struct origin){
			.service = s,
			.backend = b,
			.proto = proto,
			.ports = b->port ? (struct rs_ports){ b->port, b->port }
				 : s->nports ? s->ports[i]
					     : any,
		};
}

static void origin_report(struct resolver *r, const struct origin *a,
			  const struct origin *b)
{
	bool swap = a->service > b->service;
	const struct origin *first = swap ? b : a, *late = swap ? a : b;
	char found[ENDPOINT_STRLEN];

	report_add(
	    r->report, service_where(r->doc, late->service),
	    "[service %s] backend.%s: found \"%s\": [service %s] at "
	    "%.200s:%u has that backend, and an answer of its does not "
	    "say whose it is; allowed: services of mode stateless whose "
	    "backends share no address, protocol and port",
	    late->service->name, late->backend->name,
	    endpoint_format(&late->backend->addr, late->backend->port, found),
	    first->service->name, first->service->file, first->service->line);
}

/* Sorted: whoever shares a port with one before shares it with the one of them
 * that ends last. Each pair of services is told once. */
static void origins_judge(struct resolver *r, const struct origins *o)
{
	const struct origin *widest = NULL, *told = NULL;

	for (size_t i = 0; i < o->n; i++) {
		const struct origin *a = &o->list[i];

		if (widest &&
		    (widest->proto != a->proto ||
		     addr_cmp(&widest->backend->addr, &a->backend->addr)))
			widest = NULL;
		if (widest && widest->ports.hi >= a->ports.lo &&
		    widest->backend != a->backend &&
		    !(told && told->service == a->service)) {
			origin_report(r, widest, a);
			told = a;
		}
		if (!widest || a->ports.hi > widest->ports.hi)
			widest = a;
	}
}

void directs_check(struct resolver *r)
{
	struct origins o = { 0 };

	for (size_t i = 0; i < r->conf->nservices; i++) {
		const struct conf_service *s = &r->conf->services[i];

		if (s->mode != RS_STATELESS)
			continue;
		for (size_t b = 0; b < s->nbackends; b++)
			for (size_t p = 0; p < s->nprotos; p++)
				origins_add(&o, s, &s->backends[b],
					    s->protos[p]);
	}
	if (o.n)
		qsort(o.list, o.n, sizeof(*o.list), origin_cmp);
	origins_judge(r, &o);
	free(o.list);
}
