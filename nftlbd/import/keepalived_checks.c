/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalived's checkers as [check] sections. Its defaults are not ours: what
 * was not said there is said here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/text.h"
#include "import/keepalived.h"
#include "lib/xalloc.h"

#define URLS_MAX 8

struct checker {
	struct ka *k;
	struct buf *notes;
	size_t node;
	struct ka_pace pace;
	struct draft_keys keys;
	struct draft_backend *b;
	bool https;
};

/* ---- what a text may be */

static void set_text(struct checker *c, size_t node, const char *key,
		     const char *text, const char *(*problem)(const char *))
{
	const char *bad = !*text ? "empty" : problem ? problem(text) : NULL;
	char why[160];

	if (!bad && draft_set(&c->keys, key, "%s", text))
		return;
	snprintf(why, sizeof(why), "%s cannot be this here (%s)", key,
		 bad ? bad : "no file of ours could hold it");
	ka_note(c->k, c->notes, node, why);
}

static void set_port(struct checker *c, size_t node)
{
	double n;

	if (!ka_number(c->k, c->notes, node, &n))
		return;
	if (n >= 1 && n <= 65535 && n != c->b->port)
		draft_set(&c->keys, "port", "%.0f", n);
}

static void set_address(struct checker *c, size_t node)
{
	struct addr a;
	char text[ADDR_STRLEN];

	if (addr_parse(ka_word(c->k, node, 1), &a) < 0 ||
	    a.family != c->b->addr.family) {
		ka_note(c->k, c->notes, node, "no address of that family");
		return;
	}
	if (addr_cmp(&a, &c->b->addr) != 0)
		draft_set(&c->b->options, "check-address", "%s",
			  addr_format(&a, text));
}

static void set_source(struct checker *c, size_t node)
{
	struct addr a;
	char text[ADDR_STRLEN];

	if (addr_parse(ka_word(c->k, node, 1), &a) < 0)
		ka_note(c->k, c->notes, node, "no address");
	else
		draft_set(&c->keys, "source-address", "%s",
			  addr_format(&a, text));
}

static void set_command(struct checker *c, size_t node)
{
	const struct tree_node *n = &c->k->t->nodes[node];
	char text[1024];

	tree_join(n, 1, text, sizeof(text));
	if (text[0] != '/' || strchr(text, '{') || strchr(text, '\\') ||
	    strlen(text) > 500)
		ka_note(c->k, c->notes, node,
			"a command is an absolute path with arguments here");
	else
		set_text(c, node, "command", text, NULL);
}

static void set_user(struct checker *c, size_t node)
{
	ka_note(c->k, c->notes, node,
		"all scripts run as [global] script-user");
}

static void set_timeout(struct checker *c, size_t node)
{
	ka_number(c->k, c->notes, node, &c->pace.connect_timeout);
}

static void set_send(struct checker *c, size_t node)
{
	char text[512];

	tree_join(&c->k->t->nodes[node], 1, text, sizeof(text));
	set_text(c, node, "send", text, send_problem);
}

static void set_query(struct checker *c, size_t node)
{
	set_text(c, node, "query", ka_word(c->k, node, 1), dns_name_problem);
}

static void set_query_type(struct checker *c, size_t node)
{
	set_text(c, node, "query-type", ka_word(c->k, node, 1),
		 dns_type_problem);
}

static void set_version(struct checker *c, size_t node)
{
	if (!strncmp(ka_word(c->k, node, 1), "1.0", 3))
		draft_set(&c->keys, "http-version", "1.0");
}

static void set_interface(struct checker *c, size_t node)
{
	if (strlen(ka_word(c->k, node, 1)) > 15)
		ka_note(c->k, c->notes, node, "too long for an interface");
	else
		set_text(c, node, "interface", ka_word(c->k, node, 1), NULL);
}

/* ---- the words of checkers */

enum { TCP = 1, HTTP = 2, DNS = 4, MISC = 8, UDP = 16, PING = 32, SMTP = 64 };

#define ALL (TCP | HTTP | DNS | UDP | PING | SMTP)

