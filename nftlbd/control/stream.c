/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array over services as a content reader of MHD. Each call makes about one
 * piece; other events run between the pieces.
 *
 * Invariant: all elements of one answer come from one model. When the daemon
 * has another by then, the answer is cut, and can be seen to be.
 * Must not know: what the elements say.
 */
#include "control/stream.h"

#include <stdlib.h>
#include <string.h>

#include "control/reply.h"
#include "lib/xalloc.h"

#define PIECE ((size_t)16 << 10)

static int append_text(const char *text, size_t size, void *arg)
{
	buf_append(arg, text, size);
	return 0;
}

struct buf *stream_raw(struct stream *s)
{
	if (s->any)
		buf_append(&s->piece, ",\n", 2);
	s->any = true;
	return &s->piece;
}

void stream_json(struct stream *s, json_t *value)
{
	json_dump_callback(value, append_text, stream_raw(s), JSON_COMPACT);
	json_decref(value);
}

static void stream_fill(struct stream *s)
{
	const struct model *m = s->d->model;

	buf_clear(&s->piece);
	s->sent = 0;
	if (!s->begun)
		buf_append(&s->piece, "[", 1);
	s->begun = true;
	while (s->next < s->end && s->piece.len < PIECE) {
		s->item(s, &m->services[s->next], s->next);
		s->next++;
	}
	if (s->next == s->end && !s->ended) {
		buf_append(&s->piece, "]\n", 2);
		s->ended = true;
	}
}

static ssize_t stream_read(void *cls, uint64_t pos, char *to, size_t max)
{
	struct stream *s = cls;
	size_t n;

	if (s->sent == s->piece.len) {
		if (s->ended)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (s->counts->revision != s->d->model->revision)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		stream_fill(s);
	}
	n = s->piece.len - s->sent;
	if (n > max)
		n = max;
	memcpy(to, s->piece.data + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static void stream_free(void *cls)
{
	struct stream *s = cls;

	counts_free(s->counts);
	buf_free(&s->piece);
	free(s);
}

void stream_array(struct request *rq, struct counts *counts,
		  void (*item)(struct stream *s, const struct service *svc,
			       size_t index))
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->d = rq->d;
	s->counts = counts;
	s->item = item;
	s->next = counts->first;
	s->end = counts->first + counts->nservices;
	reply_response(rq,
		       MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
							 PIECE, stream_read, s,
							 stream_free),
		       "application/json");
}
