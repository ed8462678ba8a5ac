/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API's begin and end: its routes, its sockets, and what it kept.
 *
 * Invariant: who may write to the control socket and who knows the token may do
 * the same.
 * Must not know: what the handlers do.
 */
#include "hvagent/api.h"

#include <errno.h>
#include <stdlib.h>

#include "hvagent/api_impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"

static const struct route_part parts[AT_PARTS] = {
	[AT_NAME] = { "{name}", "/" },
};

static const struct route routes[] = {
	{ "GET", "/v1/bindings", api_show_bindings, NULL },
	{ "PUT", "/v1/bindings", api_set_bindings, NULL },
	{ "POST", "/v1/bindings", api_add_bindings, NULL },
	{ "GET", "/v1/bindings/{name}", api_show_binding, NULL },
	{ "PUT", "/v1/bindings/{name}", api_put_binding, NULL },
	{ "DELETE", "/v1/bindings/{name}", api_delete_binding, NULL },
	{ "POST", "/v1/sync", api_sync, NULL },
	{ "GET", "/v1/check", api_show_check, NULL },
	{ "GET", "/v1/status", api_show_status, NULL },
	{ "GET", "/v1/version", api_show_version, NULL },
	{ "GET", "/metrics", api_show_metrics, NULL },
	{ "GET", "/healthz", api_show_health, NULL },
};

const struct route_table api_routes = {
	.list = routes,
	.n = sizeof(routes) / sizeof(routes[0]),
	.parts = parts,
	.nparts = AT_PARTS,
};

static const char *const open_paths[] = { "/healthz", NULL };

/* ---- what was kept */

/* The file is right: what clashes with it is left out. Was anything? */
static bool take_kept(struct agent *a, const struct bindings *kept)
{
	bool left_out = false;

	for (size_t i = 0; i < kept->n; i++) {
		const struct binding *b = kept->list[i];
		struct err err = { "the file has one of this name" };

		if (!bindings_find(&a->bindings, b->name) &&
		    bindings_put(&a->bindings, b, &err) == 0)
			continue;
		log_warning("binding %s of the API is given up: %s", b->name,
			    err.msg);
		left_out = true;
	}
	return left_out;
}

int api_peek(struct agent *a, struct err *err)
{
	struct bindings kept;
	int ret = keep_peek(a->conf->state_dir, &kept, err);

	if (ret == 0)
		take_kept(a, &kept);
	bindings_free(&kept);
	return ret;
}

int api_load(struct agent *a, struct err *err)
{
	struct api *api = xcalloc(1, sizeof(*api));
	struct bindings kept;
	int ret;

	api->a = a;
	api->started = ev_now(a->loop);
	api->site = (struct http_site){ .loop = a->loop,
					.name = "api",
					.routes = &api_routes,
					.context = api,
					.body_max = API_BODY_MAX,
					.open_paths = open_paths };
	a->api = api;
	ret = keep_open(&api->keep, a->conf->state_dir, &kept, err);
	if (ret == 0 && take_kept(a, &kept))
		ret = keep_rewrite(api->keep, &a->bindings, err);
	if (ret < 0)
		api_close(a);
	bindings_free(&kept);
	return ret;
}

/* ---- sockets */

static int open_remote(struct api *api, const struct hv_conf *c,
		       struct err *err)
{
	const struct http_guard guard = { c->token_file, c->cert_file,
					  c->key_file };
	struct addr addr;
	struct err why;
	uint16_t port;
	int ret;

	if (endpoint_parse(c->listen, &addr, &port) < 0 || !port)
		return err_set(err, -EINVAL,
			       "listen: found %s; allowed: ADDRESS:PORT",
			       c->listen);
	ret =
	    http_open_tcp(&api->remote, &api->site, &addr, port, &guard, &why);
	return ret < 0 ? err_set(err, ret, "listen: %s", why.msg) : 0;
}

int api_open(struct agent *a, struct err *err)
{
	const struct hv_conf *c = a->conf;
	struct api *api = a->api;
	int ret = http_open_unix(&api->local, &api->site, c->control_socket,
				 c->control_group, err);

	if (ret == 0 && c->listen)
		ret = open_remote(api, c, err);
	if (ret < 0)
		api_close(a);
	return ret;
}

void api_close(struct agent *a)
{
	struct api *api = a->api;

	if (!api)
		return;
	a->api = NULL;
	http_close(api->local);
	http_close(api->remote);
	keep_close(api->keep);
	free(api);
}