static const struct row {
	const char *word;
	unsigned int of; /* in which kinds */
	void (*take)(struct checker *c, size_t node);
	const char *why; /* no equivalent; NULL: it means nothing here */
} rows[] = {
	{ "connect_port", TCP | HTTP | DNS | UDP | SMTP, set_port, NULL },
	{ "connect_ip", ALL, set_address, NULL },
	{ "bindto", ALL, set_source, NULL },
	{ "bind_if", ALL, set_interface, NULL },
	{ "bind_port", ALL, NULL, "probes take any free source port" },
	{ "fwmark", ALL, NULL, "probes have no mark" },
	{ "warmup", ALL | MISC, NULL, NULL },
	{ "log_all_failures", ALL | MISC, NULL, NULL },
	{ "fast_recovery", HTTP, NULL, NULL },
	{ "http_protocol", HTTP, set_version, NULL },
	{ "enable_sni", HTTP, NULL, NULL },
	{ "nb_get_retry", HTTP, NULL, "the old word for retry" },
	{ "tls_compliant", HTTP, NULL, NULL },
	{ "url", HTTP, NULL, NULL }, /* below */
	{ "helo_name", SMTP, NULL,
	  "the greeting is awaited, HELO is not sent" },
	{ "host", SMTP, NULL, "one check a server; add others by hand" },
	{ "type", DNS, set_query_type, NULL },
	{ "name", DNS, set_query, NULL },
	{ "misc_path", MISC, set_command, NULL },
	{ "misc_timeout", MISC, set_timeout, NULL },
	{ "misc_dynamic", MISC, NULL,
	  "an exit status is good or bad here; a [feed] of type script, or a "
	  "check of type agent, says weights" },
	{ "user", MISC, set_user, NULL },
	{ "payload", UDP, set_send, NULL },
	{ "require_reply", UDP, NULL,
	  "the reply's pattern: write it as expect = ..." },
	{ "min_reply_length", UDP, NULL, "lengths are not looked at" },
	{ "max_reply_length", UDP, NULL, "lengths are not looked at" },
};

static void take_word(struct checker *c, unsigned int kind, size_t node)
{
	const char *word = ka_word(c->k, node, 0);

	if (ka_pace(c->k, c->notes, node, &c->pace))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].word, word) != 0 || !(rows[i].of & kind))
			continue;
		if (rows[i].take)
			rows[i].take(c, node);
		else if (rows[i].why)
			ka_note(c->k, c->notes, node, rows[i].why);
		return;
	}
	ka_note(c->k, c->notes, node, "not known to the import");
}

/* ---- pace */

static double or (double said, double otherwise)
{
	return said < 0 ? otherwise : said;
}

static void set_ms(struct draft_keys *keys, const char *key, double s,
		   double min_s, double max_s)
{
	s = s < min_s ? min_s : s > max_s ? max_s : s;
	if (s * 1000 > (double)(int)s * 1000)
		draft_set(keys, key, "%.0fms", s * 1000);
	else
		draft_set(keys, key, "%.0fs", s);
}

/* keepalived waits its delay after a probe, tries again so often after a
 * failure, and needs one success. Our timeouts are no longer than the shortest
 * interval. */
static void set_pace(struct checker *c, double retry, double again_s)
{
	const struct ka_pace *p = &c->pace;
	double interval = or (p->delay_loop, 60);
	double timeout = or (p->connect_timeout, 5);
	double again = or (p->delay_before_retry, again_s);

	retry = or (p->retry, retry);
	again = again < timeout ? timeout : again;
	interval = interval < timeout ? timeout : interval;
	set_ms(&c->keys, "interval", interval, 0.1, 3600);
	if (again < interval && retry > 0)
		set_ms(&c->keys, "fast-interval", again, 0.1, 3600);
	set_ms(&c->keys, "timeout", timeout, 0.1, 3600);
	draft_set(&c->keys, "rise", "1");
	draft_set(&c->keys, "fall", "%.0f", retry > 999 ? 1000 : retry + 1);
	if (p->alpha > 0)
		draft_set(&c->keys, "start", "down");
}

/* ---- done */

static void add_check(struct checker *c)
{
	const char *had = draft_get(&c->b->options, "check");
	char *list, *p;

	if (had) {
		const char *name = draft_check(c->k->d, &c->keys);
		size_t n = strlen(name), many = 1;

		for (p = strstr(had, name); p; p = strstr(p + 1, name))
			if ((p == had || p[-1] == ',') &&
			    (p[n] == ',' || !p[n]))
				return; /* twice the same */
		for (const char *q = had; *q; q++)
			many += *q == ',';
		if (many >= URLS_MAX) {
			ka_note(c->k, c->notes, c->node,
				"eight checks are the most that a server may "
				"have");
			return;
		}
		list = xasprintf("%s,%s", had, name);
		draft_set(&c->b->options, "check", "%s", list);
		free(list);
	} else {
		draft_set(&c->b->options, "check", "%s",
			  draft_check(c->k->d, &c->keys));
	}
}

/* ---- HTTP: a check for each url */

