/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arrow from MODEL to the rule sets: copies what they need to know, split
 * by address family. Pure.
 */
#include "daemon/want.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "model/full.h"
#include "model/load.h"
#include "rulesets/flows.h"

void *want_own(struct want_list *w, void *p)
{
	*VEC_PUSH(w->owned, w->nowned, w->capowned) = p;
	return p;
}

static size_t add_backends(struct rs_backend *out, const struct service *s,
			   uint8_t family)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];

		if (conf_family(s->conf, b->conf) != family)
			continue;
		out[n++] = (struct rs_backend){
			.name = b->conf->name,
			.addr = b->conf->addr,
			.port = b->conf->port,
			.weight = backend_home_weight(s, b),
			.usable = b->serving && !b->full,
			.now = b->now,
			.probe_port = b->via_port,
			.sticky = b->sticky,
			.max_connections = backend_room(b),
			.recount = b->recount,
			.qos = b->conf->qos,
			.path = b->path,
		};
	}
	return n;
}

/* ---- the rules around a service */

static struct rs_stick stick_of(const struct conf_service *c,
				unsigned int index)
{
	return (struct rs_stick){
		.kind = c->persist.kind,
		.prefix = c->persist.prefix[index],
		.timeout_ms = c->persist.timeout_ms,
		.size = c->persist_size,
		.group = c->persist_group,
	};
}

/* Pins of one family; backends are counted among those of that family. */
static void add_pins(struct want_list *w, struct rs_service *out,
		     const struct conf_service *c)
{
	struct rs_pin *pins;
	size_t *at, n = 0;

	if (!c->npins)
		return;
	pins = want_own(w, xcalloc(c->npins, sizeof(*pins)));
	at = xcalloc(c->nbackends + 1, sizeof(*at));
	for (size_t i = 0; i < c->nbackends; i++) {
		at[i] = n;
		n += c->backends[i].addr.family == out->family;
	}
	for (size_t i = 0; i < c->npins; i++) {
		const struct conf_pin *p = &c->pins[i];

		if (p->from.family == out->family)
			pins[out->npins++] = (struct rs_pin){
				.from = p->from,
				.prefix = p->prefix,
				.backend = at[p->backend],
			};
	}
	out->pins = pins;
	free(at);
}

/* The sets in the kernel that hold lists; daemon/lists.c names them. */
static const char *const *list_names(struct want_list *w,
				     const struct conf_list *const *lists,
				     size_t n, unsigned int index)
{
	const char **names;

	if (!n)
		return NULL;
	names = want_own(w, xcalloc(n, sizeof(*names)));
	for (size_t i = 0; i < n; i++)
		names[i] = lists[i]->set[index];
	return names;
}

/* While who is to be refused is not known, only they are let in who are on
 * that very list, and those are refused before. */
static void add_filters(struct want_list *w, struct rs_service *out,
			const struct conf_service *c, unsigned int index)
{
	out->allow = list_names(w, c->allow, c->nallow, index);
	out->nallow = c->nallow;
	out->deny = list_names(w, c->deny, c->ndeny, index);
	out->ndeny = c->ndeny;
	out->filter_action = c->filter_action;
	for (size_t i = 0; i < c->ndeny; i++)
		if (c->deny[i]->closed[index]) {
			out->allow = &out->deny[i];
			out->nallow = 1;
			return;
		}
}

static void add_rules(struct want_list *w, struct rs_service *out,
		      const struct conf_service *c)
{
	unsigned int index = out->family == AF_INET6;

	out->stick = stick_of(c, index);
	add_pins(w, out, c);
	out->limits = c->limits;
	out->limits.prefix = c->limit_prefix[index];
	out->strict = c->strict;
	add_filters(w, out, c, index);
	out->qos = c->qos;
	out->log = c->log;
	if (!out->log.prefix && (out->log.fresh || out->log.drops))
		out->log.prefix = want_own(w, xasprintf("nftlb %s", c->name));
	out->helper = c->helper;
	out->counters = c->counters;
	out->offload = c->offload;
}

static struct rs_direct direct_of(const struct conf_direct *c)
{
	return (struct rs_direct){
		.devices = (const char *const *)c->devices,
		.ndevices = c->ndevices,
		.cache = c->cache,
		.tcp_timeout_s = c->tcp_timeout_ms / 1000,
		.udp_timeout_s = c->udp_timeout_ms / 1000,
		.syn_limit = c->syn_limit,
	};
}

/* ---- probes by way of direct modes: a unit in the family's own table */

bool want_probes(const struct service *s, uint8_t family)
{
	if (s->conf->mode != RS_DSR && s->conf->mode != RS_IPIP)
		return false;
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].via_port &&
		    s->backends[i].conf->addr.family == family)
			return true;
	return false;
}

/* @of: of that service and family; NULL where it is as it was */
static void add_probes(struct want_list *w, const struct service *s,
		       uint8_t family, const struct rs_service *of)
{
	struct rs_service out = {
		.name = NULL,
		.family = family,
		.probes = true,
		.unchanged = !of,
	};

	if (!want_probes(s, family))
		return;
	out.name = want_own(w, xjoin("@", s->conf->name, ""));
	if (of) {
		out.addrs = of->addrs;
		out.naddrs = of->naddrs;
		out.protos = of->protos;
		out.nprotos = of->nprotos;
		out.backends = of->backends;
		out.nbackends = of->nbackends;
	}
	*VEC_PUSH(w->list, w->n, w->cap) = out;
}

/* ---- services */

/* Packets for it are met as they come in, beside the rules of its own table. */
static bool goes_ahead(const struct conf_service *c)
{
	return c->mode == RS_STATELESS && c->direct.ndevices > 0;
}

