/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The effective configuration as INI, defaults and members of pools written
 * out: conf_load() reads it as the same configuration. The key table drives it,
 * so that a new key cannot be forgotten here.
 */
#include <string.h>

#include "config/doc.h"
#include "config/draft.h"
#include "config/resolve.h"
#include "config/values.h"

static void key_print(const struct conf_key *key, const void *draft,
		      struct buf *out)
{
	buf_printf(out, "%-14s = ", key->name);
	value_print(key, draft, out);
	/* an empty value must not leave a blank at the end */
	if (out->data[out->len - 1] == ' ')
		out->len--;
	buf_append(out, "\n", 1);
}

/* The keys of a place whose values live in the draft itself. */
static void keys_print(unsigned int place, const void *draft, struct buf *out)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = key_at(i)); i++) {
		if (!(key->places & place) || key->kind == VALUE_INCLUDE ||
		    key->kind == VALUE_BACKEND || key->kind == VALUE_REF)
			continue;
		key_print(key, draft, out);
	}
}

static void headers_print(const struct spec_list *list, struct buf *out)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		buf_printf(out, "%-14s = %s\n", "header", list->list[i]);
}

static void probe_print(const struct check_draft *draft, unsigned int place,
			struct buf *out)
{
	const struct conf_check *c = &draft->conf;
	const struct conf_key *key;

	buf_printf(out, "\n[%s %s]\n", place == IN_FEED ? "feed" : "check",
		   c->name);
	for (size_t i = 0; (key = key_at(i)); i++) {
		if (!(key->places & place) || !check_key_counts(c, key) ||
		    value_empty(key, draft))
			continue;
		if (key->kind == VALUE_HEADERS)
			headers_print(&c->spec.headers, out);
		else
			key_print(key, draft, out);
	}
}

static void probes_print(const struct conf *c, struct buf *out)
{
	for (size_t i = 0; i < c->nchecks; i++) {
		const struct check_draft draft = { .conf = c->checks[i] };

		probe_print(&draft, IN_CHECK, out);
	}
	for (size_t i = 0; i < c->nfeeds; i++) {
		const struct conf_feed *f = &c->feeds[i];
		const struct check_draft draft = { .conf = f->probe,
						   .low = f->low,
						   .high = f->high };

		probe_print(&draft, IN_FEED, out);
	}
}

/* Options of the rules around the service, where they are not the service's. */
static void options_print(const struct conf_backend *b,
			  const struct conf_service *s, struct buf *out)
{
	const struct backend_draft draft = { .qos = b->qos };
	const struct {
		const char *key;
		bool differs;
	} options[] = {
		{ "packet-mark", memcmp(&b->qos.packet, &s->qos.packet,
					sizeof(b->qos.packet)) != 0 },
		{ "conntrack-mark", memcmp(&b->qos.conntrack, &s->qos.conntrack,
					   sizeof(b->qos.conntrack)) != 0 },
		{ "dscp", b->qos.has_dscp != s->qos.has_dscp ||
			      b->qos.dscp != s->qos.dscp },
		{ "priority", b->qos.priority != s->qos.priority },
	};

	if (b->max_connections != s->max_connections)
		buf_printf(out, " max-connections=%u", b->max_connections);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!options[i].differs)
			continue;
		buf_printf(out, " %s=", options[i].key);
		value_print(key_find(IN_BACKEND, options[i].key), &draft, out);
	}
}

static void backend_print(const struct conf_backend *b,
			  const struct conf_service *s, struct buf *out)
{
	char text[ENDPOINT_STRLEN];
	size_t i;

	buf_printf(out, "backend.%s = %s weight=%u", b->name,
		   endpoint_format(&b->addr, b->port, text), b->weight);
	if (!b->checks)
		buf_printf(out, " check=none");
	for (i = 0; b->checks && i < b->checks->n; i++)
		buf_printf(out, "%s%s",
			   i ? "," : " check=", b->checks->list[i]->name);
	if (b->check_addr.family)
		buf_printf(out, " check-address=%s",
			   addr_format(&b->check_addr, text));
	if (b->check_port)
		buf_printf(out, " check-port=%u", b->check_port);
	options_print(b, s, out);
	buf_printf(out, "%s%s\n", b->backup ? " backup" : "",
		   b->disabled ? " disabled" : "");
}

