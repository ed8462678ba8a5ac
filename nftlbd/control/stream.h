/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long JSON arrays, made piece by piece as fast as the client reads: neither
 * the loop nor the memory pays for ten thousand services at once.
 */
#ifndef NFTLB_CONTROL_STREAM_H
#define NFTLB_CONTROL_STREAM_H

#include <jansson.h>

#include "control/counts.h"

struct stream {
	struct daemon *d;
	struct counts *counts;
	struct buf piece;  /* made and not yet sent */
	size_t sent;       /* of it */
	size_t next, end;  /* services, indices */
	bool begun, ended; /* the brackets */
	bool any;          /* an element is there: the next needs a comma */
	void (*item)(struct stream *s, const struct service *svc, size_t index);
};

/**
 * stream_array() - answer @rq with an array
 * @counts: of the services that the array is about; owned by the stream
 * @item: appends the elements of one service
 * When the model is replaced before all is sent, the answer breaks off (the
 * connection ends early): the client asks again.
 */
void stream_array(struct request *rq, struct counts *counts,
		  void (*item)(struct stream *s, const struct service *svc,
			       size_t index));
/** stream_json() - append an element; takes the reference */
void stream_json(struct stream *s, json_t *value);
/** stream_raw() - begin an element that is appended to the result by hand */
struct buf *stream_raw(struct stream *s);

#endif