static void add_family(struct want_list *w, const struct model *m,
		       const struct service *s, const struct addr *addrs,
		       size_t naddrs)
{
	const struct conf_service *c = s->conf;
	uint8_t family = addrs[0].family;
	struct rs_backend *backends =
	    want_own(w, xcalloc(s->nbackends + 1, sizeof(*backends)));
	size_t n = add_backends(backends, s, family);

	struct rs_service out = {
		.name = c->name,
		.family = family,
		.addrs = addrs,
		.naddrs = naddrs,
		.protos = c->protos,
		.nprotos = c->nprotos,
		.ports = c->ports,
		.nports = c->nports,
		.mode = c->mode,
		.scheduler = c->scheduler,
		.hash_key = c->hash_key,
		.on_empty = c->on_empty,
		.hash_seed = m->conf->hash_seed,
		.slots = c->slots,
		.fine = service_fine(s),
		.source = family == AF_INET6 ? c->source6 : c->source4,
		.backends = backends,
		.nbackends = n,
	};

	add_rules(w, &out, c);
	if (rs_is_direct(c->mode))
		out.direct = direct_of(&c->direct);
	*VEC_PUSH(w->list, w->n, w->cap) = out;
	out.ahead = goes_ahead(c);
	if (out.ahead)
		*VEC_PUSH(w->list, w->n, w->cap) = out;
	add_probes(w, s, family, &out);
}

void want_add(struct want_list *w, const struct model *m,
	      const struct service *s)
{
	const struct conf_service *c = s->conf;
	size_t from = 0;

	/* The addresses are sorted: a family is one stretch. */
	for (size_t i = 1; i <= c->naddrs; i++) {
		if (i < c->naddrs &&
		    c->addrs[i].family == c->addrs[from].family)
			continue;
		add_family(w, m, s, &c->addrs[from], i - from);
		from = i;
	}
}

/* ---- tables that services share */

struct member {
	const struct conf_service *service;
	unsigned int family; /* 0 = IPv4, 1 = IPv6 */
};

static int member_cmp(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;
	int order =
	    strcmp(a->service->persist_group, b->service->persist_group);

	return order ? order : (int)a->family - (int)b->family;
}

static void add_group(struct want_list *w, const struct member *m)
{
	struct rs_service out = {
		.name =
		    want_own(w, xasprintf("/%s", m->service->persist_group)),
		.family = m->family ? AF_INET6 : AF_INET,
		.stick = stick_of(m->service, m->family),
		.group = true,
	};

	out.stick.group = NULL;
	*VEC_PUSH(w->list, w->n, w->cap) = out;
}

/* One table for each group and family: its services say the same of it. */
static void want_groups(struct want_list *w, const struct model *m)
{
	struct member *list = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < m->nservices; i++) {
		const struct conf_service *c = m->services[i].conf;

		for (size_t k = 0; c->persist_group && k < c->naddrs; k++)
			if (!k || c->addrs[k].family != c->addrs[k - 1].family)
				*VEC_PUSH(list, n, cap) =
				    (struct member){ c, c->addrs[k].family ==
							    AF_INET6 };
	}
	if (n)
		qsort(list, n, sizeof(*list), member_cmp);
	for (size_t i = 0; i < n; i++)
		if (!i || member_cmp(&list[i - 1], &list[i]) != 0)
			add_group(w, &list[i]);
	free(list);
}

void want_all(struct want_list *w, const struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++)
		want_add(w, m, &m->services[i]);
	want_groups(w, m);
	want_devices(w, m);
}

static void want_name(struct want_list *w, const struct service *s)
{
	const struct conf_service *c = s->conf;

	for (size_t i = 0; i < c->naddrs; i++) {
		uint8_t family = c->addrs[i].family;

		if (i > 0 && family == c->addrs[i - 1].family)
			continue;
		for (int ahead = 0; ahead <= goes_ahead(c); ahead++)
			*VEC_PUSH(w->list, w->n, w->cap) =
			    (struct rs_service){ .name = c->name,
						 .family = family,
						 .mode = c->mode,
						 .ahead = ahead != 0,
						 .unchanged = true };
		add_probes(w, s, family, NULL);
	}
}

void want_changes(struct want_list *w, const struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++)
		if (m->services[i].dirty)
			want_add(w, m, &m->services[i]);
		else
			want_name(w, &m->services[i]);
	want_groups(w, m);
	want_devices(w, m);
}

void want_free(struct want_list *w)
{
	for (size_t i = 0; i < w->nowned; i++)
		free(w->owned[i]);
	free(w->owned);
	free(w->list);
	*w = (struct want_list){ 0 };
}

static void add_flows(struct flow_matches *out, const struct conf_service *c,
		      const struct conf_backend *b, uint8_t proto)
{
	static const struct rs_ports any = { 0, 65535 };
	const struct rs_ports *ports = c->nports ? c->ports : &any;
	size_t nports = c->nports ? c->nports : 1;

	for (size_t a = 0; a < c->naddrs; a++) {
		if (c->addrs[a].family != b->addr.family)
			continue;
		for (size_t p = 0; p < nports; p++)
			*VEC_PUSH(out->list, out->n, out->cap) =
			    (struct flow_match){
				    .proto = proto,
				    .vip = c->addrs[a],
				    .port_lo = ports[p].lo,
				    .port_hi = ports[p].hi,
				    .backend = b->addr,
				    .backend_port = b->port,
			    };
	}
}

void want_flows(struct flow_matches *out, const struct service *s,
		const struct backend *b, enum cut cut)
{
	for (size_t i = 0; i < s->conf->nprotos; i++) {
		uint8_t proto = s->conf->protos[i];

		if (cut == CUT_ALL || (cut == CUT_UDP && proto == IPPROTO_UDP))
			add_flows(out, s->conf, b->conf, proto);
	}
}