void backend_options_print(const struct backend_draft *b, struct buf *out)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = key_at(i)); i++) {
		if (!(key->places & IN_BACKEND) ||
		    !(b->said & UINT64_C(1) << key_number(key)))
			continue;
		buf_printf(out, " %s", key->name);
		if (key->kind == VALUE_FLAG)
			continue;
		buf_printf(out, "=");
		value_print(key, b, out);
	}
}

static void pool_print(const struct conf_pool *p, struct buf *out)
{
	char text[ENDPOINT_STRLEN];

	buf_printf(out, "\n[pool %s]\n", p->name);
	for (size_t i = 0; i < p->nmembers; i++) {
		const struct conf_pool_member *m = &p->members[i];

		buf_printf(out, "backend.%s = %s%s%s\n", m->name,
			   endpoint_format(&m->addr, m->port, text),
			   *m->options ? " " : "", m->options);
	}
}

/* How many of the checks have to be good, as the service said it: the same
 * number for every backend, or all for every one. */
static uint32_t service_need(const struct conf_service *s)
{
	const struct conf_checks *set;
	size_t i;

	for (i = 0; i < s->nbackends; i++) {
		set = s->backends[i].checks;
		if (set && set->need < set->n)
			return set->need;
	}
	return 0;
}

static bool key_of_weights(const struct conf_key *row)
{
	return row >= keys_of_weights.rows &&
	       row < keys_of_weights.rows + keys_of_weights.n;
}

/* Is it refused beside other keys of the service, or without a meaning? */
static bool key_idle(const struct conf_service *s, const struct conf_key *row)
{
	const char *key = row->name;

	if (!key_fits(row, s->mode))
		return true;
	if (!strcmp(key, "limit-new-burst"))
		return !s->limits.fresh.rate;
	if (!strcmp(key, "limit-rst-burst"))
		return !s->limits.rst.rate;
	if (!strcmp(key, "persist-group"))
		return !s->persist_group;
	if (!strcmp(key, "persist-size"))
		return s->persist.kind == RS_PERSIST_NONE;
	if (!strcmp(key, "hash-key"))
		return s->scheduler != RS_SOURCE_HASH;
	if (!strcmp(key, "slow-start"))
		return s->scheduler != RS_WEIGHTED && !conf_dynamic(s);
	if (key_of_weights(row))
		return !conf_dynamic(s);
	return !strcmp(key, "source-address") && s->mode != RS_SNAT;
}

static void devices_print(const struct conf_direct *d, struct buf *out)
{
	if (!d->ndevices)
		return;
	buf_printf(out, "interface      =");
	for (size_t i = 0; i < d->ndevices; i++)
		buf_printf(out, "%s %s", i ? "," : "", d->devices[i]);
	buf_printf(out, "\n");
}

static void names_of_lists_print(const char *key,
				 const struct conf_list *const *lists, size_t n,
				 struct buf *out)
{
	if (!n)
		return;
	buf_printf(out, "%-14s =", key);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s %s", i ? "," : "", lists[i]->name);
	buf_printf(out, "\n");
}

static void feeds_print(const struct conf_service *s, struct buf *out)
{
	buf_printf(out, "feed           = %s", s->nfeeds ? "" : "none");
	for (size_t i = 0; i < s->nfeeds; i++)
		buf_printf(out, "%s%s", i ? ", " : "", s->feeds[i]->probe.name);
	buf_printf(out, "\n");
}

/* Of a group: its pool has to be named, and says what its members do not. */
static void group_print(const struct conf_service *s, struct buf *out)
{
	buf_printf(out, "check          = %s", s->checks ? "" : "none");
	for (size_t i = 0; s->checks && i < s->checks->n; i++)
		buf_printf(out, "%s%s", i ? ", " : "",
			   s->checks->list[i]->name);
	buf_printf(out, "\npool           = %s\n", s->pool);
}

