/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers as content readers of MHD. Each call makes about one piece; other
 * events run between the pieces.
 *
 * Invariant: all of one answer comes from one revision. When there is
 * another by then, the answer is cut, and can be seen to be.
 * Must not know: what is said.
 */
#include "http/pieces.h"

#include <string.h>

#include "http/reply.h"

void piece_begin(struct piece *p)
{
	buf_clear(&p->text);
	p->sent = 0;
}

bool piece_is_sent(const struct piece *p)
{
	return p->sent == p->text.len;
}

ssize_t piece_send(struct piece *p, char *to, size_t max)
{
	size_t n = p->text.len - p->sent;

	if (n > max)
		n = max;
	memcpy(to, p->text.data + p->sent, n);
	p->sent += n;
	return (ssize_t)n;
}

static ssize_t pieces_read(void *cls, uint64_t pos, char *to, size_t max)
{
	struct pieces *p = cls;

	(void)pos;
	if (piece_is_sent(&p->piece)) {
		if (p->ended)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (p->revision && p->revision(p->context) != p->begun)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		/* what pieces_reply() was given to begin with is sent first */
		piece_begin(&p->piece);
		p->fill(p);
	}
	return piece_send(&p->piece, to, max);
}

static void pieces_free(void *cls)
{
	struct pieces *p = cls;

	buf_free(&p->piece.text);
	p->free(p);
}

void pieces_reply(struct request *rq, struct pieces *p)
{
	p->context = rq->context;
	p->begun = p->revision ? p->revision(p->context) : 0;
	reply_response(
	    rq,
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES,
					      pieces_read, p, pieces_free),
	    p->content_type ? p->content_type : "application/json");
}
