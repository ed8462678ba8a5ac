/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `ipvsadm -S -n` prints: each line is the command that would make it.
 *   -A -t 192.0.2.10:80 -s wlc -p 300 -M 255.255.255.0
 *   -a -t 192.0.2.10:80 -r 10.0.0.11:8080 -m -w 2 -x 100
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/draft.h"
#include "import/targets.h"
#include "import/tree.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

struct reading {
	struct draft *d;
	const struct tree_node *line;
	struct draft_service *s; /* the last -A */
	char subject[80]; /* "-t 192.0.2.10:80", to be told again by -a */
};

static void note(struct reading *r, const char *what, const char *why)
{
	struct buf *to = r->s ? &r->s->notes : &r->d->head;
	char text[120];

	if (*what)
		draft_note(r->d, to, r->line->where, "%s: %s", what, why);
	else
		draft_note(r->d, to, r->line->where, "%s: %s",
			   tree_join(r->line, 0, text, sizeof(text)), why);
}

/* "10.0.0.11:8080", "[2001:db8::1]:80", "192.0.2.10" */
static bool endpoint(const char *text, struct addr *a, uint16_t *port)
{
	size_t n = strlen(text);
	char copy[80];

	*port = 0;
	if (addr_parse(text, a) == 0 || endpoint_parse(text, a, port) == 0)
		return true;
	/* port 0, as -S writes any */
	if (n < 3 || n >= sizeof(copy) || strcmp(text + n - 2, ":0") != 0)
		return false;
	snprintf(copy, sizeof(copy), "%.*s", (int)(n - 2), text);
	if (copy[0] == '[' && copy[n - 3] == ']') {
		copy[n - 3] = '\0';
		return addr_parse(copy + 1, a) == 0;
	}
	return addr_parse(copy, a) == 0;
}

/* The value of an option in short or long form; NULL: there is none. */
static const char *option(const struct tree_node *line, const char *brief,
			  const char *full)
{
	for (size_t i = 0; i + 1 < line->n; i++)
		if (!strcmp(line->words[i], brief) ||
		    !strcmp(line->words[i], full))
			return line->words[i + 1];
	return NULL;
}

static bool has(const struct tree_node *line, const char *brief,
		const char *full)
{
	for (size_t i = 0; i < line->n; i++)
		if (!strcmp(line->words[i], brief) ||
		    !strcmp(line->words[i], full))
			return true;
	return false;
}

/* ---- whose line it is */

static const struct {
	const char *brief, *full, *protocol;
} subjects[] = {
	{ "-t", "--tcp-service", "tcp" },
	{ "-u", "--udp-service", "udp" },
	{ "--sctp-service", "--sctp-service", "sctp" },
};

static const char *subject_of(const struct tree_node *line,
			      const char **protocol)
{
	const char *text;

	for (size_t i = 0; i < 3; i++) {
		text = option(line, subjects[i].brief, subjects[i].full);
		if (!text)
			continue;
		*protocol = subjects[i].protocol;
		return text;
	}
	return NULL;
}

/* ---- -A */

static void persist(struct reading *r)
{
	const char *seconds = option(r->line, "-p", "--persistent");
	const char *mask = option(r->line, "-M", "--netmask");
	uint32_t s = 360;

	if (!has(r->line, "-p", "--persistent"))
		return;
	if (seconds)
		parse_number(seconds, 1, 2592000, &s);
	if (!targets_persist(r->s, s, mask))
		note(r, mask, "no mask that is a prefix length");
}

static void flags(struct reading *r)
{
	const char *text = option(r->line, "-b", "--sched-flags");

	if (text && strstr(text, "port"))
		draft_set(&r->s->keys, "hash-key", "source-port");
	if (has(r->line, "-o", "--ops"))
		note(r, "--ops", "mode = stateless does that, for UDP and TCP");
	if (has(r->line, "--pe", "--pe"))
		note(r, "--pe", "clients are told apart by addresses");
}

