/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual servers of keepalived.conf. What each word becomes is in a row of
 * the table of its block; a word that is in none is named.
 */
#include "import/keepalived.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/targets.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

/* ---- shared with the checkers */

const char *ka_word(const struct ka *k, size_t node, size_t i)
{
	return i < k->t->nodes[node].n ? k->t->nodes[node].words[i] : "";
}

void ka_note(struct ka *k, struct buf *to, size_t node, const char *why)
{
	const struct tree_node *n = &k->t->nodes[node];
	char text[160];

	draft_note(k->d, to, n->where, "%s: %s", tree_join(n, 0, text, 120),
		   why);
}

bool ka_number(struct ka *k, struct buf *to, size_t node, double *out)
{
	const char *text = ka_word(k, node, 1);
	size_t n = strlen(text);
	char *end;
	double value;

	value = n && n < 12 && strspn(text, "0123456789.") == n
		    ? strtod(text, &end)
		    : -1;
	if (value < 0 || value > 1e6 || *end) {
		ka_note(k, to, node, "a number up to a million is expected");
		return false;
	}
	*out = value;
	return true;
}

static bool is_on(const char *word)
{
	return !*word || !strcmp(word, "true") || !strcmp(word, "on") ||
	       !strcmp(word, "yes");
}

bool ka_pace(struct ka *k, struct buf *to, size_t node, struct ka_pace *p)
{
	const struct {
		const char *word;
		double *field;
	} numbers[] = {
		{ "delay_loop", &p->delay_loop },
		{ "connect_timeout", &p->connect_timeout },
		{ "retry", &p->retry },
		{ "nb_get_retry", &p->retry },
		{ "delay_before_retry", &p->delay_before_retry },
	};
	const char *word = ka_word(k, node, 0);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!strcmp(numbers[i].word, word)) {
			ka_number(k, to, node, numbers[i].field);
			return true;
		}
	}
	if (!strcmp(word, "alpha"))
		p->alpha = is_on(ka_word(k, node, 1));
	else if (!strcmp(word, "virtualhost"))
		p->virtualhost = ka_word(k, node, 1);
	else
		return false;
	return true;
}

/* ---- a virtual server */

struct vs {
	struct ka *k;
	struct draft_service *s;
	struct ka_pace pace;
};

static void take_algo(struct vs *v, size_t node)
{
	const char *why =
	    targets_scheduler(&v->s->keys, ka_word(v->k, node, 1));

	if (why)
		ka_note(v->k, &v->s->notes, node, why);
}

static void take_kind(struct vs *v, size_t node)
{
	const char *word = ka_word(v->k, node, 1);

	if (!strcmp(word, "DR"))
		v->s->method = DRAFT_DIRECT;
	else if (!strcmp(word, "TUN"))
		v->s->method = DRAFT_TUNNEL;
	else if (strcmp(word, "NAT") != 0)
		ka_note(v->k, &v->s->notes, node, "NAT, DR or TUN; NAT taken");
	if (v->k->t->nodes[node].n > 2 &&
	    strcmp(ka_word(v->k, node, 3), "ipip") != 0)
		ka_note(v->k, &v->s->notes, node,
			"tunnels are IPIP (or IPv6) here");
}

static void take_protocol(struct vs *v, size_t node)
{
	if (!targets_protocol(v->s, ka_word(v->k, node, 1)))
		ka_note(v->k, &v->s->notes, node, "TCP, UDP or SCTP");
}

static void take_persist(struct vs *v, size_t node)
{
	double s = 360;

	if (v->k->t->nodes[node].n > 1)
		ka_number(v->k, &v->s->notes, node, &s);
	targets_persist(v->s, (unsigned int)s, NULL);
}

static void take_granularity(struct vs *v, size_t node)
{
	if (!targets_persist(v->s, 0, ka_word(v->k, node, 1)))
		ka_note(v->k, &v->s->notes, node,
			"no mask that is a prefix length");
}

static void take_quorum(struct vs *v, size_t node)
{
	double n;

	if (ka_number(v->k, &v->s->notes, node, &n) && n > 1)
		draft_set(&v->s->keys, "quorum", "%.0f", n);
}

static void take_hysteresis(struct vs *v, size_t node)
{
	double n;

	if (ka_number(v->k, &v->s->notes, node, &n) && n > 0)
		draft_set(&v->s->keys, "quorum-hysteresis", "%.0f", n);
}

static void take_port_key(struct vs *v, size_t node)
{
	draft_set(&v->s->keys, "hash-key", "source-port");
}

