/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a server; for this directory only. */
#ifndef NFTLB_HTTP_IMPL_H
#define NFTLB_HTTP_IMPL_H

#include <ev.h>
#include <microhttpd.h>
#include <stdbool.h>

#include "http/conns.h"
#include "http/http.h"
#include "http/listener.h"
#include "http/request.h"
#include "http/tls.h"

struct http {
	const struct http_site *site;
	struct listener listener;
	struct MHD_Daemon *mhd;
	ev_io ready;     /* MHD's epoll descriptor */
	ev_timer wakeup; /* MHD's next time-out, or work it left over */
	struct conns conns;
	bool given;                  /* connections are given to us */
	const struct tokens *tokens; /* TCP: what must be said; NULL = nothing*/
	struct tokens own;           /* where they are ours */
	struct tls tls;              /* TCP */
	unsigned int listings;       /* children that write answers */
	struct request *requests;    /* all that are under way */
	size_t bodies;               /* bytes of all their bodies */
};

#endif
