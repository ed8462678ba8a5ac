/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections whose next request has not come in yet: they may take their time,
 * but not all the time, and not the room of others. */
#ifndef NFTLB_HTTP_CONNS_H
#define NFTLB_HTTP_CONNS_H

#include <ev.h>
#include <microhttpd.h>

struct conn;

/* Those that wait for a request, the longest first. */
struct conns {
	struct ev_loop *loop;
	struct conn *first, **last;
	unsigned int n;  /* all, also those that are being answered */
	ev_timer oldest; /* its time is over */
};

void conns_init(struct conns *c, struct ev_loop *loop);
void conns_stop(struct conns *c);
/** conns_notify() - MHD_NotifyConnectionCallback; @cls: struct conns */
void conns_notify(void *cls, struct MHD_Connection *conn, void **context,
		  enum MHD_ConnectionNotificationCode toe);
/** conns_busy() - the request is here: from now on it is we who take time
 * conns_waiting() - it is answered; the next one may come */
void conns_busy(struct conns *c, struct MHD_Connection *conn);
void conns_waiting(struct conns *c, struct MHD_Connection *conn);

#endif
