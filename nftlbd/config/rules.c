/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules around a service: what must hold between their keys, and what
 * backends get of them. A key that would do nothing is refused where it is said
 * for this service, and forgotten where [defaults] said it for all.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/service.h"
#include "config/values.h"

/* ---- keys that the mode has no use for */

/* The default of a key, or nothing where it has none. */
static void key_forget(struct service_draft *d, const struct conf_key *key)
{
	const char *problem;

	if (key->fallback)
		value_read(key, key->fallback, d, &problem);
	else if (key->kind == VALUE_REF)
		d->pool = NULL;
	else if (key->kind == VALUE_GROUP)
		d->persist_group = NULL;
	else if (key->kind == VALUE_DEVICES)
		d->interfaces = NULL;
}

static void backends_useless(struct look *l)
{
	const struct conf_key *key = key_find(IN_SERVICE, "backend.NAME");
	char modes[MODES_TEXT];

	if (key_fits(key, l->draft->conf.mode))
		return;
	for (size_t i = 0; i < l->r->own.n; i++) {
		const struct backend_draft *b = &l->r->own.list[i];
		char name[80];

		snprintf(name, sizeof(name), "backend.%s", b->name);
		look_useless(l, b->where, name,
			     key_modes(key, modes, sizeof(modes)));
	}
	l->r->own.n = 0;
}

/* Options of its own backends; those of pools are for other services, too. */
static void options_useless(struct look *l)
{
	const struct conf_key *key;
	char modes[MODES_TEXT], text[160];

	for (size_t k = 0; (key = key_at(k)); k++) {
		if (!(key->places & IN_BACKEND) ||
		    key_fits(key, l->draft->conf.mode))
			continue;
		for (size_t i = 0; i < l->r->own.n; i++) {
			const struct backend_draft *b = &l->r->own.list[i];

			if (!(b->said & UINT64_C(1) << key_number(key)))
				continue;
			snprintf(text, sizeof(text), "backend.%s %s", b->name,
				 key->name);
			look_useless(l, b->where, text,
				     key_modes(key, modes, sizeof(modes)));
		}
	}
}

static bool filter_said(const struct look *l, const struct conf_key *key)
{
	const struct service_draft *d = l->draft;

	return (!strcmp(key->name, "allow") && d->allow && *d->allow) ||
	       (!strcmp(key->name, "deny") && d->deny && *d->deny);
}

void mode_judge(struct look *l)
{
	enum rs_mode mode = l->draft->conf.mode;
	const struct conf_key *key;
	char modes[MODES_TEXT];

	for (size_t i = 0; (key = key_at(i)); i++) {
		if (key_fits(key, mode) || key->named ||
		    !(key->places & IN_SERVICE))
			continue;
		/* nobody gets in because a line was not looked at */
		if ((look_said_here(l, key->name) || filter_said(l, key)) &&
		    !(key->kind == VALUE_SOURCE && mode != RS_LOCAL &&
		      !l->draft->conf.source4.family &&
		      !l->draft->conf.source6.family))
			look_useless(l, look_said(l, key->name), key->name,
				     key_modes(key, modes, sizeof(modes)));
		key_forget(l->draft, key);
	}
	backends_useless(l);
	options_useless(l);
}

static bool qos_any(const struct rs_qos *q)
{
	return q->packet.mask || q->conntrack.mask || q->has_dscp ||
	       q->priority;
}

/* ---- limits */

/* A burst of what is not limited; without a burst it is the rate. */
static void burst_judge(struct look *l, struct rs_rate *rate, const char *key,
			const char *burst)
{
	char allowed[64];

	snprintf(allowed, sizeof(allowed), "with %s above 0", key);
	if (!rate->rate && look_said_here(l, burst))
		look_useless(l, look_said(l, burst), burst, allowed);
	if (!rate->rate)
		rate->burst = 0;
	else if (!rate->burst)
		rate->burst = rate->rate;
}

static bool has_proto(const struct conf_service *s, uint8_t proto)
{
	for (size_t i = 0; i < s->nprotos; i++) {
		if (s->protos[i] == proto)
			return true;
	}
	return false;
}

