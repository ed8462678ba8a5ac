/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process's server: what it serves with follows the daemon's packets. */
#ifndef NFTLB_API_SERVE_H
#define NFTLB_API_SERVE_H

#include <ev.h>

#include "api/forward.h"
#include "api/packet.h"
#include "http/http.h"

struct serving; /* one generation: a socket, a certificate */

struct serve {
	struct ev_loop *loop;
	struct http_site site;
	struct forwards forwards; /* the site's context */
	struct tokens tokens;     /* of the last generation */
	struct serving *list;     /* the newest first; the others end */
	ev_timer old;             /* looks after those */
	ev_io packets;
	int sock;
	int status; /* of the process */
};

/** serve_open() - serve what the daemon sends on @sock; ends the loop with it
 */
struct serve *serve_open(struct ev_loop *loop, int sock);
void serve_close(struct serve *s);

#endif
