/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /v1/route: which backend would get a new flow of this client, and why.
 * Lists, pins, sessions and remembered flows come first (route_rules.c). Then,
 * under source-hash and in modes that track nothing, the answer is exact: the
 * same hash, the same table. The others take the next slot, whoever comes: the
 * shares are the answer.
 *
 * Invariant: slots are the kernel's (HAVE), not those that the model wants.
 */
#include <string.h>

#include "control/handlers.h"
#include "control/json.h"
#include "control/route_rules.h"
#include "http/mistakes.h"
#include "http/reply.h"
#include "lib/parse.h"
#include "rulesets/route.h"

static bool read_client(struct request *rq, struct route_key *key)
{
	const char *client = request_query(rq, "client");
	const char *port = request_query(rq, "port");

	if (!client || addr_parse(client, &key->client) < 0) {
		mistake_query(rq, "client", NULL,
			      "client: allowed: an IPv4 or IPv6 address");
		return false;
	}
	if (port && parse_number(port, 1, 65535, &key->client_port) < 0) {
		mistake_query(rq, "port", "1..65535",
			      "port: allowed: 1..65535");
		return false;
	}
	return true;
}

static const struct service *read_service(struct request *rq)
{
	const char *name = request_query(rq, "service");
	const struct service *s =
	    name ? model_service(request_daemon(rq)->model, name) : NULL;
	char quoted[96];

	if (!name)
		mistake_query(rq, "service", NULL,
			      "service: needed: a service's name");
	else if (!s)
		reply_problem(
		    rq, MHD_HTTP_NOT_FOUND, "no service %s",
		    text_quote(name, strlen(name), quoted, sizeof(quoted)));
	return s;
}

/* The service's first address of the client's family, and its first port. */
static bool pick_target(struct request *rq, const struct conf_service *s,
			struct route_key *key)
{
	for (size_t i = 0; i < s->naddrs && !key->vip; i++)
		if (s->addrs[i].family == key->client.family)
			key->vip = &s->addrs[i];
	key->vip_port = s->nports ? s->ports[0].lo : 0;
	key->proto = s->protos[0];
	if (key->vip)
		return true;
	reply_problem(rq, MHD_HTTP_NOT_FOUND,
		      "service \"%s\" has no IPv%d address", s->name,
		      key->client.family == AF_INET6 ? 6 : 4);
	return false;
}

/* Does a hash choose the slot, and of what? */
static bool hashes(const struct conf_service *s)
{
	return s->scheduler == RS_SOURCE_HASH || rs_is_direct(s->mode);
}

static enum rs_hash_key key_of(const struct conf_service *s)
{
	const struct rs_service rs = { .mode = s->mode,
				       .scheduler = s->scheduler,
				       .hash_key = s->hash_key };

	return rs_is_direct(s->mode) ? direct_hash_key(&rs) : s->hash_key;
}

static bool cannot_tell(struct request *rq, const struct conf_service *s,
			const struct route_key *key)
{
	if (!hashes(s) || key_of(s) == RS_KEY_SOURCE ||
	    (key->client_port && (key->vip_port || key_of(s) != RS_KEY_5TUPLE)))
		return false;
	if (key->client_port) {
		reply_problem(
		    rq, MHD_HTTP_BAD_REQUEST,
		    "service \"%s\" serves any port, and its hash-key "
		    "has the port",
		    s->name);
		return true;
	}
	mistake_query(rq, "port", "1..65535",
		      "port: needed: service \"%s\" has hash-key %s", s->name,
		      word_text(rs_hash_key_words, key_of(s)));
	return true;
}

static json_t *json_shares(const struct daemon *d, const struct service *s,
			   uint8_t family)
{
	json_t *all = json_backends(d, s, NULL, NULL), *list = json_array(), *b;
	size_t i;

	json_array_foreach(all, i, b) {
		if (conf_family(s->conf, s->backends[i].conf) != family)
			continue;
		json_array_append_new(
		    list, json_pack("{s:O, s:O, s:O, s:O}", "name",
				    json_object_get(b, "name"), "slots",
				    json_object_get(b, "slots"), "share",
				    json_object_get(b, "share"), "weight",
				    json_object_get(b, "weight")));
	}
	json_decref(all);
	return list;
}

static json_t *json_chosen(const struct daemon *d, const struct service *s,
			   const char *name)
{
	const struct backend *b = name ? service_backend(s, name) : NULL;
	json_t *list, *one;

	if (!b)
		return json_null();
	list = json_backends(d, s, b, NULL);
	one = json_pack(
	    "{s:O, s:O, s:O, s:O}", "name",
	    json_object_get(json_array_get(list, 0), "name"), "address",
	    json_object_get(json_array_get(list, 0), "address"), "port",
	    json_object_get(json_array_get(list, 0), "port"), "state",
	    json_object_get(json_array_get(list, 0), "state"));
	json_decref(list);
	return one;
}

/* What a slot's backend, or that there is none, comes from. */
static const char *slot_reason(const struct service *s, uint32_t m, bool chosen)
{
	if (s->disabled)
		return "the service is disabled";
	if (m == 0)
		return "the service is not in the kernel";
	if (s->state == SERVICE_DOWN)
		return "no backend is usable";
	if (chosen && key_of(s->conf) == RS_KEY_5TUPLE)
		return "the hash of the flow to this address and port picks "
		       "the slot";
	if (chosen)
		return "the hash of the client picks the slot";
	return "the next backend depends on the kernel's counter";
}

static const char *const route_end_words[] = {
	[ROUTE_SLOT] = "slot",       [ROUTE_DENIED] = "list",
	[ROUTE_LOCAL] = "local",     [ROUTE_PINNED] = "pin",
	[ROUTE_SESSION] = "session", [ROUTE_FLOW] = "flow",
};

