/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one model to the next. Objects are the same if their names are. A check
 * is the same if its name is and the probe too: what it found out stays true.
 * How often it is done, and how many results decide, does not matter for that.
 * Of what another check will find a reload knows nothing: it takes nobody down,
 * and sends no flows to who was down.
 *
 * Checks are compared once for each configuration, not for each backend: ten
 * thousand of them may share one that is long.
 *
 * Invariant: the old model is not changed, and nothing of it is pointed to.
 */
#include "model/carry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "model/full.h"

struct carry {
	const struct conf *new, *old;
	const struct conf_check **was; /* as new->checks; NULL = none is same */
	const struct conf_feed **feed_was; /* as new->feeds; the same */
};

static bool specs_same(const struct hc_spec *a, const struct hc_spec *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	spec_encode(a, &x);
	spec_encode(b, &y);
	same = x.len == y.len && (x.len == 0 || !memcmp(x.data, y.data, x.len));
	buf_free(&x);
	buf_free(&y);
	return same;
}

static bool checks_same(const struct conf_check *a, const struct conf_check *b)
{
	return a->type == b->type && a->via == b->via &&
	       specs_same(&a->spec, &b->spec);
}

/* Most reloads keep the order: the heir of the last one found is the next. */
static const struct conf_check *old_check(const struct conf *old, size_t *next,
					  const char *name)
{
	for (size_t i = 0; i < old->nchecks; i++) {
		size_t at = (*next + i) % old->nchecks;

		if (strcmp(old->checks[at].name, name) != 0)
			continue;
		*next = at + 1;
		return &old->checks[at];
	}
	return NULL;
}

static bool feeds_same(const struct conf_feed *a, const struct conf_feed *b)
{
	/* the very same numbers of the file: no arithmetic was done with them
	 */
	return !strcmp(a->probe.name, b->probe.name) &&
	       checks_same(&a->probe, &b->probe) &&
	       a->probe.port == b->probe.port &&
	       !memcmp(&a->low, &b->low, sizeof(a->low)) &&
	       !memcmp(&a->high, &b->high, sizeof(a->high));
}

static const struct conf_feed *old_feed(const struct conf *old,
					const struct conf_feed *feed)
{
	for (size_t i = 0; i < old->nfeeds; i++)
		if (feeds_same(feed, &old->feeds[i]))
			return &old->feeds[i];
	return NULL;
}

struct carry *carry_begin(const struct conf *new, const struct conf *old)
{
	struct carry *c = xcalloc(1, sizeof(*c));
	size_t next = 0;

	c->new = new;
	c->old = old;
	c->was = xcalloc(new->nchecks + 1, sizeof(*c->was));
	for (size_t i = 0; i < new->nchecks; i++) {
		const struct conf_check *was =
		    old_check(old, &next, new->checks[i].name);

		if (was && checks_same(&new->checks[i], was))
			c->was[i] = was;
	}
	c->feed_was = xcalloc(new->nfeeds + 1, sizeof(*c->feed_was));
	for (size_t i = 0; i < new->nfeeds; i++)
		c->feed_was[i] = old_feed(old, &new->feeds[i]);
	return c;
}

void carry_free(struct carry *c)
{
	if (!c)
		return;
	free(c->was);
	free(c->feed_was);
	free(c);
}

const struct conf_feed *carry_feed(const struct carry *c,
				   const struct conf_feed *feed)
{
	return c->feed_was[feed - c->new->feeds];
}

/* Which check of @old goes on as @check of @b? -1: none. */
static int same_check(const struct carry *c, const struct backend *b,
		      const struct conf_check *check, const struct backend *old)
{
	const struct conf_check *was = c->was[check - c->new->checks];
	const struct conf_checks *list = old->conf->checks;

	if (!was || !list ||
	    conf_probe_port(b->conf, check) !=
		conf_probe_port(old->conf, was) ||
	    addr_cmp(&b->conf->check_addr, &old->conf->check_addr) != 0)
		return -1;
	for (int i = 0; i < list->n; i++)
		if (list->list[i] == was)
			return i;
	return -1;
}

bool carry_same_server(const struct conf_backend *a,
		       const struct conf_backend *b)
{
	return a->port == b->port && addr_cmp(&a->addr, &b->addr) == 0;
}

/* Its checks, when it starts anew or goes on. */
static void carry_checks(const struct carry *c, struct backend *b,
			 const struct backend *old)
{
	const struct conf_backend *conf = b->conf;
	bool goes_on = carry_same_server(conf, old->conf);

	for (size_t i = 0; conf->checks && i < conf->checks->n; i++) {
		int was = same_check(c, b, conf->checks->list[i], old);

		if (was >= 0)
			b->checks[i] = old->checks[was];
		else if (goes_on)
			b->checks[i].health = old->health == HEALTH_UP
						  ? HEALTH_UP
						  : HEALTH_UNKNOWN;
	}
}

void carry_backend(const struct carry *c, struct backend *b,
		   const struct backend *old)
{
	const struct conf_backend *conf = b->conf;
	struct check_state *checks = b->checks;
	enum admin admin = b->admin;

	*b = *old;
	b->conf = conf;
	b->checks = checks;
	/* The operator's word stands, unless the file's own word changed. */
	if (old->conf->disabled != conf->disabled)
		b->admin = admin;
	if (!carry_same_server(conf, old->conf))
		b->stale = STALE_NEWLY; /* they are another server's clients */
	carry_checks(c, b, old);
	full_carry(b, old, carry_same_server(conf, old->conf));
}
