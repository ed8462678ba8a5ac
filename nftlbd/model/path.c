/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of backends that are not routed to: dsr needs an interface and an ether
 * address, ipip a tunnel. A backend without is down, whatever checks say, and
 * serves not even when too few are well: its slots would swallow packets. One
 * of a stateless service with interfaces is routed to as long as it has none.
 *
 * Invariants: gap is PATH_FINE exactly where the mode can do without a path or
 * path.ifindex is not 0. What path is not known is zero.
 *
 * Must not know: who finds paths, and how.
 */
#include "model/path.h"

#include <string.h>

#include "model/carry.h"
#include "model/settle.h"

const struct word path_gap_words[] = {
	{ "known", PATH_FINE },
	{ "no-neighbour", PATH_NO_NEIGHBOUR },
	{ "no-tunnel", PATH_NO_TUNNEL },
	{ NULL, 0 },
};

enum path_by path_by(const struct service *s)
{
	switch (s->conf->mode) {
	case RS_STATELESS:
		return s->conf->direct.ndevices ? PATH_BY_NEIGHBOUR
						: PATH_BY_ROUTING;
	case RS_DSR:
		return PATH_BY_NEIGHBOUR;
	case RS_IPIP:
		return PATH_BY_TUNNEL;
	default:
		return PATH_BY_ROUTING;
	}
}

enum path_gap path_missing(const struct service *s)
{
	switch (s->conf->mode) {
	case RS_DSR:
		return PATH_NO_NEIGHBOUR;
	case RS_IPIP:
		return PATH_NO_TUNNEL;
	default:
		return PATH_FINE;
	}
}

void path_new(const struct service *s, struct backend *b)
{
	b->path = (struct rs_path){ 0 };
	b->gap = (uint8_t)path_missing(s);
}

void path_carry(const struct service *s, struct backend *b,
		const struct service *before, const struct backend *old)
{
	if (s->conf->mode != before->conf->mode ||
	    path_by(s) != path_by(before) ||
	    !carry_same_server(b->conf, old->conf))
		path_new(s, b);
}

static bool take(const struct service *s, struct backend *b,
		 const struct rs_path *path)
{
	static const struct rs_path none;

	if (path_by(s) == PATH_BY_ROUTING)
		return false;
	if (!path)
		path = &none;
	if (memcmp(&b->path, path, sizeof(*path)) == 0)
		return false;
	b->path = *path;
	b->gap = (uint8_t)(path->ifindex ? PATH_FINE : path_missing(s));
	return true;
}

void path_set(struct model *m, struct service *s, struct backend *b,
	      const struct rs_path *path)
{
	if (take(s, b, path))
		model_mark_dirty(m, s);
}

static const char *state(const struct service *s, const struct backend *b)
{
	if (!b->path.ifindex && path_missing(s) == PATH_FINE)
		return "routed";
	return word_text(path_gap_words, b->gap);
}

void step_path(struct model *m, struct service *s, struct backend *b,
	       const struct rs_path *path, const char *why, int64_t now_ms,
	       struct changes *out)
{
	const char *was = state(s, b);

	if (!take(s, b, path))
		return;
	changes_add(out, "path", s, b, was, state(s, b), "%s", why);
	if (b->now) {
		model_mark_dirty(m, s);
		out->urgent = true;
	}
	settle_one(m, s, b, now_ms, out);
}
