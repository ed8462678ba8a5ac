/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The draft as a file of ours. What our daemon would refuse is written as a
 * comment, with a note that says why.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/draft.h"
#include "lib/xalloc.h"

#define NAME_MAX_LEN 64

/* ---- names */

/* "tcp-192.0.2.10-80"; of IPv6 addresses the colons become dashes. */
static char *service_name(struct draft *d, const struct draft_service *s)
{
	char addr[ADDR_STRLEN], name[NAME_MAX_LEN + 16], port[8] = "any";
	size_t len, again = 1;

	addr_format(&s->addrs[0], addr);
	for (char *p = addr; *p; p++)
		if (*p == ':')
			*p = '-';
	if (s->port)
		snprintf(port, sizeof(port), "%u", s->port);
	len = (size_t)snprintf(name, NAME_MAX_LEN, "%s-%s-%s", s->protocol,
			       addr, port);
	for (size_t i = 0; i < d->nnames; i++) {
		if (strcmp(d->names[i], name) != 0)
			continue;
		snprintf(name + len, sizeof(name) - len, "-%zu", ++again);
		i = (size_t)-1; /* from the first */
	}
	return *VEC_PUSH(d->names, d->nnames, d->capnames) = xstrdup(name);
}

static void backend_name(const struct draft_backend *b, char name[NAME_MAX_LEN])
{
	char addr[ADDR_STRLEN];

	addr_format(&b->addr, addr);
	for (char *p = addr; *p; p++)
		if (*p == ':')
			*p = '-';
	if (b->port)
		snprintf(name, NAME_MAX_LEN, "%s%s-%u",
			 b->sorry ? "sorry-" : "", addr, b->port);
	else
		snprintf(name, NAME_MAX_LEN, "%s%s", b->sorry ? "sorry-" : "",
			 addr);
}

/* ---- what our daemon would refuse */

static bool is_odd(const struct addr *a)
{
	static const uint8_t none[16];

	if (addr_is_loopback(a) || !memcmp(a->ip, none, addr_len(a)))
		return true;
	if (a->family == AF_INET)
		return a->ip[0] >= 224 || a->ip[0] == 0 || a->ip[0] == 127 ||
		       (a->ip[0] == 169 && a->ip[1] == 254);
	return a->ip[0] == 0xff ||
	       (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80);
}

static const char *backend_problem(const struct draft_service *s,
				   const struct draft_backend *b)
{
	if (b->addr.family != s->addrs[0].family)
		return "a server of the other family than the service's "
		       "address; give the service one of that family, or the "
		       "server another";
	if (is_odd(&b->addr))
		return "no server can be reached at this address through the "
		       "gateway";
	for (const struct draft_backend *o = s->backends; o < b; o++)
		if (addr_cmp(&o->addr, &b->addr) == 0 && o->port == b->port)
			return "the service has this server already";
	return NULL;
}

static bool overlaps(const struct draft_service *a,
		     const struct draft_service *b)
{
	if (strcmp(a->protocol, b->protocol) != 0 ||
	    (a->port != b->port && a->port && b->port))
		return false;
	for (size_t i = 0; i < a->naddrs; i++)
		for (size_t j = 0; j < b->naddrs; j++)
			if (addr_cmp(&a->addrs[i], &b->addrs[j]) == 0)
				return true;
	return false;
}

static bool has_server(const struct draft_service *s)
{
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].addr.family == s->addrs[0].family)
			return true;
	return false;
}

static const char *service_problem(const struct draft *d,
				   const struct draft_service *s)
{
	if (s->naddrs == 0)
		return "no address: services are addresses and ports here";
	for (size_t i = 0; i < s->naddrs; i++)
		if (is_odd(&s->addrs[i]))
			return "not an address that clients could reach";
	if (s->nbackends > 0 && !has_server(s))
		return "no server of the family of its addresses";
	for (const struct draft_service *o = d->services; o < s; o++)
		if (overlaps(o, s))
			return "an address and port of this one belong to an "
			       "earlier one as well; services may not overlap "
			       "here";
	return NULL;
}

