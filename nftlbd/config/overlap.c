/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet must belong to one service: no two may claim the same address,
 * protocol and port. Claims are sorted by address; where services share one,
 * their port ranges go into a tree in the order of the files. Whoever does not
 * fit in is complained about, once, however many ports it shares.
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/resolve.h"
#include "lib/xalloc.h"

/* A service's hold on one address. */
struct claim {
	const struct addr *addr;
	uint32_t service;
};

/* ... on ports of one protocol there. */
struct range {
	uint8_t proto;
	uint16_t lo, hi;
	uint32_t service;
};

struct overlaps {
	const struct conf_service *services;
	const struct doc *doc;
	struct report *report;
	bool *accused; /* by service */
	struct range *ranges;
	size_t n, cap;
};

static int claim_cmp(const void *pa, const void *pb)
{
	const struct claim *a = pa, *b = pb;
	int order = addr_cmp(a->addr, b->addr);

	return order ? order
		     : (a->service > b->service) - (a->service < b->service);
}

/* Ranges that share a port compare as equal. An order all the same, since the
 * ranges in the tree share none. */
static int range_cmp(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	if (a->proto != b->proto)
		return (int)a->proto - (int)b->proto;
	if (a->hi < b->lo)
		return -1;
	return a->lo > b->hi;
}

/* A file's index by its name's pointer: services keep only the latter. */
struct where service_where(const struct doc *doc, const struct conf_service *s)
{
	uint32_t i = 0;

	while (doc->names[i] != s->file)
		i++;
	return (struct where){ i, s->line };
}

static void ports_text(const struct range *r, char *buf, size_t size)
{
	if (r->lo == r->hi)
		snprintf(buf, size, "port %u", r->lo);
	else if (!r->lo)
		snprintf(buf, size, "any port");
	else
		snprintf(buf, size, "ports %u-%u", r->lo, r->hi);
}

/* @late stands later in the files than @first: it is at fault. */
static void overlap_report(struct overlaps *o, const struct addr *addr,
			   const struct range *first, const struct range *late)
{
	const struct conf_service *s = &o->services[late->service];
	const struct conf_service *t = &o->services[first->service];
	char ip[ADDR_STRLEN], mine[32], theirs[32];

	if (o->accused[late->service] || !strcmp(s->name, t->name))
		return;
	o->accused[late->service] = true;
	ports_text(late, mine, sizeof(mine));
	ports_text(first, theirs, sizeof(theirs));
	report_add(o->report, service_where(o->doc, s),
		   "[service %s] port: found %s of %s/%s: overlaps with %s of "
		   "[service %s] at %.200s:%u; allowed: addresses, protocols "
		   "and ports that no other service has",
		   s->name, mine, addr_format(addr, ip),
		   word_text(rs_proto_words, late->proto), theirs, t->name,
		   t->file, t->line);
}

static void ranges_add(struct overlaps *o, uint32_t service)
{
	const struct conf_service *s = &o->services[service];
	struct range *r;
	size_t i, k;

	for (i = 0; i < s->nprotos; i++) {
		if (!s->nports) {
			r = VEC_PUSH(o->ranges, o->n, o->cap);
			*r = (struct range){ s->protos[i], 0, UINT16_MAX,
					     service };
		}
		for (k = 0; k < s->nports; k++) {
			r = VEC_PUSH(o->ranges, o->n, o->cap);
			*r = (struct range){ s->protos[i], s->ports[k].lo,
					     s->ports[k].hi, service };
		}
	}
}

static void range_keep(void *range)
{
	(void)range; /* the tree's nodes only borrow them */
}

/* Services that share an address, in the order of the files. */
static void claims_check(struct overlaps *o, const struct claim *claims,
			 size_t n)
{
	struct range *r, **node;
	void *tree = NULL;
	size_t i;

	if (n < 2)
		return;
	o->n = 0;
	for (i = 0; i < n; i++)
		ranges_add(o, claims[i].service);
	for (i = 0; i < o->n; i++) {
		r = &o->ranges[i];
		node = tsearch(r, &tree, range_cmp);
		if (!node)
			xoutofmemory();
		if (*node != r)
			overlap_report(o, claims->addr, *node, r);
	}
	tdestroy(tree, range_keep);
}

void overlaps_check(const struct conf_service *services, size_t n,
		    const struct doc *doc, struct report *report)
{
	struct overlaps o = { .services = services,
			      .doc = doc,
			      .report = report };
	struct claim *claims = NULL;
	size_t nclaims = 0, capclaims = 0, i, k, from;

	for (i = 0; i < n; i++) {
		for (k = 0; k < services[i].naddrs; k++)
			*VEC_PUSH(claims, nclaims, capclaims) =
			    (struct claim){ &services[i].addrs[k],
					    (uint32_t)i };
	}
	o.accused = xcalloc(n, sizeof(*o.accused));
	if (nclaims)
		qsort(claims, nclaims, sizeof(*claims), claim_cmp);
	for (from = 0; from < nclaims; from = i) {
		for (i = from + 1; i < nclaims; i++) {
			if (addr_cmp(claims[i].addr, claims[from].addr))
				break;
		}
		claims_check(&o, claims + from, i - from);
	}
	free(claims);
	free(o.accused);
	free(o.ranges);
}