static bool endpoint(struct vs *v, size_t node, struct draft_backend *b)
{
	uint32_t port = 0;
	const char *text = ka_word(v->k, node, 2);

	if (addr_parse(ka_word(v->k, node, 1), &b->addr) < 0 ||
	    (*text && parse_number(text, 0, 65535, &port) < 0)) {
		ka_note(v->k, &v->s->notes, node,
			"an address and a port are expected");
		return false;
	}
	b->port = (uint16_t)port;
	b->origin = xstrdup(v->k->t->nodes[node].where);
	return true;
}

static void take_sorry(struct vs *v, size_t node)
{
	struct draft_backend b = { .sorry = true };

	if (!endpoint(v, node, &b))
		return;
	draft_set(&b.options, "backup", "%s", "");
	*draft_backend(v->s) = b;
}

/* ---- a real server */

static void real_threshold(struct vs *v, struct draft_backend *b, size_t node)
{
	double n;

	if (ka_number(v->k, &v->s->notes, node, &n) && n > 0)
		draft_set(&b->options, "max-connections", "%.0f", n);
}

static void real_weight(struct vs *v, struct draft_backend *b, size_t node)
{
	double n;

	if (!ka_number(v->k, &v->s->notes, node, &n) || n > 65535)
		return;
	if (n != 1)
		draft_set(&b->options, "weight", "%.0f", n);
}

static const char hook_why[] =
    "on-change = PROGRAM (of [global] or the service) is run at every change "
    "of state";

static const struct {
	const char *word;
	void (*take)(struct vs *v, struct draft_backend *b, size_t node);
	const char *why;
} real_rows[] = {
	{ "weight", real_weight, NULL },
	{ "uthreshold", real_threshold, NULL },
	{ "lthreshold", NULL,
	  "a full backend takes new connections as soon as one ends" },
	{ "inhibit_on_failure", NULL, NULL },
	{ "notify_up", NULL, hook_why },
	{ "notify_down", NULL, hook_why },
	{ "smtp_alert", NULL, hook_why },
	{ "lvs_method", NULL, "a service has one mode for all its backends" },
	{ "lb_kind", NULL, "a service has one mode for all its backends" },
	{ "snmp_name", NULL, NULL },
	{ "description", NULL, NULL },
	{ "log_all_failures", NULL, NULL },
	{ "warmup", NULL, NULL },
	{ "BFD_CHECK", NULL, "there is no check by BFD" },
	{ "FILE_CHECK", NULL,
	  "a check of type file knows that a file is there, not what is in "
	  "it" },
};

static void take_real_word(struct vs *v, struct draft_backend *b, size_t node,
			   struct ka_pace *pace)
{
	const char *word = ka_word(v->k, node, 0);

	for (size_t i = 0; i < sizeof(real_rows) / sizeof(real_rows[0]); i++) {
		if (strcmp(real_rows[i].word, word) != 0)
			continue;
		if (real_rows[i].take)
			real_rows[i].take(v, b, node);
		else if (real_rows[i].why)
			ka_note(v->k, &v->s->notes, node, real_rows[i].why);
		return;
	}
	if (!ka_pace(v->k, &v->s->notes, node, pace) &&
	    !ka_checker(v->k, &v->s->notes, node, pace, b))
		ka_note(v->k, &v->s->notes, node, "not known to the import");
}

static bool is_checker(const char *word)
{
	size_t n = strlen(word);

	return (n > 6 && !strcmp(word + n - 6, "_CHECK")) ||
	       !strcmp(word, "HTTP_GET") || !strcmp(word, "SSL_GET");
}

/* What checkers inherit may stand behind them: they come last. */
static void take_real(struct vs *v, size_t node)
{
	struct draft_backend b = { 0 };
	struct ka_pace pace = v->pace;

	if (!endpoint(v, node, &b))
		return;
	for (TREE_CHILDREN(n, v->k->t, node))
		if (!is_checker(ka_word(v->k, n, 0)))
			take_real_word(v, &b, n, &pace);
	for (TREE_CHILDREN(n, v->k->t, node))
		if (is_checker(ka_word(v->k, n, 0)))
			take_real_word(v, &b, n, &pace);
	*draft_backend(v->s) = b;
}

/* ---- the words of a virtual server */

