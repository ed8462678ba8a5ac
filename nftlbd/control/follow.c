/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who follows the events: a response that never ends, suspended while there is
 * nothing new. A comment now and then finds out whether anybody still listens.
 *
 * Invariants: a follower is in the control's list from the answer's begin to
 * its end. Each event is sent once, in order; a follower too slow for the ring
 * is told how many it has lost.
 * Must not know: what the events mean.
 */
#include "control/follow.h"

#include <stdlib.h>
#include <string.h>

#include "control/handlers.h"
#include "control/impl.h"
#include "control/json.h"
#include "http/pieces.h"
#include "http/reply.h"
#include "lib/xalloc.h"

#define HEARTBEAT_S 15.

struct follower {
	struct later later; /* first */
	struct request *rq;
	struct control *control;
	uint64_t last; /* id of the last event that was dealt with */
	char service[RS_NAME_MAX + 1], backend[RS_NAME_MAX + 1];
	bool over; /* nobody listens any more */
	struct piece piece;
	ev_timer heartbeat;
	struct follower *next, **prev;
};

bool event_matches(const struct event *e, const char *service,
		   const char *backend)
{
	return (!service || !*service || !strcmp(e->service, service)) &&
	       (!backend || !*backend || !strcmp(e->backend, backend));
}

static void append_event(struct follower *f, const struct event *e)
{
	json_t *o = json_event(e);
	char *text = json_dumps(o, JSON_COMPACT);

	buf_printf(&f->piece.text, "id: %llu\nevent: %s\ndata: %s\n\n",
		   (unsigned long long)e->id, e->kind, text);
	free(text);
	json_decref(o);
}

/* Ids older than the ring's oldest are gone. */
static void append_lost(struct follower *f, const struct events *ev)
{
	uint64_t oldest =
	    ev->last >= EVENTS_KEPT ? ev->last - EVENTS_KEPT + 1 : 1;

	if (f->last + 1 >= oldest)
		return;
	buf_printf(&f->piece.text, "event: lost\ndata: {\"lost\":%llu}\n\n",
		   (unsigned long long)(oldest - f->last - 1));
	f->last = oldest - 1;
}

static void follower_fill(struct follower *f)
{
	const struct events *ev = &f->control->d->events;

	piece_begin(&f->piece);
	append_lost(f, ev);
	while (f->last < ev->last && f->piece.text.len < PIECE_BYTES) {
		const struct event *e = events_get(ev, ++f->last);

		if (e && event_matches(e, f->service, f->backend))
			append_event(f, e);
	}
}

static ssize_t follower_read(void *cls, uint64_t pos, char *to, size_t max)
{
	struct follower *f = cls;

	if (f->over)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (piece_is_sent(&f->piece))
		follower_fill(f);
	if (piece_is_sent(&f->piece)) {
		request_suspend(f->rq, &f->later);
		return 0;
	}
	return piece_send(&f->piece, to, max);
}

static void follower_wake(struct follower *f)
{
	if (f->rq->suspended)
		request_resume(f->rq);
}

static void heartbeat_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct follower *f = w->data;

	if (piece_is_sent(&f->piece))
		piece_begin(&f->piece);
	buf_printf(&f->piece.text, ":\n\n");
	follower_wake(f);
}

static void follower_free(void *cls)
{
	struct follower *f = cls;

	ev_timer_stop(f->control->d->loop, &f->heartbeat);
	*f->prev = f->next;
	if (f->next)
		f->next->prev = f->prev;
	buf_free(&f->piece.text);
	free(f);
}

/* The connection ends, and follower_free() with it. */
static void abandon(struct later *l)
{
	((struct follower *)l)->over = true;
}

static void filter_set(char to[RS_NAME_MAX + 1], const char *name)
{
	if (name)
		strncpy(to, name, RS_NAME_MAX);
}

void follow_events(struct request *rq, uint64_t since, const char *service,
		   const char *backend)
{
	struct control *c = request_control(rq);
	struct follower *f = xcalloc(1, sizeof(*f));
	struct MHD_Response *response;

	*f = (struct follower){ .later = { rq, abandon },
				.rq = rq,
				.control = c,
				.last = since,
				.next = c->followers,
				.prev = &c->followers };
	filter_set(f->service, service);
	filter_set(f->backend, backend);
	if (f->next)
		f->next->prev = &f->next;
	c->followers = f;
	ev_timer_init(&f->heartbeat, heartbeat_cb, HEARTBEAT_S, HEARTBEAT_S);
	f->heartbeat.data = f;
	ev_timer_start(c->d->loop, &f->heartbeat);
	/* A first comment: the client knows at once that it is connected. */
	buf_printf(&f->piece.text, ":\n\n");
	response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, PIECE_BYTES, follower_read, f, follower_free);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				"no-store");
	request_endless(rq);
	reply_response(rq, response, "text/event-stream");
}

void control_event(struct control *c)
{
	for (struct follower *f = c->followers; f; f = f->next)
		follower_wake(f);
}