static void limits_judge(struct look *l)
{
	struct conf_service *s = &l->draft->conf;

	if (rs_is_direct(s->mode)) { /* mode_judge() has said so already */
		s->limits.fresh = s->limits.rst = (struct rs_rate){ 0 };
		return;
	}
	if (s->limits.rst.rate && !has_proto(s, IPPROTO_TCP)) {
		if (look_said_here(l, "limit-rst"))
			look_useless(l, look_said(l, "limit-rst"), "limit-rst",
				     "with tcp among the protocols");
		s->limits.rst = (struct rs_rate){ 0 };
	}
	burst_judge(l, &s->limits.fresh, "limit-new-per-source",
		    "limit-new-burst");
	burst_judge(l, &s->limits.rst, "limit-rst", "limit-rst-burst");
}

/* ---- helpers */

static const struct {
	uint8_t protos[2];
	const char *allowed;
} helpers[] = {
	[RS_HELPER_NONE] = { { 0 }, NULL },
	[RS_HELPER_FTP] = { { IPPROTO_TCP }, "ftp with protocol = tcp" },
	[RS_HELPER_TFTP] = { { IPPROTO_UDP }, "tftp with protocol = udp" },
	[RS_HELPER_SIP] = { { IPPROTO_UDP, IPPROTO_TCP },
			    "sip with protocol = udp or tcp" },
	[RS_HELPER_PPTP] = { { IPPROTO_TCP }, "pptp with protocol = tcp" },
};

static void helper_judge(struct look *l)
{
	struct conf_service *s = &l->draft->conf;
	const uint8_t *fits = helpers[s->helper].protos;

	if (s->helper == RS_HELPER_NONE || has_proto(s, fits[0]) ||
	    (fits[1] && has_proto(s, fits[1])))
		return;
	if (look_said_here(l, "helper"))
		look_refuse(l, "helper", word_text(rs_helper_words, s->helper),
			    "not for the service's protocols",
			    helpers[s->helper].allowed);
	s->helper = RS_HELPER_NONE;
}

/* ---- how much that is */

/* Counters, marks and pins have an element of a map for each combination of
 * these; the kernel would take more, but not in the time of a commit. */
static void size_judge(struct look *l)
{
	const struct conf_service *s = &l->draft->conf;
	uint64_t n = (uint64_t)s->naddrs * s->nprotos, each = l->r->npins;
	bool flows = s->counters || qos_any(&s->qos);
	char found[64];

	for (size_t i = 0; i < l->backends->n && !flows; i++)
		flows = qos_any(&l->backends->list[i].qos);
	if (flows)
		each += l->backends->n + 1;
	n *= each * (s->nports ? s->nports : 1);
	if (n <= SETS_MAX)
		return;
	snprintf(found, sizeof(found), "%llu combinations",
		 (unsigned long long)n);
	look_refuse(l, "port", found, "too many",
		    "up to 1048576 combinations of addresses, protocols and "
		    "ports with pins, and with backends that have counters or "
		    "marks");
}

/* ---- the service, and its backends */

static void persist_judge(struct look *l)
{
	if (l->draft->conf.persist.kind == RS_PERSIST_NONE &&
	    look_said_here(l, "persist-size"))
		look_useless(l, look_said(l, "persist-size"), "persist-size",
			     "with persist other than none");
}

void rules_judge(struct look *l)
{
	limits_judge(l);
	helper_judge(l);
	/* else mode_judge() has said so already */
	if (key_fits(key_find(IN_SERVICE, "persist"), l->draft->conf.mode))
		persist_judge(l);
	group_judge(l);
	pins_judge(l);
	size_judge(l);
	offload_judge(l);
}

static bool option_said(const struct backend_draft *b, const char *option)
{
	return b->said && /* most lines have no options */
	       b->said & UINT64_C(1)
			     << key_number(key_find(IN_BACKEND, option));
}

void rules_inherit(const struct service_draft *s, const struct backend_draft *b,
		   struct conf_backend *out)
{
	out->max_connections = s->conf.max_connections;
	out->qos = s->conf.qos;
	/* of a pool, perhaps, that serves others as well */
	if (rs_is_direct(s->conf.mode))
		return;
	if (option_said(b, "max-connections"))
		out->max_connections = b->max_connections;
	if (option_said(b, "packet-mark"))
		out->qos.packet = b->qos.packet;
	if (option_said(b, "conntrack-mark"))
		out->qos.conntrack = b->qos.conntrack;
	if (option_said(b, "priority"))
		out->qos.priority = b->qos.priority;
	if (option_said(b, "dscp")) {
		out->qos.has_dscp = b->qos.has_dscp;
		out->qos.dscp = b->qos.dscp;
	}
}
