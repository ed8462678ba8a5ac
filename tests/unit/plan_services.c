/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services of plan_services.h. Who may use which packet: a cell is a pair
 * of addresses and a thousand ports; each entry has a cell that no other of its
 * family has, and only a pair's first cell may ask for any port.
 */
#include "tests/unit/plan_services.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define PAIRS 4
#define CELLS (PAIRS * 4) /* of a family */

uint32_t gen_rnd(struct gen *g, uint32_t below)
{
	g->seed = g->seed * 1103515245u + 12345u;
	return (g->seed >> 8) % below;
}

static struct addr make_addr(uint8_t family, uint8_t net, uint8_t host)
{
	struct addr a = { .family = family };

	a.ip[0] = family == AF_INET6 ? 0xfd : 10;
	a.ip[1] = net;
	a.ip[addr_len(&a) - 1] = host;
	return a;
}

/* ---- one change each */

static void change_keys(struct gen *g, struct gen_entry *e)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_SCTP };
	uint16_t at = (uint16_t)(e->cell / PAIRS * 1000 + 1);
	uint32_t first = gen_rnd(g, 3);

	e->svc.nprotos = 1 + gen_rnd(g, 3 - first);
	memcpy(e->protos, protos + first, e->svc.nprotos);
	e->svc.naddrs = 1 + gen_rnd(g, 2);
	for (uint8_t i = 0; i < 2; i++)
		e->addrs[i] = make_addr(e->svc.family, 1,
					(uint8_t)(e->cell % PAIRS * 2 + i + 1));
	e->svc.nports = e->cell < PAIRS ? gen_rnd(g, 4) : 1 + gen_rnd(g, 3);
	for (size_t i = 0; i < e->svc.nports; i++) {
		/* few different ports, so that ranges meet from step to step */
		at = (uint16_t)(at + 1 + gen_rnd(g, 4));
		e->ports[i].lo = at;
		at = (uint16_t)(at + (gen_rnd(g, 2) ? gen_rnd(g, 6) : 0));
		e->ports[i].hi = at;
	}
}

static void change_how(struct gen *g, struct gen_entry *e)
{
	struct rs_service *svc = &e->svc;

	svc->mode = gen_rnd(g, 2) ? RS_SNAT : RS_DNAT;
	svc->scheduler = (enum rs_scheduler)gen_rnd(g, 3);
	svc->hash_key = (enum rs_hash_key)gen_rnd(g, 3);
	svc->on_empty = gen_rnd(g, 2) ? RS_DROP : RS_REJECT;
	svc->hash_seed = gen_rnd(g, 3);
	svc->slots = svc->scheduler == RS_SOURCE_HASH
			 ? (gen_rnd(g, 4) ? 251 : 0)
			 : gen_rnd(g, 2) * 60;
	svc->source =
	    gen_rnd(g, 2) ? make_addr(svc->family, 9, 9) : (struct addr){ 0 };
}

static void change_backend(struct gen *g, struct gen_entry *e)
{
	uint32_t i = gen_rnd(g, GEN_BACKENDS);
	struct rs_backend *b = &e->all[i];

	switch (gen_rnd(g, 6)) {
	case 5: /* unique, as the daemon's are */
		b->probe_port =
		    b->probe_port
			? 0
			: (uint16_t)(61001 + (e - g->entries) * GEN_BACKENDS +
				     i);
		break;
	case 0:
		e->there[i] = !e->there[i];
		break;
	case 1:
		b->addr =
		    make_addr(e->svc.family, 2, (uint8_t)(1 + gen_rnd(g, 30)));
		break;
	case 2:
		b->port = (uint16_t)(gen_rnd(g, 3) * 4000);
		break;
	case 3:
		b->weight = gen_rnd(g, 5);
		break;
	case 4:
		b->usable = !b->usable;
		break;
	}
}

