/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services and backends as JSON: what the file says, what the operator says,
 * what checks say, what the kernel holds (slots, as HAVE knows them), what
 * conntrack counted. Reads only.
 */
#include "control/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "model/path.h"

/* Slots of each backend, and of the two tables they are in. */
struct slot_view {
	uint32_t *owned; /* per backend */
	uint32_t total[2];
};

static const uint8_t families[2] = { AF_INET, AF_INET6 };

static unsigned int family_number(uint8_t family)
{
	return family == AF_INET6;
}

static void view_family(const struct daemon *d, const struct service *s,
			uint8_t family, struct slot_view *v)
{
	const char **names = xcalloc(s->nbackends + 1, sizeof(*names));
	uint32_t *counts = xcalloc(s->nbackends + 1, sizeof(*counts));
	size_t n = 0;

	v->total[family_number(family)] =
	    ruleset_slots(d->ruleset, s->conf->name, family);
	for (size_t i = 0; i < s->nbackends; i++)
		if (conf_family(s->conf, s->backends[i].conf) == family)
			names[n++] = s->backends[i].conf->name;
	if (n)
		ruleset_slot_counts(d->ruleset, s->conf->name, family, names, n,
				    counts);
	n = 0;
	for (size_t i = 0; i < s->nbackends; i++)
		if (conf_family(s->conf, s->backends[i].conf) == family)
			v->owned[i] = counts[n++];
	free(names);
	free(counts);
}

static void view_slots(const struct daemon *d, const struct service *s,
		       struct slot_view *v)
{
	v->owned = xcalloc(s->nbackends + 1, sizeof(*v->owned));
	for (int i = 0; i < 2; i++)
		view_family(d, s, families[i], v);
}

static json_t *json_addr(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return json_string(addr_format(a, text));
}

/* ---- backends */

static json_t *json_check_state(const struct backend *b)
{
	const struct check_state *cs = backend_check(b);
	const struct conf_check *check;
	json_t *o;

	if (!cs)
		return json_null();
	check = b->conf->checks->list[cs - b->checks];
	o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", check->name,
		      "type", word_text(hc_type_words, check->type), "last_ms",
		      cs->last_us ? json_real(cs->last_us / 1000.)
				  : json_null(),
		      "reason", json_reason(cs), "says", json_says(cs->says),
		      "weight", json_said_weight(cs));
	json_phases(cs, o);
	return o;
}

/* null where the mode routes. */
static json_t *json_path_gap(const struct service *s, const struct backend *b)
{
	return path_missing(s) ? json_string(word_text(path_gap_words, b->gap))
			       : json_null();
}

static json_t *json_backend(const struct daemon *d, const struct service *s,
			    size_t i, const struct slot_view *v,
			    const struct counts *c)
{
	const struct backend *b = &s->backends[i];
	const struct conf_backend *conf = b->conf;
	uint32_t total = v->total[family_number(conf_family(s->conf, conf))];
	uint64_t n;
	bool known = counts_get(c, (size_t)(s - d->model->services), i, &n);

	return json_pack(
	    "{s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:o,"
	    " s:o, s:o}",
	    "name", conf->name, "address", json_addr(&conf->addr), "port",
	    conf->port ? json_integer(conf->port) : json_null(), "admin",
	    word_text(admin_words, b->admin), "said",
	    word_text(admin_words, b->said_admin), "health",
	    word_text(health_words, b->health), "state",
	    word_text(backend_state_words, backend_state(b)), "weight",
	    json_weight(s, b), "load", json_load(s, b, daemon_now_ms()),
	    "slots", (int)v->owned[i], "share", json_share(v->owned[i], total),
	    "connections", known ? json_integer((json_int_t)n) : json_null(),
	    "max_connections",
	    conf->max_connections ? json_integer(conf->max_connections)
				  : json_null(),
	    "path", json_path_gap(s, b), "check", json_check_state(b));
}

json_t *json_backends(const struct daemon *d, const struct service *s,
		      const struct backend *only, const struct counts *c)
{
	json_t *list = json_array();
	struct slot_view v;

	view_slots(d, s, &v);
	for (size_t i = 0; i < s->nbackends; i++) {
		json_t *b;

		if (only && &s->backends[i] != only)
			continue;
		b = json_backend(d, s, i, &v, c);
		json_object_set_new(b, "service", json_string(s->conf->name));
		json_array_append_new(list, b);
	}
	free(v.owned);
	return list;
}

/* ---- services */

static json_t *json_addresses(const struct conf_service *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->naddrs; i++)
		json_array_append_new(list, json_addr(&s->addrs[i]));
	return list;
}

static json_t *json_protocols(const struct conf_service *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nprotos; i++)
		json_array_append_new(
		    list, json_string(word_text(rs_proto_words, s->protos[i])));
	return list;
}

static json_t *json_ports(const struct conf_service *s)
{
	json_t *list = json_array();
	char text[16];

	if (s->nports == 0)
		json_array_append_new(list, json_string("any"));
	for (size_t i = 0; i < s->nports; i++) {
		const struct rs_ports *p = &s->ports[i];

		if (p->lo == p->hi)
			snprintf(text, sizeof(text), "%u", p->lo);
		else
			snprintf(text, sizeof(text), "%u-%u", p->lo, p->hi);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *json_hash_key(const struct conf_service *s)
{
	if (s->scheduler != RS_SOURCE_HASH)
		return json_null();
	return json_string(word_text(rs_hash_key_words, s->hash_key));
}

json_t *json_service_head(const struct service *s)
{
	const struct conf_service *conf = s->conf;

	return json_pack(
	    "{s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s, s:b, s:b, s:b}",
	    "name", conf->name, "addresses", json_addresses(conf), "protocol",
	    json_protocols(conf), "ports", json_ports(conf), "mode",
	    word_text(rs_mode_words, conf->mode), "scheduler",
	    word_text(rs_scheduler_words, conf->scheduler), "pool",
	    json_text(conf->pool), "admin",
	    s->disabled ? "disabled" : "enabled", "state",
	    word_text(service_state_words, s->state), "panic", (int)s->panic,
	    "backups", (int)s->backups, "quorum_lost", (int)s->quorum_lost);
}

json_t *json_service(const struct daemon *d, const struct service *s,
		     const struct counts *c)
{
	const struct conf_service *conf = s->conf;
	json_t *list = json_array();
	struct slot_view v;
	json_t *o;

	view_slots(d, s, &v);
	for (size_t i = 0; i < s->nbackends; i++)
		json_array_append_new(list, json_backend(d, s, i, &v, c));
	o = json_pack(
	    "{s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:b, s:b,"
	    " s:b, s:o, s:i, s:o}",
	    "name", conf->name, "addresses", json_addresses(conf), "protocol",
	    json_protocols(conf), "ports", json_ports(conf), "mode",
	    word_text(rs_mode_words, conf->mode), "scheduler",
	    word_text(rs_scheduler_words, conf->scheduler), "hash_key",
	    json_hash_key(conf), "on_empty",
	    word_text(rs_on_empty_words, conf->on_empty), "pool",
	    json_text(conf->pool), "admin",
	    s->disabled ? "disabled" : "enabled", "state",
	    word_text(service_state_words, s->state), "panic", (int)s->panic,
	    "backups", (int)s->backups, "quorum_lost", (int)s->quorum_lost,
	    "weights", json_weights(s), "slots", (int)(v.total[0] + v.total[1]),
	    "backends", list);
	free(v.owned);
	return o;
}