/* ---- modes that track nothing */

static void no_tracking(struct draft *d, struct draft_service *s)
{
	const char *scheduler = draft_get(&s->keys, "scheduler");

	if (s->method == DRAFT_NAT)
		return;
	if (!strcmp(s->protocol, "sctp")) {
		draft_note(d, &s->notes, s->origin,
			   "SCTP has mode = dnat only here");
		s->method = DRAFT_NAT;
		return;
	}
	draft_set(&s->keys, "interface", "eth0");
	draft_note(d, &s->notes, s->origin,
		   "interface: name the one that clients' packets come in by "
		   "(eth0 is a guess)");
	if (draft_get(&s->keys, "persist")) {
		draft_drop(&s->keys, "persist");
		draft_set(&s->keys, "scheduler", "source-hash");
		draft_note(d, &s->notes, s->origin,
			   "persistence has no equivalent in this mode; "
			   "source-hash keeps clients instead");
	} else if (scheduler && !strcmp(scheduler, "least-connections")) {
		draft_set(&s->keys, "scheduler", "weighted");
		draft_note(d, &s->notes, s->origin,
			   "nobody counts connections in this mode: "
			   "scheduler = weighted");
	}
	for (size_t i = 0; i < s->nbackends; i++) {
		struct draft_backend *b = &s->backends[i];

		if (b->port && b->port != s->port)
			draft_note(d, &s->notes, b->origin,
				   "this mode does not change ports: %u is "
				   "left out",
				   b->port);
		b->port = 0;
		draft_drop(&b->options, "max-connections");
	}
}

/* ---- sections */

static void write_check(const struct draft_check *c, struct buf *out)
{
	buf_printf(out, "\n[check %s]\n", c->name);
	for (size_t i = 0; i < c->keys.n; i++)
		buf_printf(out, "%s = %s\n", c->keys.list[i].key,
			   c->keys.list[i].value);
}

/* Where all servers have the same checks they are the service's. */
static void share_checks(struct draft_service *s)
{
	const char *first = NULL, *other;

	for (size_t i = 0; i < s->nbackends; i++) {
		other = draft_get(&s->backends[i].options, "check");
		if (s->backends[i].sorry)
			continue;
		if (!other || (first && strcmp(first, other) != 0))
			return;
		first = other;
	}
	if (!first)
		return;
	draft_set(&s->keys, "check", "%s", first);
	for (size_t i = 0; i < s->nbackends; i++)
		if (s->backends[i].sorry)
			draft_set(&s->backends[i].options, "check", "none");
		else
			draft_drop(&s->backends[i].options, "check");
}

static void write_backend(const struct draft_backend *b, struct buf *out)
{
	char name[NAME_MAX_LEN], text[ENDPOINT_STRLEN];

	backend_name(b, name);
	if (b->port)
		endpoint_format(&b->addr, b->port, text);
	else
		addr_format(&b->addr, text);
	buf_printf(out, "backend.%s = %s", name, text);
	for (size_t i = 0; i < b->options.n; i++) {
		const struct draft_pair *p = &b->options.list[i];

		buf_printf(out, " %s%s%s", p->key, p->value[0] ? "=" : "",
			   p->value);
	}
	buf_append(out, "\n", 1);
}

static void write_keys(const struct draft_service *s, struct buf *out)
{
	static const char *const modes[] = { "dnat", "dsr", "ipip" };
	char text[ADDR_STRLEN];

	buf_printf(out, "address = ");
	for (size_t i = 0; i < s->naddrs; i++)
		buf_printf(out, "%s%s", i ? ", " : "",
			   addr_format(&s->addrs[i], text));
	buf_printf(out, "\nprotocol = %s\n", s->protocol);
	if (s->port)
		buf_printf(out, "port = %u\n", s->port);
	else
		buf_printf(out, "port = any\n");
	buf_printf(out, "mode = %s\n", modes[s->method]);
	for (size_t i = 0; i < s->keys.n; i++)
		buf_printf(out, "%s = %s\n", s->keys.list[i].key,
			   s->keys.list[i].value);
}

