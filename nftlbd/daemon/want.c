/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arrow from MODEL to the rule sets: copies what they need to know, split
 * by address family. Pure.
 */
#include "daemon/want.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "rulesets/flows.h"

static size_t add_backends(struct rs_backend *out, const struct service *s,
			   uint8_t family)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];

		if (b->conf->addr.family != family)
			continue;
		out[n++] = (struct rs_backend){
			.name = b->conf->name,
			.addr = b->conf->addr,
			.port = b->conf->port,
			.weight = backend_weight(b),
			.usable = b->serving,
			.now = b->now,
			.probe_port = b->via_port,
		};
	}
	return n;
}

static void add_family(struct want_list *w, const struct model *m,
		       const struct service *s, const struct addr *addrs,
		       size_t naddrs)
{
	const struct conf_service *c = s->conf;
	uint8_t family = addrs[0].family;
	struct rs_backend *backends =
	    xcalloc(s->nbackends + 1, sizeof(*backends));
	size_t n = add_backends(backends, s, family);

	*VEC_PUSH(w->list, w->n, w->cap) = (struct rs_service){
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

void want_all(struct want_list *w, const struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++)
		want_add(w, m, &m->services[i]);
}

static void want_name(struct want_list *w, const struct service *s)
{
	const struct conf_service *c = s->conf;

	for (size_t i = 0; i < c->naddrs; i++) {
		uint8_t family = c->addrs[i].family;

		if (i > 0 && family == c->addrs[i - 1].family)
			continue;
		*VEC_PUSH(w->list, w->n, w->cap) = (struct rs_service){
			.name = c->name, .family = family, .unchanged = true
		};
	}
}

void want_changes(struct want_list *w, const struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++)
		if (m->services[i].dirty)
			want_add(w, m, &m->services[i]);
		else
			want_name(w, &m->services[i]);
}

void want_free(struct want_list *w)
{
	for (size_t i = 0; i < w->n; i++)
		free((void *)w->list[i].backends);
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
