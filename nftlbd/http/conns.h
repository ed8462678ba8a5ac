/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections: each may take its time, but not all the time, and not the room
 * of others. */
#ifndef NFTLB_HTTP_CONNS_H
#define NFTLB_HTTP_CONNS_H

#include <ev.h>
#include <microhttpd.h>
#include <stdbool.h>

#include "http/peer.h"

struct conn;

/* All of them; who was longest without a change first. */
struct conns {
	struct ev_loop *loop;
	struct conn *first, **last;
	unsigned int n, max;
	bool trusted;              /* they were given to us: no limits */
	const struct peer *taking; /* whose the next one is */
	/* Whose answer has no end has left; the request may be suspended. */
	void (*left)(void *arg, struct MHD_Connection *conn);
	void *arg;
	ev_timer look; /* while there are any */
};

/** conns_init() - @max: as many as there may be */
void conns_init(struct conns *c, struct ev_loop *loop, unsigned int max);
void conns_stop(struct conns *c);
/** conns_notify() - MHD_NotifyConnectionCallback; @cls: struct conns */
void conns_notify(void *cls, struct MHD_Connection *conn, void **context,
		  enum MHD_ConnectionNotificationCode toe);
/** conns_busy() - the request is here: from now on it is we who take time
 * conns_waiting() - it is answered; the next one may come
 * conns_endless() - its answer has no end */
void conns_busy(struct conns *c, struct MHD_Connection *conn);
void conns_waiting(struct conns *c, struct MHD_Connection *conn);
void conns_endless(struct conns *c, struct MHD_Connection *conn);
/** conns_known() - its client said who he is: strangers go before him */
void conns_known(struct conns *c, struct MHD_Connection *conn);
/** conns_peer() - who it was given for; of trusted ones */
const struct peer *conns_peer(const struct conns *c,
			      struct MHD_Connection *conn);
/** conns_end() - those of which @which says so */
void conns_end(struct conns *c, bool (*which)(const struct peer *, void *arg),
	       void *arg);
/** conns_end_waiting() - those between two requests */
void conns_end_waiting(struct conns *c);

#endif