/* Every line becomes a comment. */
static void append_commented(struct buf *out, const char *text)
{
	for (; *text; text += *text == '\n') {
		size_t len = strcspn(text, "\n");

		buf_printf(out, text[0] == ';' ? "%.*s\n" : "; %.*s\n",
			   (int)len, text);
		text += len;
	}
}

static void write_service(struct draft *d, struct draft_service *s)
{
	const char *problem = service_problem(d, s), *bad;
	struct buf body = { 0 }, *out = &d->out->text;

	buf_printf(out, "\n; %s (%s)\n", s->title, s->origin);
	if (problem)
		draft_note(d, &s->notes, s->origin, "%s: %s", s->title,
			   problem);
	else
		no_tracking(d, s);
	if (s->naddrs > 0) {
		share_checks(s);
		buf_printf(&body, "[service %s]\n", service_name(d, s));
		write_keys(s, &body);
	}
	for (size_t i = 0; i < s->nbackends && s->naddrs > 0; i++) {
		bad = backend_problem(s, &s->backends[i]);
		if (bad && !problem)
			draft_note(d, &s->notes, s->backends[i].origin, "%s",
				   bad);
		buf_printf(&body, "%s", bad ? "; " : "");
		write_backend(&s->backends[i], &body);
		d->out->backends += !bad && !problem;
	}
	if (s->notes.data)
		buf_append(out, s->notes.data, s->notes.len);
	if (problem && body.data)
		append_commented(out, body.data);
	else if (body.data)
		buf_append(out, body.data, body.len);
	d->out->services += !problem;
	buf_free(&body);
}

static void service_free(struct draft_service *s)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		free(s->backends[i].origin);
		draft_keys_free(&s->backends[i].options);
	}
	free(s->backends);
	free(s->addrs);
	free(s->origin);
	free(s->title);
	draft_keys_free(&s->keys);
	buf_free(&s->notes);
}

/* Tunnels begin at an address of the gateway, which nobody said. */
static void write_tunnels(struct draft *d)
{
	const char *sep = "\n[global]\ntunnel-source = ";
	bool v4 = false, v6 = false;

	for (size_t i = 0; i < d->nservices; i++) {
		const struct draft_service *s = &d->services[i];

		if (s->method != DRAFT_TUNNEL || s->naddrs == 0)
			continue;
		v4 |= s->addrs[0].family == AF_INET;
		v6 |= s->addrs[0].family == AF_INET6;
	}
	if (!v4 && !v6)
		return;
	draft_note(d, &d->out->text, "[global]",
		   "tunnel-source: say the gateway's own addresses");
	buf_printf(&d->out->text, "%s%s%s%s\n", sep, v4 ? "192.0.2.1" : "",
		   v4 && v6 ? ", " : "", v6 ? "2001:db8::1" : "");
}

void draft_write(struct draft *d, const char *program)
{
	buf_printf(&d->out->text,
		   "; made from a configuration of %s by nftlbctl import; "
		   "check it: nftlbd -t -c FILE\n",
		   program);
	if (d->head.data)
		buf_append(&d->out->text, d->head.data, d->head.len);
	write_tunnels(d);
	for (size_t i = 0; i < d->nchecks; i++)
		write_check(&d->checks[i], &d->out->text);
	d->out->checks = d->nchecks;
	for (size_t i = 0; i < d->nservices; i++)
		write_service(d, &d->services[i]);
	for (size_t i = 0; i < d->nservices; i++)
		service_free(&d->services[i]);
	for (size_t i = 0; i < d->nchecks; i++) {
		free(d->checks[i].name);
		draft_keys_free(&d->checks[i].keys);
	}
	for (size_t i = 0; i < d->nnames; i++)
		free(d->names[i]);
	free(d->services);
	free(d->checks);
	free(d->names);
	buf_free(&d->head);
}
