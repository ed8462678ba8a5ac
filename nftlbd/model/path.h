/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets for backends of dsr and ipip leave: without, none are sent; and
 * those of stateless services that are met as they come in. */
#ifndef NFTLB_MODEL_PATH_H
#define NFTLB_MODEL_PATH_H

#include "model/changes.h"

extern const struct word path_gap_words[]; /* known no-neighbour no-tunnel */

/* What a path is made of. */
enum path_by {
	PATH_BY_ROUTING, /* there is none */
	PATH_BY_NEIGHBOUR,
	PATH_BY_TUNNEL
};

/** path_by() - of backends of @s */
enum path_by path_by(const struct service *s);

/** path_missing() - what a backend of @s lacks as long as nobody has found its
 * path; PATH_FINE where it can do without: stateless ones are routed to */
enum path_gap path_missing(const struct service *s);

/** path_new() - @b is new in @s; path_carry() - it goes on from @old of
 * @before: it keeps its path if that may still be the one */
void path_new(const struct service *s, struct backend *b);
void path_carry(const struct service *s, struct backend *b,
		const struct service *before, const struct backend *old);

/**
 * path_set() - of a model that is to be settled yet (step_begin()): no words
 * The service is dirty where the path is another one. @path: NULL = none is
 * known
 */
void path_set(struct model *m, struct service *s, struct backend *b,
	      const struct rs_path *path);

/**
 * step_path() - the path of @b has been found, changed, or lost
 * A change of one that serves is urgent: packets go the old way until then.
 * @why: goes into the reason. Nothing happens where it is what it was.
 */
void step_path(struct model *m, struct service *s, struct backend *b,
	       const struct rs_path *path, const char *why, int64_t now_ms,
	       struct changes *out);

#endif
