/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same routes for those who come by way of the API process.
 *
 * Must not know: what the handlers do.
 */
#include <stdlib.h>

#include "control/control.h"
#include "control/impl.h"
#include "lib/xalloc.h"

#define CONNECTIONS_REMOTE 300 /* the process has fewer */

struct remote {
	struct http_site site;
	struct http *http;
};

/* Those who watch us have no token; the page itself is no secret. */
static const char *const open_paths[] = { "/healthz", "/", NULL };

int control_remote_open(struct control *c, struct remote **out, struct err *err)
{
	struct remote *r = xcalloc(1, sizeof(*r));
	int ret;

	r->site = c->site;
	r->site.name = "api";
	r->site.open_paths = open_paths;
	r->site.connections = CONNECTIONS_REMOTE;
	ret = http_open_given(&r->http, &r->site, err);
	if (ret < 0)
		free(r);
	else
		*out = r;
	return ret;
}

void control_remote_close(struct remote *r)
{
	if (!r)
		return;
	http_close(r->http);
	free(r);
}

void control_remote_take(struct remote *r, int fd, const struct peer *peer)
{
	http_take(r->http, fd, peer);
}

void control_remote_end(struct remote *r,
			bool (*which)(const struct peer *, void *arg),
			void *arg)
{
	http_end(r->http, which, arg);
}