static void url_status(struct checker *c, size_t node)
{
	char text[256];

	tree_join(&c->k->t->nodes[node], 1, text, sizeof(text));
	for (char *p = text; *p; p++)
		if (*p == ' ')
			*p = ',';
	set_text(c, node, "expect-status", text, status_problem);
}

static void take_url(struct checker *c, size_t url)
{
	const struct tree *t = c->k->t;
	const char *word;

	for (TREE_CHILDREN(n, t, url)) {
		word = ka_word(c->k, n, 0);
		if (!strcmp(word, "path"))
			set_text(c, n, "path", ka_word(c->k, n, 1),
				 path_problem);
		else if (!strcmp(word, "status_code"))
			url_status(c, n);
		else if (!strcmp(word, "virtualhost"))
			set_text(c, n, "host", ka_word(c->k, n, 1),
				 host_problem);
		else if (!strcmp(word, "regex"))
			set_text(c, n, "expect-body", ka_word(c->k, n, 1),
				 regex_problem);
		else if (!strcmp(word, "digest"))
			ka_note(c->k, c->notes, n,
				"bodies are matched by expect-body = REGEX, "
				"not by digest");
		else
			ka_note(c->k, c->notes, n, "not known to the import");
	}
}

static void http_url(struct checker *c, size_t url)
{
	struct checker one = *c;

	one.keys = (struct draft_keys){ 0 };
	for (size_t i = 0; i < c->keys.n; i++)
		draft_set(&one.keys, c->keys.list[i].key, "%s",
			  c->keys.list[i].value);
	draft_set(&one.keys, "expect-status", "200-299");
	if (c->https) /* keepalived does not look at certificates */
		draft_set(&one.keys, "tls-verify", "no");
	if (c->pace.virtualhost)
		set_text(&one, url, "host", c->pace.virtualhost, host_problem);
	if (url)
		take_url(&one, url);
	add_check(&one);
	draft_keys_free(&one.keys);
}

static void http_done(struct checker *c)
{
	bool any = false;

	for (TREE_CHILDREN(n, c->k->t, c->node)) {
		if (strcmp(ka_word(c->k, n, 0), "url") != 0)
			continue;
		http_url(c, n);
		any = true;
	}
	if (!any)
		http_url(c, 0);
}

/* ---- kinds */

static void smtp_done(struct checker *c)
{
	draft_set(&c->keys, "expect", "220");
	if (!draft_get(&c->keys, "port") && c->b->port != 25)
		draft_set(&c->keys, "port", "25");
	add_check(c);
}

static void misc_done(struct checker *c)
{
	if (draft_get(&c->keys, "command"))
		add_check(c);
}

static void dns_done(struct checker *c)
{
	if (!draft_get(&c->keys, "query"))
		draft_set(&c->keys, "query", ".");
	if (!draft_get(&c->keys, "query-type"))
		draft_set(&c->keys, "query-type", "SOA");
	add_check(c);
}

static const struct kind {
	const char *word, *type;
	unsigned int bit;
	double retry, again_s; /* keepalived's defaults; <0: delay_loop */
	void (*done)(struct checker *c);
} kinds[] = {
	{ "TCP_CHECK", "tcp", TCP, 1, 1, add_check },
	{ "HTTP_GET", "http", HTTP, 1, 3, http_done },
	{ "SSL_GET", "https", HTTP, 1, 3, http_done },
	{ "SMTP_CHECK", "tcp", SMTP, 1, 1, smtp_done },
	{ "DNS_CHECK", "dns", DNS, 3, 60, dns_done },
	{ "MISC_CHECK", "script", MISC, 0, 1, misc_done },
	{ "UDP_CHECK", "udp", UDP, 1, 1, add_check },
	{ "PING_CHECK", "icmp", PING, 1, 1, add_check },
};

bool ka_checker(struct ka *k, struct buf *notes, size_t node,
		const struct ka_pace *inherited, struct draft_backend *b)
{
	const char *word = ka_word(k, node, 0);
	const struct kind *kind = NULL;
	struct checker c = {
		.k = k, .notes = notes, .node = node, .pace = *inherited, .b = b
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].word, word))
			kind = &kinds[i];
	if (!kind)
		return false;
	c.https = !strcmp(kind->type, "https");
	draft_set(&c.keys, "type", "%s", kind->type);
	for (TREE_CHILDREN(n, k->t, node))
		take_word(&c, kind->bit, n);
	set_pace(&c, kind->retry, kind->again_s);
	kind->done(&c);
	draft_keys_free(&c.keys);
	return true;
}
