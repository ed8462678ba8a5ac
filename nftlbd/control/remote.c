/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same routes on TCP.
 *
 * Must not know: what the handlers do.
 */
#include <errno.h>
#include <stdlib.h>

#include "control/control.h"
#include "control/impl.h"
#include "lib/xalloc.h"

struct remote {
	struct http_site site;
	struct http *http;
};

/* Those who watch us have no token; the page itself is no secret. */
static const char *const open_paths[] = { "/healthz", "/", NULL };

int control_remote_open(struct control *c, const struct conf *conf,
			struct remote **out, struct err *err)
{
	const struct http_guard guard = { conf->api_token_file,
					  conf->api_cert_file,
					  conf->api_key_file };
	struct remote *r = xcalloc(1, sizeof(*r));
	struct addr addr;
	uint16_t port;
	int ret = endpoint_parse(conf->api_listen, &addr, &port);

	r->site = c->site;
	r->site.name = "api";
	r->site.open_paths = open_paths;
	r->site.untold_look = true;
	if (ret == 0)
		ret =
		    http_open_tcp(&r->http, &r->site, &addr, port, &guard, err);
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