static void pin_print(const struct conf_pin *p, const struct conf_service *s,
		      struct buf *out)
{
	char text[ADDR_STRLEN];

	buf_printf(out, "pin.%s = %s/%u %s\n", p->name,
		   addr_format(&p->from, text), p->prefix,
		   s->backends[p->backend].name);
}

static void service_print(const struct conf_service *s, struct buf *out)
{
	const struct service_draft draft = { .conf = *s,
					     .need = service_need(s),
					     .persist_group = s->persist_group,
					     .on_change = s->on_change };
	const struct conf_key *key;

	buf_printf(out, "\n[service %s]\n", s->name);
	for (size_t i = 0; (key = key_at(i)); i++) {
		if (!(key->places & IN_SERVICE) || key->named ||
		    key->kind == VALUE_REF || key->kind == VALUE_CHECKS ||
		    key->kind == VALUE_FEEDS || key->kind == VALUE_LISTS ||
		    key->kind == VALUE_DEVICES || key_idle(s, key))
			continue;
		key_print(key, &draft, out);
	}
	if (conf_dynamic(s))
		feeds_print(s, out);
	devices_print(&s->direct, out);
	names_of_lists_print("allow", s->allow, s->nallow, out);
	names_of_lists_print("deny", s->deny, s->ndeny, out);
	if (s->persist_group)
		group_print(s, out);
	else if (s->pool)
		buf_printf(out, "; with the members of pool %s\n", s->pool);
	for (size_t i = 0; !s->persist_group && i < s->nbackends; i++)
		backend_print(&s->backends[i], s, out);
	for (size_t i = 0; i < s->npins; i++)
		pin_print(&s->pins[i], s, out);
}

static void list_print(const struct conf_list *l, struct buf *out)
{
	char text[2 * ADDR_STRLEN];
	size_t n = 0;

	buf_printf(out, "\n[list %s]\n", l->name);
	for (int f = 0; f < RS_FAMILIES; f++) {
		for (size_t i = 0; i < l->own[f].n; i++, n++) {
			net_print(&l->own[f].list[i], text, sizeof(text));
			buf_printf(out, "%s%s",
				   n % 8 ? ", "
				   : n   ? "\nentries        = "
					 : "entries        = ",
				   text);
		}
	}
	if (n)
		buf_printf(out, "\n");
	for (size_t i = 0; i < l->nfiles; i++)
		buf_printf(out, "file           = %s\n", l->files[i]);
}

void conf_print(const struct conf *c, struct buf *out)
{
	const struct global_draft draft = { .conf = *c };
	size_t i;

	buf_printf(out, "[global]\n");
	keys_print(IN_GLOBAL, &draft, out);
	probes_print(c, out);
	for (i = 0; i < c->nlists; i++)
		list_print(&c->lists[i], out);
	for (i = 0; i < c->npools; i++) {
		if (c->pools[i].grouped)
			pool_print(&c->pools[i], out);
	}
	for (i = 0; i < c->nservices; i++)
		service_print(&c->services[i], out);
}

/* Sections as the manual calls them. */
static const struct word place_words[] = {
	{ "global", IN_GLOBAL },
	{ "defaults", IN_DEFAULTS },
	{ "check", IN_CHECK },
	{ "feed", IN_FEED },
	{ "pool", IN_POOL },
	{ "list", IN_LIST },
	{ "service", IN_SERVICE },
	{ "backend", IN_BACKEND },
	{ NULL, 0 },
};

void conf_keys_print(struct buf *out)
{
	const struct conf_key *key;
	const struct word *place;

	for (place = place_words; place->text; place++) {
		for (size_t i = 0; (key = key_at(i)); i++) {
			if (key->places & (unsigned int)place->value)
				buf_printf(out, "%s\t%s\t%s\t%s\t%s\n",
					   place->text, key->name,
					   value_type(key),
					   key->fallback ? key->fallback : "-",
					   key->help);
		}
	}
}
