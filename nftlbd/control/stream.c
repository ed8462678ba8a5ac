/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array over services, some of them at a time.
 *
 * Must not know: what the elements say.
 */
#include "control/stream.h"

#include <stdlib.h>

#include "control/handlers.h"
#include "control/json.h"
#include "lib/xalloc.h"

static int append_text(const char *text, size_t size, void *arg)
{
	buf_append(arg, text, size);
	return 0;
}

struct buf *stream_raw(struct stream *s)
{
	if (s->any)
		buf_append(&s->out.piece.text, ",\n", 2);
	s->any = true;
	return &s->out.piece.text;
}

void stream_json(struct stream *s, json_t *value)
{
	json_dump_callback(value, append_text, stream_raw(s), JSON_FORM);
	json_decref(value);
}

static void stream_fill(struct pieces *p)
{
	struct stream *s = (struct stream *)p;
	const struct model *m = s->d->model;

	if (!s->begun)
		buf_append(&p->piece.text, "[", 1);
	s->begun = true;
	while (s->next < s->end && p->piece.text.len < PIECE_BYTES) {
		const struct service *svc = &m->services[s->next];

		if (!s->wanted || s->wanted(svc, s->arg))
			s->item(s, svc, s->next);
		s->next++;
	}
	if (s->next == s->end) {
		buf_append(&p->piece.text, "]\n", 2);
		p->ended = true;
	}
}

static void stream_free(struct pieces *p)
{
	struct stream *s = (struct stream *)p;

	counts_free(s->counts);
	free(s);
}

void stream_array(struct request *rq, struct counts *counts,
		  void (*item)(struct stream *s, const struct service *svc,
			       size_t index))
{
	stream_some(rq, counts, item, NULL, 0);
}

void stream_some(struct request *rq, struct counts *counts,
		 void (*item)(struct stream *s, const struct service *svc,
			      size_t index),
		 bool (*wanted)(const struct service *svc, int arg), int arg)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->d = request_daemon(rq);
	s->out.revision = control_revision;
	s->out.fill = stream_fill;
	s->out.free = stream_free;
	s->counts = counts;
	s->item = item;
	s->wanted = wanted;
	s->arg = arg;
	s->next = counts->first;
	s->end = counts->first + counts->nservices;
	pieces_reply(rq, &s->out);
}
