/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON arrays about services, made piece by piece. */
#ifndef NFTLB_CONTROL_STREAM_H
#define NFTLB_CONTROL_STREAM_H

#include <jansson.h>

#include "control/counts.h"
#include "http/pieces.h"

struct stream {
	struct pieces out;
	struct daemon *d;
	struct counts *counts;
	size_t next, end; /* services, indices */
	bool begun;       /* the bracket */
	bool any;         /* an element is there: the next needs a comma */
	bool (*wanted)(const struct service *svc, int arg); /* NULL = all */
	int arg;
	void (*item)(struct stream *s, const struct service *svc, size_t index);
};

/**
 * stream_array() - answer @rq with an array
 * @counts: of the services that the array is about; owned by the stream
 * @item: appends the elements of one service
 * As pieces_reply().
 */
void stream_array(struct request *rq, struct counts *counts,
		  void (*item)(struct stream *s, const struct service *svc,
			       size_t index));
/** stream_some() - the same, of services that are @wanted, which is given @arg
 */
void stream_some(struct request *rq, struct counts *counts,
		 void (*item)(struct stream *s, const struct service *svc,
			      size_t index),
		 bool (*wanted)(const struct service *svc, int arg), int arg);
/** stream_json() - append an element; takes the reference */
void stream_json(struct stream *s, json_t *value);
/** stream_raw() - begin an element that is appended to the result by hand */
struct buf *stream_raw(struct stream *s);

#endif
