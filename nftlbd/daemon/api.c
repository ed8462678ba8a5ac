/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API on TCP follows the configuration.
 *
 * Invariant: a configuration whose API cannot be served is refused, and the old
 * one goes on.
 * Must not know: HTTP.
 */
#include "daemon/api.h"

#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "lib/log.h"
#include "lib/xalloc.h"

struct api {
	struct daemon *d;
	struct remote *now, *staged; /* NULL = none */
	bool changes;                /* staged is what is to come */
};

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_address(const struct conf *a, const struct conf *b)
{
	return same_text(a->api_listen, b->api_listen);
}

static bool same(const struct conf *a, const struct conf *b)
{
	return same_address(a, b) &&
	       same_text(a->api_token_file, b->api_token_file) &&
	       same_text(a->api_cert_file, b->api_cert_file) &&
	       same_text(a->api_key_file, b->api_key_file);
}

static int serve(struct api *a, const struct conf *conf, struct remote **out,
		 struct err *err)
{
	struct err why;
	int ret;

	*out = NULL;
	if (!conf->api_listen)
		return 0;
	ret = control_remote_open(a->d->control, conf, out, &why);
	return ret < 0 ? err_set(err, ret, "[global] api-listen: %s", why.msg)
		       : 0;
}

int api_open(struct api **out, struct daemon *d, struct err *err)
{
	struct api *a = xcalloc(1, sizeof(*a));

	a->d = d;
	*out = a;
	return serve(a, d->model->conf, &a->now, err);
}

void api_close(struct api *a)
{
	if (!a)
		return;
	control_remote_close(a->staged);
	control_remote_close(a->now);
	free(a);
}

int api_stage(struct api *a, const struct conf *conf, struct err *err)
{
	const struct conf *old = a->d->model->conf;
	struct err why;
	int ret;

	a->changes = !same(old, conf);
	if (!a->changes)
		return 0;
	/* two cannot listen on one address */
	if (same_address(old, conf)) {
		control_remote_close(a->now);
		a->now = NULL;
	}
	ret = serve(a, conf, &a->staged, err);
	if (ret < 0) {
		a->changes = false;
		if (!a->now && serve(a, old, &a->now, &why) < 0)
			log_error("%s", why.msg);
	}
	return ret;
}

void api_adopt(struct api *a)
{
	if (!a->changes)
		return;
	control_remote_close(a->now);
	a->now = a->staged;
	a->staged = NULL;
	a->changes = false;
}

void api_unstage(struct api *a)
{
	struct err why;

	if (!a->changes)
		return;
	control_remote_close(a->staged);
	a->staged = NULL;
	a->changes = false;
	if (!a->now && serve(a, a->d->model->conf, &a->now, &why) < 0)
		log_error("%s", why.msg);
}
