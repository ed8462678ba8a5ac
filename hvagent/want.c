/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings as rulesets/ wants them: each binding, machine, gateway and uplink
 * is a unit of its own, so that a change costs what it changes.
 */
#include "hvagent/want.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/words.h"
#include "lib/xalloc.h"
#include "rulesets/form.h"

#define MSS_MIN     536
#define IPV6_NUMBER 0xe0000000u /* no machine has such an IPv4 address */

struct vm_id {
	uint32_t id;
	struct addr vm;
};

/* ---- numbers */

static uint32_t number_of(const struct addr *vm)
{
	uint32_t h = 2166136261u;

	if (vm->family == AF_INET)
		return (uint32_t)vm->ip[0] << 24 | (uint32_t)vm->ip[1] << 16 |
		       (uint32_t)vm->ip[2] << 8 | vm->ip[3];
	for (unsigned int i = 0; i < 16; i++)
		h = (h ^ vm->ip[i]) * 16777619u;
	return h;
}

/* The slot of that number, or the free one where it would be. */
static struct vm_id *slot_of(const struct vm_ids *ids, uint32_t id)
{
	size_t i = (id * UINT32_C(2654435761)) & (ids->cap - 1);

	while (ids->slots[i].id && ids->slots[i].id != id)
		i = (i + 1) & (ids->cap - 1);
	return &ids->slots[i];
}

static void grow(struct vm_ids *ids)
{
	struct vm_id *old = ids->slots;
	size_t cap = ids->cap;

	if (2 * ids->n < cap)
		return;
	ids->cap = cap ? 2 * cap : 64;
	ids->slots = xcalloc(ids->cap, sizeof(*ids->slots));
	for (size_t i = 0; i < cap; i++)
		if (old[i].id)
			*slot_of(ids, old[i].id) = old[i];
	free(old);
}

uint32_t vm_id(struct vm_ids *ids, const struct addr *vm)
{
	uint32_t id = number_of(vm);
	struct vm_id *s;

	if (vm->family == AF_INET)
		return id;
	grow(ids);
	for (;; id++) {
		id |= IPV6_NUMBER;
		if (id == ID_NONE)
			continue;
		s = slot_of(ids, id);
		if (!s->id)
			break;
		if (!addr_cmp(&s->vm, vm))
			return id;
	}
	*s = (struct vm_id){ id, *vm };
	ids->n++;
	return id;
}

void vm_ids_free(struct vm_ids *ids)
{
	free(ids->slots);
	*ids = (struct vm_ids){ 0 };
}

/* ---- the list */

static struct rs_service *add(struct want *w, uint8_t family)
{
	struct rs_service *s = VEC_PUSH(w->list, w->n, w->cap);

	*s = (struct rs_service){ .family = family };
	return s;
}

static void *own(struct want *w, void *p)
{
	*VEC_PUSH(w->owned, w->nowned, w->capowned) = p;
	return p;
}

void want_free(struct want *w)
{
	for (size_t i = 0; i < w->nowned; i++)
		free(w->owned[i]);
	free(w->owned);
	free(w->list);
	*w = (struct want){ 0 };
}

static char *name_of(struct want *w, const char *prefix, const struct addr *a)
{
	char text[ADDR_STRLEN];

	return own(w, xjoin(prefix, addr_format(a, text), ""));
}

/* The service's address, protocol and port, as @b has them. */
static void of_service(struct want *w, struct rs_service *s,
		       const struct binding *b)
{
	struct rs_ports *ports = own(w, xmalloc(sizeof(*ports)));

	*ports = (struct rs_ports){ b->port, b->port };
	s->addrs = &b->service;
	s->naddrs = 1;
	s->protos = &b->proto;
	s->nprotos = 1;
	s->ports = ports;
	s->nports = 1;
}

void want_binding(struct want *w, struct vm_ids *ids, const struct binding *b,
		  bool gone)
{
	struct rs_service *s = add(w, b->service.family);

	s->name = b->name;
	s->gone = gone;
	of_service(w, s, b);
	s->agent = (struct rs_agent){ .kind = RS_AGENT_BINDING,
				      .addr = b->vm,
				      .port = binding_vm_port(b),
				      .id = vm_id(ids, binding_tunnel(b)) };
}

