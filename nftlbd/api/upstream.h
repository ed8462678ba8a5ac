/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to the daemon. Each is one token's: who is at its other end was
 * settled when it was made.
 */
#ifndef NFTLB_API_UPSTREAM_H
#define NFTLB_API_UPSTREAM_H

#include <ev.h>
#include <stdbool.h>

#include "http/tokens.h"

struct upstream {
	int fd;   /* stream, non-blocking */
	ev_io io; /* its user's; between two: sees the end */
	char name[TOKEN_NAME_MAX + 1]; /* of the token; "" = none was said */
	unsigned int generation;
	struct upstreams *all;
	struct upstream *next; /* idle ones */
};

struct upstreams {
	struct ev_loop *loop;
	int sock;                /* the daemon's, for packets */
	unsigned int generation; /* of the tokens */
	unsigned int n;          /* all */
	struct upstream *idle;
	unsigned int nidle;
};

/**
 * upstream_get() - a connection for who said @said, the token @name
 * @fresh: one that nobody used before
 * Return: 0; -EMFILE: there are API_STREAMS; -EAGAIN: the daemon does not read;
 * other -errno.
 */
int upstream_get(struct upstreams *all, const char *name, const char *said,
		 bool fresh, struct upstream **out);
/** upstream_put() - its answer is here whole, somebody else may use it */
void upstream_put(struct upstream *u);
/** upstream_drop() - close it: the daemon gives up what is under way */
void upstream_drop(struct upstream *u);
/** upstreams_clear() - close those that nobody uses */
void upstreams_clear(struct upstreams *all);

#endif