static bool cell_taken(const struct gen *g, const struct gen_entry *e,
		       uint32_t cell)
{
	for (size_t i = 0; i < GEN_SERVICES; i++)
		if (&g->entries[i] != e && g->entries[i].cell == cell &&
		    g->entries[i].svc.family == e->svc.family)
			return true;
	return false;
}

static void change_cell(struct gen *g, struct gen_entry *e)
{
	uint32_t cell;

	do
		cell = gen_rnd(g, CELLS);
	while (cell_taken(g, e, cell));
	e->cell = (uint8_t)cell;
	change_keys(g, e);
}

/* Two services of a family take each other's keys. */
static void swap_keys(struct gen *g, struct gen_entry *e)
{
	struct gen_entry *o =
	    &g->entries[(uint32_t)(e - g->entries + 2) % GEN_SERVICES];
	struct gen_entry old = *e;

	e->cell = o->cell;
	memcpy(e->addrs, o->addrs, sizeof(e->addrs));
	memcpy(e->protos, o->protos, sizeof(e->protos));
	memcpy(e->ports, o->ports, sizeof(e->ports));
	e->svc.naddrs = o->svc.naddrs;
	e->svc.nprotos = o->svc.nprotos;
	e->svc.nports = o->svc.nports;
	o->cell = old.cell;
	memcpy(o->addrs, old.addrs, sizeof(o->addrs));
	memcpy(o->protos, old.protos, sizeof(o->protos));
	memcpy(o->ports, old.ports, sizeof(o->ports));
	o->svc.naddrs = old.svc.naddrs;
	o->svc.nprotos = old.svc.nprotos;
	o->svc.nports = old.svc.nports;
}

/* ---- */

void gen_init(struct gen *g, unsigned int seed)
{
	memset(g, 0, sizeof(*g));
	g->seed = seed;
	for (size_t i = 0; i < GEN_SERVICES; i++) {
		struct gen_entry *e = &g->entries[i];

		snprintf(e->name, sizeof(e->name), "s%zu", i / 2);
		e->svc.name = e->name;
		e->svc.family = i % 2 ? AF_INET6 : AF_INET;
		e->cell = (uint8_t)(i / 2);
		e->svc.addrs = e->addrs;
		e->svc.protos = e->protos;
		e->svc.ports = e->ports;
		e->svc.backends = e->backends;
		change_keys(g, e);
		change_how(g, e);
		for (size_t b = 0; b < GEN_BACKENDS; b++) {
			snprintf(e->names[b], sizeof(e->names[b]), "b%zu", b);
			e->all[b] = (struct rs_backend){
				.name = e->names[b],
				.addr = make_addr(e->svc.family, 2,
						  (uint8_t)(b + 1)),
				.port = 8000,
				.weight = 1,
				.usable = true,
			};
			e->there[b] = b < 3;
		}
	}
}

static void change(struct gen *g, struct gen_entry *e)
{
	switch (gen_rnd(g, 8)) {
	case 0:
		e->present = !e->present;
		break;
	case 1:
		change_keys(g, e);
		break;
	case 2:
		change_how(g, e);
		break;
	case 3:
		change_cell(g, e);
		break;
	case 4:
		swap_keys(g, e);
		break;
	default:
		change_backend(g, e);
		break;
	}
}

void gen_write(struct gen *g)
{
	g->n = 0;
	for (size_t i = 0; i < GEN_SERVICES; i++) {
		struct gen_entry *e = &g->entries[i];

		e->svc.nbackends = 0;
		for (size_t b = 0; b < GEN_BACKENDS; b++)
			if (e->there[b])
				e->backends[e->svc.nbackends++] = e->all[b];
		if (e->present)
			g->list[g->n++] = e->svc;
	}
}

void gen_step(struct gen *g)
{
	uint32_t changes = gen_rnd(g, 4) ? 1 + gen_rnd(g, 3) : gen_rnd(g, 30);

	while (changes-- > 0)
		change(g, &g->entries[gen_rnd(g, GEN_SERVICES)]);
	for (size_t i = 0; i < 2; i++) /* never less than two */
		g->entries[i * 3].present = true;
	gen_write(g);
}