static json_t *route_reason(const struct service *s,
			    const struct route_rules *rules, uint32_t m,
			    bool chosen)
{
	switch (rules->end) {
	case ROUTE_DENIED:
		return rules->list
			   ? json_sprintf("the client is on list %s, which the "
					  "service denies",
					  rules->list)
			   : json_string("the client is on none of the lists "
					 "that the service allows");
	case ROUTE_LOCAL:
		return json_string("the gateway itself serves it");
	case ROUTE_PINNED:
		return json_string("the client is pinned to this backend");
	case ROUTE_SESSION:
		return json_string("the client's last connection went to this "
				   "backend");
	case ROUTE_FLOW:
		return json_string("the flow is remembered: it stays with this "
				   "backend");
	case ROUTE_SLOT:
		break;
	}
	return json_string(slot_reason(s, m, chosen));
}

static json_t *json_flow(const struct route_key *key)
{
	char client[ADDR_STRLEN], vip[ADDR_STRLEN];

	return json_pack(
	    "{s:s, s:o, s:s, s:o, s:s}", "client",
	    addr_format(&key->client, client), "port",
	    key->client_port ? json_integer(key->client_port) : json_null(),
	    "address", addr_format(key->vip, vip), "service_port",
	    key->vip_port ? json_integer(key->vip_port) : json_null(),
	    "protocol", word_text(rs_proto_words, key->proto));
}

/* What a hash picks. */
struct pick {
	bool hashed; /* false: no hash does */
	uint32_t hash, seed, slot;
};

static struct pick pick_slot(const struct daemon *d,
			     const struct conf_service *conf,
			     const struct route_key *key, uint32_t m)
{
	const struct rs_service rs = { .hash_key = key_of(conf),
				       .hash_seed = d->model->conf->hash_seed };
	struct pick p = { .seed = rs.hash_seed };

	p.hashed = hashes(conf) && m > 0;
	if (!p.hashed)
		return p;
	p.hash = route_hash(&rs, &key->client, (uint16_t)key->client_port,
			    key->vip, key->vip_port, key->proto);
	p.slot = (uint32_t)(((uint64_t)p.hash * m) >> 32);
	return p;
}

static void tell_pick(struct request *rq, const struct service *s,
		      const struct route_key *key, uint32_t m,
		      const struct pick *p, json_t *steps, const json_t *shares)
{
	if (s->disabled || m == 0) {
		route_step(steps, "slot", STEP_DECIDES, "%s",
			   slot_reason(s, m, false));
		return;
	}
	if (!p->hashed) {
		route_step_turns(steps, shares);
		return;
	}
	route_step(steps, "hash", STEP_PASSES,
		   "the hash of %s with seed 0x%08x is 0x%08x: slot %u of %u",
		   word_text(rs_hash_key_words, (int)key_of(s->conf)), p->seed,
		   p->hash, p->slot, m);
	route_step_owner(steps, request_daemon(rq), s, key->client.family, m,
			 p->slot);
}

static json_t *json_hash(const struct pick *p)
{
	return p->hashed ? json_pack("{s:o, s:o}", "value",
				     json_sprintf("0x%08x", p->hash), "seed",
				     json_sprintf("0x%08x", p->seed))
			 : json_null();
}

/* Takes @steps. */
static void reply_route(struct request *rq, const struct service *s,
			const struct route_key *key,
			const struct route_rules *rules, json_t *steps)
{
	const struct conf_service *conf = s->conf;
	const struct daemon *d = request_daemon(rq);
	uint8_t family = key->client.family;
	uint32_t m = ruleset_slots(d->ruleset, conf->name, family);
	json_t *o = json_flow(key), *shares = json_shares(d, s, family);
	const char *name = rules->backend;
	struct pick p = { .hashed = false };

	if (rules->end == ROUTE_SLOT) {
		if (!s->disabled)
			p = pick_slot(d, conf, key, m);
		tell_pick(rq, s, key, m, &p, steps, shares);
	}
	if (p.hashed)
		name = ruleset_slot(d->ruleset, conf->name, family, p.slot);
	json_object_update_new(
	    o, json_pack(
		   "{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}",
		   "service", conf->name, "by", route_end_words[rules->end],
		   "scheduler", word_text(rs_scheduler_words, conf->scheduler),
		   "hash_key",
		   hashes(conf)
		       ? json_string(word_text(rs_hash_key_words, key_of(conf)))
		       : json_null(),
		   "hash", json_hash(&p), "slots", (json_int_t)m, "slot",
		   p.hashed ? json_integer(p.slot) : json_null(), "backend",
		   json_chosen(d, s, name), "shares", shares, "reason",
		   route_reason(s, rules, m, p.hashed), "steps", steps));
	reply_json(rq, o);
}

void show_route(struct request *rq)
{
	const struct service *s = read_service(rq);
	struct route_key key = { 0 };
	struct route_rules rules;
	json_t *steps;

	if (!s || !read_client(rq, &key) || !pick_target(rq, s->conf, &key))
		return;
	steps = json_array();
	rules = route_rules(request_daemon(rq), s, &key.client,
			    (uint16_t)key.client_port, steps);
	if (rules.end == ROUTE_SLOT &&
	    (rules.backend = route_flow(request_daemon(rq), s, &key))) {
		rules.end = ROUTE_FLOW;
		route_step(steps, "flow", STEP_DECIDES,
			   "the flow is remembered: it stays with %s",
			   rules.backend);
	}
	if (rules.end == ROUTE_SLOT && cannot_tell(rq, s->conf, &key))
		json_decref(steps);
	else
		reply_route(rq, s, &key, &rules, steps);
}