static char *name_of_port(struct want *w, const struct binding *b)
{
	char text[sizeof(UNIT_PORT) + ADDR_STRLEN + 16], vm[ADDR_STRLEN];

	snprintf(text, sizeof(text), UNIT_PORT "%s.%s.%u",
		 addr_format(&b->vm, vm), word_text(rs_proto_words, b->proto),
		 binding_vm_port(b));
	return own(w, xstrdup(text));
}

void want_port(struct want *w, const struct bindings *l,
	       const struct binding *b)
{
	const struct binding *first;
	size_t n = bindings_of_port(l, b, &first);
	struct rs_service *s = add(w, b->vm.family);

	s->name = name_of_port(w, b);
	s->gone = n == 0;
	of_service(w, s, n ? first : b);
	if (n > 1) /* which of them, nobody can tell */
		s->naddrs = 0;
	s->agent = (struct rs_agent){ .kind = RS_AGENT_PORT,
				      .addr = b->vm,
				      .port = binding_vm_port(b) };
}

void want_vm(struct want *w, struct vm_ids *ids, const struct bindings *l,
	     const struct addr *vm)
{
	struct rs_service *s = add(w, vm->family);
	bool tunnel = bindings_have_tunnel(l, vm);

	s->name = name_of(w, UNIT_VM, vm);
	s->gone = !tunnel && !bindings_have_vm(l, vm);
	s->agent = (struct rs_agent){ .kind = RS_AGENT_VM,
				      .addr = *vm,
				      .id = tunnel ? vm_id(ids, vm) : 0 };
}

void want_gateway(struct want *w, const struct addr *gateway)
{
	struct rs_service *s = add(w, gateway->family);

	s->name = name_of(w, UNIT_GATEWAY, gateway);
	s->agent =
	    (struct rs_agent){ .kind = RS_AGENT_GATEWAY, .addr = *gateway };
}

/* What the headers in front of the client's segment take at most: the tunnel's
 * (IPv6 tunnels carry an option of 8 bytes), the inner IP header's and TCP's.
 */
static uint32_t overhead(const struct bindings *l, uint8_t family)
{
	if (family == AF_INET6)
		return 40 + 8 + 40 + 20;
	return l->crossed[family_index(family)] ? 40 + 8 + 20 + 20
						: 20 + 20 + 20;
}

static uint16_t mss_of(uint32_t mtu, uint32_t over)
{
	uint32_t mss = mtu > over + MSS_MIN ? mtu - over : MSS_MIN;

	return mss > UINT16_MAX ? UINT16_MAX : (uint16_t)mss;
}

void want_uplink(struct want *w, const struct bindings *l, const char *name,
		 const struct uplink *u)
{
	for (unsigned int f = 0; u->ifindex && f < RS_FAMILIES; f++) {
		struct rs_service *s;

		if (!u->addr[f].family)
			continue;
		s = add(w, family_of(f));
		s->name = own(w, xjoin(UNIT_UPLINK, name, ""));
		s->agent = (struct rs_agent){
			.kind = RS_AGENT_UPLINK,
			.addr = u->addr[f],
			.id = u->ifindex,
			.mss = mss_of(u->mtu, overhead(l, family_of(f)))
		};
	}
}

void want_all(struct want *w, struct vm_ids *ids, const struct bindings *l,
	      const struct hv_conf *conf)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct binding *b = l->by_flow[i];

		if (!i || addr_cmp(binding_tunnel(b),
				   binding_tunnel(l->by_flow[i - 1])))
			want_vm(w, ids, l, binding_tunnel(b));
		want_binding(w, ids, b, false);
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct binding *b = l->by_port[i];

		if ((!i || addr_cmp(&b->vm, &l->by_port[i - 1]->vm)) &&
		    !bindings_have_tunnel(l, &b->vm))
			want_vm(w, ids, l, &b->vm);
		if (!i || !binding_same_port(b, l->by_port[i - 1]))
			want_port(w, l, b);
	}
	for (size_t i = 0; i < conf->ngateways; i++) {
		bool twice = false;

		for (size_t k = 0; k < i; k++)
			twice |=
			    !addr_cmp(&conf->gateways[i], &conf->gateways[k]);
		if (!twice)
			want_gateway(w, &conf->gateways[i]);
	}
}