static const struct {
	const char *word;
	void (*take)(struct vs *v, size_t node);
	const char *why;
} rows[] = {
	{ "lb_algo", take_algo, NULL },
	{ "lvs_sched", take_algo, NULL },
	{ "lb_kind", take_kind, NULL },
	{ "lvs_method", take_kind, NULL },
	{ "protocol", take_protocol, NULL },
	{ "persistence_timeout", take_persist, NULL },
	{ "persistence_granularity", take_granularity, NULL },
	{ "persistence_engine", NULL, "clients are told apart by addresses" },
	{ "quorum", take_quorum, NULL },
	{ "hysteresis", take_hysteresis, NULL },
	{ "sorry_server", take_sorry, NULL },
	{ "sorry_server_inhibit", NULL, NULL },
	{ "sorry_server_lvs_method", NULL,
	  "a service has one mode for all its backends" },
	{ "sh-port", take_port_key, NULL },
	{ "mh-port", take_port_key, NULL },
	{ "sh-fallback", NULL, NULL }, /* is always so here */
	{ "mh-fallback", NULL, NULL },
	{ "ops", NULL, "mode = stateless does that, for UDP and TCP" },
	{ "hashed", NULL, NULL },
	{ "omega", NULL, "the rules and their flows outlive the daemon" },
	{ "ha_suspend", NULL, "checks go on, whoever has the address" },
	{ "quorum_up", NULL, hook_why },
	{ "quorum_down", NULL, hook_why },
	{ "smtp_alert", NULL, hook_why },
	{ "inhibit_on_failure", NULL, NULL },
	{ "ip_family", NULL, NULL },
	{ "real_server", take_real, NULL },
	{ "snmp_name", NULL, NULL },
	{ "description", NULL, NULL },
	{ "log_all_failures", NULL, NULL },
	{ "warmup", NULL, NULL },
	{ "weight", NULL, "weights stand in the backends' lines" },
};

static void take_word(struct vs *v, size_t node)
{
	const char *word = ka_word(v->k, node, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].word, word) != 0)
			continue;
		if (rows[i].take)
			rows[i].take(v, node);
		else if (rows[i].why)
			ka_note(v->k, &v->s->notes, node, rows[i].why);
		return;
	}
	if (!ka_pace(v->k, &v->s->notes, node, &v->pace))
		ka_note(v->k, &v->s->notes, node, "not known to the import");
}

/* Ours is below the quorum. */
static void check_hysteresis(struct vs *v)
{
	const char *quorum = draft_get(&v->s->keys, "quorum");
	const char *by = draft_get(&v->s->keys, "quorum-hysteresis");

	if (!by || (quorum && atof(by) < atof(quorum)))
		return;
	draft_note(v->k->d, &v->s->notes, v->s->origin,
		   "hysteresis %s: not below the quorum", by);
	draft_drop(&v->s->keys, "quorum-hysteresis");
}

/* One service for the addresses of a family and a port. */
static void make_service(struct ka *k, size_t node,
			 const struct target *targets, size_t n)
{
	char title[160];
	struct vs v = { .k = k,
			.s = draft_service(k->d),
			.pace = { -1, -1, -1, -1, 0, NULL } };

	v.s->origin = xstrdup(k->t->nodes[node].where);
	tree_join(&k->t->nodes[node], 0, title, sizeof(title));
	for (char *p = title; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	v.s->title = xstrdup(title);
	for (size_t i = 0; i < n; i++)
		draft_address(v.s, &targets[i].addr);
	v.s->port = n ? targets[0].port : 0;
	for (TREE_CHILDREN(c, k->t, node))
		if (strcmp(ka_word(k, c, 0), "real_server") != 0)
			take_word(&v, c);
	for (TREE_CHILDREN(c, k->t, node))
		if (!strcmp(ka_word(k, c, 0), "real_server"))
			take_word(&v, c);
	if (!draft_get(&v.s->keys, "scheduler"))
		targets_scheduler(&v.s->keys, "rr");
	check_hysteresis(&v);
	targets_finish(v.s);
}

/* ---- virtual servers, and groups of them */

static void group_targets(struct ka *k, const char *name, size_t asked,
			  struct targets *out)
{
	bool found = false;
	const char *why;

	for (size_t i = 0; i < k->t->n; i = k->t->nodes[i].end) {
		if (strcmp(ka_word(k, i, 0), "virtual_server_group") != 0 ||
		    strcmp(ka_word(k, i, 1), name) != 0)
			continue;
		found = true;
		for (TREE_CHILDREN(c, k->t, i)) {
			why = targets_add(out, ka_word(k, c, 0),
					  ka_word(k, c, 1));
			if (why)
				ka_note(k, &k->d->head, c, why);
		}
	}
	if (!found)
		ka_note(k, &k->d->head, asked, "there is no such group");
}

void ka_virtual_server(struct ka *k, size_t node)
{
	struct targets targets = { 0 };
	const char *why = NULL;

	if (!strcmp(ka_word(k, node, 1), "group"))
		group_targets(k, ka_word(k, node, 2), node, &targets);
	else
		why = targets_add(&targets, ka_word(k, node, 1),
				  ka_word(k, node, 2));
	if (why)
		ka_note(k, &k->d->head, node, why);
	targets_sort(&targets);
	for (size_t i = 0, n; i < targets.n; i += n) {
		n = targets_run(&targets, i);
		make_service(k, node, targets.list + i, n);
	}
	free(targets.list);
}
