/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan for people: what happens to each service, in their words. Slot numbers
 * and ids are left out: they mean nothing to an operator, their count does.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/have.h"
#include "rulesets/plan.h"

static const char *endpoint_of(const struct elem *e, uint8_t family,
			       char buf[ENDPOINT_STRLEN])
{
	struct addr a = { .family = family };
	unsigned int len = addr_len(&a);
	uint16_t port = 0;

	if (e->map == MAP_WAYS) {
		elem_end(e, &a, &port);
		return endpoint_format(&a, port, buf);
	}
	memcpy(a.ip, e->data, len);
	if (e->map == MAP_BACKENDS)
		memcpy(&port, e->data + len, sizeof(port));
	return endpoint_format(&a, ntohs(port), buf);
}

static const struct elem *backend_named(const struct unit *u, const char *name)
{
	for (size_t i = 0; u && i < u->nelems; i++)
		if (elem_is_backend(&u->elems[i]) &&
		    !strcmp(elem_backend_name(&u->elems[i]), name))
			return &u->elems[i];
	return NULL;
}

static uint32_t slots_of(const struct unit *u, const struct elem *backend)
{
	uint32_t n = 0;

	if (!u || !backend)
		return 0;
	for (uint32_t i = 0; i < u->m; i++)
		n += u->ids[i] == elem_id(backend);
	return n;
}

static void print_share(struct buf *out, const struct unit *u,
			const struct elem *b)
{
	buf_printf(out, "%u/%u", slots_of(u, b), u ? u->m : 0);
}

static void print_backend(struct buf *out, const struct plan_unit *pu,
			  const struct elem *b)
{
	char text[ENDPOINT_STRLEN];
	const char *name = elem_backend_name(b);
	const struct elem *old = backend_named(pu->have, name);
	const struct elem *new = backend_named(pu->want, name);
	uint8_t family = pu->have ? pu->have->family : pu->want->family;

	if (old && new &&elem_id(old) == elem_id(new) &&
	    slots_of(pu->have, old) == slots_of(pu->want, new) &&
	    pu->have->m == pu->want->m)
		return;
	buf_printf(out, "  %c backend %s %s slots ",
		   !old   ? '+'
		   : !new ? '-'
			  : '~',
		   name, endpoint_of(new ? new : old, family, text));
	if (old)
		print_share(out, pu->have, old);
	if (old && new)
		buf_printf(out, " -> ");
	if (new)
		print_share(out, pu->want, new);
	buf_printf(out, "\n");
}

static void print_backends(struct buf *out, const struct plan_unit *pu)
{
	for (size_t i = 0; pu->have && i < pu->have->nelems; i++)
		if (elem_is_backend(&pu->have->elems[i]))
			print_backend(out, pu, &pu->have->elems[i]);
	for (size_t i = 0; pu->want && i < pu->want->nelems; i++) {
		const struct elem *e = &pu->want->elems[i];

		if (elem_is_backend(e) &&
		    !backend_named(pu->have, elem_backend_name(e)))
			print_backend(out, pu, e);
	}
}

static void print_key(struct buf *out, char sign, const struct elem *e,
		      uint8_t family)
{
	struct addr a = { .family = family };
	unsigned int len = addr_len(&a);
	char text[ADDR_STRLEN];
	uint16_t lo, hi = 0;

	memcpy(a.ip, e->key, len);
	memcpy(&lo, e->key + len + 4, sizeof(lo));
	if (e->key_end)
		memcpy(&hi, e->key_end + len + 4, sizeof(hi));
	buf_printf(out, "  %c address %s %s ", sign, addr_format(&a, text),
		   word_text(rs_proto_words, e->key[len]));
	if (e->map == MAP_SERVICES_ANY)
		buf_printf(out, "any port\n");
	else if (e->map == MAP_SERVICE_RANGES)
		buf_printf(out, "ports %u-%u\n", ntohs(lo), ntohs(hi));
	else
		buf_printf(out, "port %u\n", ntohs(lo));
}

static void print_keys(struct buf *out, char sign, const struct unit *from,
		       const struct unit *other)
{
	for (size_t i = 0; from && i < from->nelems; i++) {
		const struct elem *e = &from->elems[i];

		if ((e->map == MAP_SERVICES || e->map == MAP_SERVICE_RANGES ||
		     e->map == MAP_SERVICES_ANY || e->map == MAP_STATELESS ||
		     e->map == MAP_STATELESS_RANGES ||
		     e->map == MAP_STATELESS_ANY) &&
		    !unit_elem(other, e))
			print_key(out, sign, e, from->family);
	}
}

/* ---- what stands around it: chains, sets, counters, elements of other maps */

/* The two chains that every service may have say nothing by being there. */
static bool is_plain_chain(const struct unit_chain *c)
{
	return !strncmp(c->name, CHAIN_SERVICE, strlen(CHAIN_SERVICE)) ||
	       !strncmp(c->name, CHAIN_STATELESS, strlen(CHAIN_STATELESS)) ||
	       !strncmp(c->name, CHAIN_SOURCE, strlen(CHAIN_SOURCE));
}

static void print_chain(struct buf *out, const struct plan_unit *pu,
			const struct unit_chain *w)
{
	const struct unit_chain *h = unit_chain(pu->have, w->name);

	if (!h && !is_plain_chain(w))
		buf_printf(out, "  + chain %s\n", w->name);
	if (!h || chain_same(h, w))
		return;
	if (!strncmp(w->name, CHAIN_SERVICE, strlen(CHAIN_SERVICE)) &&
	    (w->nrules == 1 || pu->have->m != pu->want->m))
		buf_printf(out, "  ~ rule: %u slots -> %u slots\n", pu->have->m,
			   pu->want->m);
	else
		buf_printf(out, "  ~ chain %s: rules\n", w->name);
}

