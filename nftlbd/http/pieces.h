/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long answers, made piece by piece as fast as the client reads: neither the
 * loop nor the memory pays for all of it at once.
 */
#ifndef NFTLB_HTTP_PIECES_H
#define NFTLB_HTTP_PIECES_H

#include <stdint.h>
#include <sys/types.h>

#include "http/request.h"
#include "lib/buf.h"

#define PIECE_BYTES ((size_t)16 << 10) /* about so much at a time */

/* What is made and not yet sent. */
struct piece {
	struct buf text;
	size_t sent; /* of it */
};

/** piece_begin() - empty it, for the next one */
void piece_begin(struct piece *p);
bool piece_is_sent(const struct piece *p);
/** piece_send() - up to @max bytes of it into @to; returns how many */
ssize_t piece_send(struct piece *p, char *to, size_t max);

/* An answer under way; the first member of what knows how to make it. */
struct pieces {
	/* Of what all of it is about: when it is another, the answer breaks
	 * off. NULL = it cannot change. @context: the site's */
	uint64_t (*revision)(const void *context);
	const void *context;
	uint64_t begun; /* with this revision */
	struct piece piece;
	bool ended;               /* nothing comes after this piece */
	const char *content_type; /* NULL = JSON */
	/* append about PIECE_BYTES to piece.text, or the rest and set ended */
	void (*fill)(struct pieces *p);
	void (*free)(struct pieces *p); /* all but the piece */
};

/**
 * pieces_reply() - answer @rq with what @p makes
 * @p: zeroed but for its functions and what it begins with; owned from
 * here on. When the revision changes before all is sent, the answer breaks off
 * (the connection ends early): the client asks again.
 */
void pieces_reply(struct request *rq, struct pieces *p);

#endif
