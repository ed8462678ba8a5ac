/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers that change something at run time: read the body strictly, give the
 * command, answer with the object as it is now.
 *
 * Must not know: how a command is carried out.
 */
#include <errno.h>

#include "control/etags.h"
#include "control/handlers.h"
#include "control/price.h"
#include "http/mistakes.h"
#include "http/reply.h"

static const struct word service_admin_words[] = {
	{ "enabled", 0 },
	{ "disabled", 1 },
	{ NULL, 0 },
};

static const struct input_field service_fields[] = {
	{ .name = "admin", .kind = INPUT_WORD, .words = service_admin_words },
};

enum { BACKEND_ADMIN, BACKEND_WEIGHT, BACKEND_FIELDS };

static const struct input_field backend_fields[BACKEND_FIELDS] = {
	{ .name = "admin", .kind = INPUT_WORD, .words = admin_words },
	{ .name = "weight", .kind = INPUT_NUMBER, .min = 0, .max = 65535 },
};

static int read_body(struct request *rq, const struct input_field *fields,
		     size_t n, struct input_value *v, struct err *err)
{
	return request_input(rq, fields, n, v, err);
}

static void try_service(struct request *rq, bool disabled)
{
	struct err err = { "" };
	struct forecast f;
	int ret = forecast_service(request_daemon(rq), rq->at[AT_SERVICE],
				   disabled, &f, &err);

	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_forecast(rq, &f);
}

/* Is it still what the client has seen? What is not there, the command says.
 * False: answered. */
static bool is_fresh(struct request *rq)
{
	const struct service *s =
	    model_service(request_daemon(rq)->model, rq->at[AT_SERVICE]);
	const char *name = rq->at[AT_BACKEND];
	const struct backend *b = s && *name ? service_backend(s, name) : NULL;
	char etag[ETAG_STRLEN];

	if (!s || (*name && !b))
		return true;
	return request_fresh(rq,
			     b ? etag_backend(b, etag) : etag_service(s, etag));
}

void change_service(struct request *rq)
{
	struct input_value v;
	struct err err = { "" };
	const struct author who = request_author(rq);
	int ret = read_body(rq, service_fields, 1, &v, &err);
	bool dry;

	if (ret == 0 && !v.given)
		ret = err_set(&err, -EINVAL, "nothing to change: say admin");
	if (ret == 0 && (!is_fresh(rq) || !read_dry_run(rq, &dry)))
		return;
	if (ret == 0 && dry) {
		try_service(rq, v.number);
		return;
	}
	if (ret == 0)
		ret = command_service_disabled(request_daemon(rq), &who,
					       rq->at[AT_SERVICE], v.number,
					       &err);
	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		show_service(rq);
}

static int32_t weight_of(const struct input_value *v)
{
	return v->null ? WEIGHT_DEFAULT : (int32_t)v->number;
}

static void try_backend(struct request *rq, const struct input_value *v)
{
	const enum admin admin = (enum admin)v[BACKEND_ADMIN].number;
	const int32_t weight = weight_of(&v[BACKEND_WEIGHT]);
	struct err err = { "" };
	struct forecast f;
	int ret = forecast_backend(
	    request_daemon(rq), rq->at[AT_SERVICE], rq->at[AT_BACKEND],
	    v[BACKEND_ADMIN].given ? &admin : NULL,
	    v[BACKEND_WEIGHT].given ? &weight : NULL, &f, &err);

	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_forecast(rq, &f);
}

void change_backend(struct request *rq)
{
	struct input_value v[BACKEND_FIELDS];
	const struct input_value *weight = &v[BACKEND_WEIGHT];
	struct err err = { "" };
	const struct author who = request_author(rq);
	int ret = read_body(rq, backend_fields, BACKEND_FIELDS, v, &err);
	bool dry;

	if (ret == 0 && !v[BACKEND_ADMIN].given && !weight->given)
		ret = err_set(&err, -EINVAL,
			      "nothing to change: say admin or weight");
	if (ret == 0 && (!is_fresh(rq) || !read_dry_run(rq, &dry)))
		return;
	if (ret == 0 && dry) {
		try_backend(rq, v);
		return;
	}
	if (ret == 0 && v[BACKEND_ADMIN].given)
		ret = command_backend_admin(
		    request_daemon(rq), &who, rq->at[AT_SERVICE],
		    rq->at[AT_BACKEND], (enum admin)v[BACKEND_ADMIN].number,
		    &err);
	if (ret == 0 && weight->given)
		ret = command_backend_weight(
		    request_daemon(rq), &who, rq->at[AT_SERVICE],
		    rq->at[AT_BACKEND], weight_of(weight), &err);
	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		show_backend(rq);
}

static void do_command(struct request *rq,
		       int (*command)(struct daemon *d,
				      const struct author *who,
				      struct err *err))
{
	struct err err = { "" };
	const struct author who = request_author(rq);
	int ret = read_body(rq, NULL, 0, NULL, &err);

	if (ret == 0)
		ret = command(request_daemon(rq), &who, &err);
	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_json(rq, json_object());
}

void do_sync(struct request *rq)
{
	bool dry;

	if (!read_dry_run(rq, &dry))
		return;
	if (dry)
		reply_sync_forecast(rq);
	else
		do_command(rq, command_sync);
}

void do_flush(struct request *rq)
{
	do_command(rq, command_flush);
}