static void print_chains(struct buf *out, const struct plan_unit *pu)
{
	for (size_t i = 0; pu->have && i < pu->have->nchains; i++) {
		const struct unit_chain *h = pu->have->chains[i];

		if (!is_plain_chain(h) && !unit_chain(pu->want, h->name))
			buf_printf(out, "  - chain %s\n", h->name);
	}
	for (size_t i = 0; pu->want && i < pu->want->nchains; i++)
		print_chain(out, pu, pu->want->chains[i]);
}

static void print_sets(struct buf *out, char sign, const struct unit *from,
		       const struct unit *other)
{
	for (size_t i = 0; from && i < from->nsets; i++) {
		const struct unit_set *s = &from->sets[i];

		if (!unit_set(other, s->name))
			buf_printf(out, "  %c set %s, %u entries at most\n",
				   sign, s->name, s->form.size);
	}
}

static void print_counters(struct buf *out, char sign, const struct unit *from,
			   const struct unit *other)
{
	size_t n = 0;

	for (size_t i = 0; from && i < from->nobjs; i++)
		n += !unit_has_obj(other, from->objs[i]);
	if (n > 0)
		buf_printf(out, "  %c %zu counter%s\n", sign, n,
			   n == 1 ? "" : "s");
}

/* Those that no other line tells of. */
static bool is_other_elem(const struct elem *e)
{
	return map_forms[e->map].feature != FEATURE_NONE;
}

static void print_elems(struct buf *out, char sign, const struct unit *from,
			const struct unit *other)
{
	size_t n = 0;

	for (size_t i = 0; from && i < from->nelems; i++) {
		const struct elem *e = &from->elems[i], *o;

		if (!is_other_elem(e))
			continue;
		o = unit_elem(other, e);
		n += !o || !elem_same(o, e);
	}
	if (n > 0)
		buf_printf(out, "  %c %zu element%s\n", sign, n,
			   n == 1 ? "" : "s");
}

static void print_around(struct buf *out, const struct plan_unit *pu)
{
	print_chains(out, pu);
	print_sets(out, '-', pu->have, pu->want);
	print_sets(out, '+', pu->want, pu->have);
	print_counters(out, '-', pu->have, pu->want);
	print_counters(out, '+', pu->want, pu->have);
	print_elems(out, '-', pu->have, pu->want);
	print_elems(out, '+', pu->want, pu->have);
}

/* ---- */

static void print_unit(struct buf *out, const struct plan_unit *pu)
{
	const struct unit *u = pu->have ? pu->have : pu->want;
	const char *family = u->family == AF_INET6 ? "IPv6" : "IPv4";
	bool group = unit_is_group(u);
	const char *what = !group                         ? "service"
			   : u->name[0] == '/'            ? "persist-group"
			   : rs_table_is_netdev(u->table) ? "interface"
							  : "probes of";
	struct buf body = { 0 };

	print_keys(&body, '-', pu->have, pu->want);
	print_keys(&body, '+', pu->want, pu->have);
	print_around(&body, pu);
	print_backends(&body, pu);
	if (body.len > 0 || !pu->have || !pu->want)
		buf_printf(out, "%c %s %s (%s)\n%s",
			   !pu->have   ? '+'
			   : !pu->want ? '-'
				       : '~',
			   what, u->name + group, family,
			   body.len ? body.data : "");
	buf_free(&body);
}

static void print_devices(struct buf *out, const char *table, char sign,
			  const struct rs_devices *d)
{
	if (!d->n)
		return;
	buf_printf(out, "%c table %s: interfaces of the fast path:", sign,
		   table);
	for (uint32_t i = 0; i < d->n; i++)
		buf_printf(out, "%s%s", i ? ", " : " ", d->name[i]);
	buf_printf(out, "\n");
}

static void print_table(struct buf *out, const struct plan_table *t,
			const char *family)
{
	if (t->delete_table)
		buf_printf(out, "~ table %s is not ours in form: made anew\n",
			   family);
	else if (t->base &
		 (FEATURE_BIT(FEATURE_NONE) | FEATURE_BIT(FEATURE_AGENT)))
		buf_printf(out, "+ table %s: maps and base chains\n", family);
	else if (t->base)
		buf_printf(out, "+ table %s: more maps and base chains\n",
			   family);
	if (t->late_base.maps || t->late_base.chains || t->late_base.objs)
		buf_printf(out,
			   "- table %s: maps and base chains that nobody "
			   "needs\n",
			   family);
	for (size_t i = 0; t->strays && i < t->strays->nstray_sets; i++)
		buf_printf(out, "- set %s (%s), not ours\n",
			   t->strays->stray_sets[i], family);
	for (size_t i = 0; t->strays && i < t->strays->nstray_objs; i++)
		buf_printf(out, "- object %s (%s), not ours\n",
			   t->strays->stray_objs[i].name, family);
}

void plan_print(const struct plan *p, struct buf *out)
{
	for (unsigned int t = 0; t < RS_TABLES; t++) {
		const struct plan_table *pt = &p->tab[t];

		print_table(out, pt, rs_table_kind(t));
		if (pt->base & FEATURE_BIT(FEATURE_OFFLOAD))
			print_devices(out, rs_table_kind(t), '+',
				      &p->hooks.offload);
		print_devices(out, rs_table_kind(t), '-', &pt->off);
	}
	for (size_t i = 0; i < p->nunits; i++)
		print_unit(out, &p->units[i]);
}