static void add_service(struct reading *r)
{
	const char *protocol = "tcp", *text = subject_of(r->line, &protocol);
	const char *scheduler = option(r->line, "-s", "--scheduler"), *why;
	struct addr a;
	uint16_t port;

	r->s = NULL;
	r->subject[0] = '\0';
	if (!text || !endpoint(text, &a, &port)) {
		note(r, "",
		     has(r->line, "-f", "--fwmark-service")
			 ? "services are addresses and ports here: say "
			   "those that get the mark"
			 : "no address and port");
		return;
	}
	r->s = draft_service(r->d);
	r->s->origin = xstrdup(r->line->where);
	r->s->title = xasprintf("ipvsadm, %s", protocol);
	r->s->protocol = protocol;
	r->s->port = port;
	draft_address(r->s, &a);
	snprintf(r->subject, sizeof(r->subject), "%s %s", protocol, text);
	why = targets_scheduler(&r->s->keys, scheduler ? scheduler : "wlc");
	if (why)
		note(r, scheduler, why);
	persist(r);
	flags(r);
	targets_finish(r->s);
}

/* ---- -a */

static void method(struct reading *r)
{
	enum draft_method m = DRAFT_DIRECT; /* ipvsadm's default */

	if (has(r->line, "-m", "--masquerading"))
		m = DRAFT_NAT;
	else if (has(r->line, "-i", "--ipip"))
		m = DRAFT_TUNNEL;
	if (r->s->nbackends == 0)
		r->s->method = m;
	else if (r->s->method != m)
		note(r, "",
		     "a service has one mode for all its backends; "
		     "that of the first is taken");
	if (has(r->line, "--tun-type", "--tun-type") &&
	    strcmp(option(r->line, "--tun-type", "--tun-type"), "ipip") != 0)
		note(r, "--tun-type", "tunnels are IPIP (or IPv6) here");
}

static void add_server(struct reading *r)
{
	const char *protocol = "", *text = subject_of(r->line, &protocol);
	const char *server = option(r->line, "-r", "--real-server");
	const char *weight = option(r->line, "-w", "--weight");
	const char *most = option(r->line, "-x", "--u-threshold");
	const char *least = option(r->line, "-y", "--l-threshold");
	struct draft_backend *b;
	char subject[80];
	struct addr a;
	uint16_t port;
	uint32_t n;

	snprintf(subject, sizeof(subject), "%s %s", protocol, text ? text : "");
	if (!r->s || strcmp(subject, r->subject) != 0 || !server ||
	    !endpoint(server, &a, &port)) {
		note(r, "", "of no service that is taken");
		return;
	}
	method(r);
	b = draft_backend(r->s);
	b->addr = a;
	b->port = port;
	b->origin = xstrdup(r->line->where);
	if (weight && parse_number(weight, 0, 65535, &n) == 0 && n != 1)
		draft_set(&b->options, "weight", "%u", n);
	if (most && parse_number(most, 1, 1000000, &n) == 0)
		draft_set(&b->options, "max-connections", "%u", n);
	if (least && strcmp(least, "0") != 0)
		note(r, "-y",
		     "a full backend takes new connections as soon "
		     "as one ends");
}

/* ---- the text */

static void line_take(struct reading *r)
{
	const struct tree_node *n = r->line;

	if (has(n, "-A", "--add-service"))
		add_service(r);
	else if (has(n, "-a", "--add-server"))
		add_server(r);
	else if (!has(n, "-C", "--clear"))
		note(r, "",
		     has(n, "--start-daemon", "--start-daemon")
			 ? "gateways share no connections by "
			   "themselves: conntrackd does that"
			 : "not known to the import");
}

void import_ipvsadm(const char *name, const char *text, size_t len,
		    const struct import_reader *reader, struct import *out)
{
	struct draft d = { .out = out };
	struct reading r = { .d = &d };
	struct tree t = { 0 };

	tree_read(&t, name, text, len, NULL, NULL);
	for (size_t i = 0; i < t.n; i++) {
		r.line = &t.nodes[i];
		line_take(&r);
	}
	if (t.cut)
		draft_note(&d, &d.head, name, "not read to its end");
	if (d.nservices)
		draft_note(&d, &d.head, name,
			   "IPVS has no health checks: add check = NAME to the "
			   "services");
	draft_write(&d, "ipvsadm");
	tree_free(&t);
}
