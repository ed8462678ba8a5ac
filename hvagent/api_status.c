/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers that say how the agent is, and the one that has it look again.
 *
 * Must not know: bindings one by one.
 */
#include "hvagent/api_status.h"
#include "config.h"
#include "http/mistakes.h"
#include "hvagent/api_impl.h"
#include "hvagent/export.h"
#include "lib/buf.h"

void api_count_bindings(const struct agent *a, size_t *of_file, size_t *of_api)
{
	*of_file = *of_api = 0;
	for (size_t i = 0; i < a->bindings.n; i++)
		if (a->bindings.list[i]->origin == BINDING_OF_FILE)
			(*of_file)++;
		else
			(*of_api)++;
}

/* "received" and "drops"; null where the kernel does not say. */
static void put_counters(struct agent *a, json_t *o)
{
	struct agent_drops d = { 0 };
	bool known = agent_drops(a, &d, NULL) == 0;

	json_object_set_new(o, "received",
			    known ? json_pack("{s:I, s:I}", "packets",
					      (json_int_t)d.packets, "bytes",
					      (json_int_t)d.bytes)
				  : json_null());
	json_object_set_new(o, "drops",
			    known ? json_pack("{s:I, s:I, s:I}", "strangers",
					      (json_int_t)d.strangers,
					      "unbound", (json_int_t)d.unbound,
					      "stale", (json_int_t)d.stale)
				  : json_null());
}

static json_t *json_addresses(const struct hv_conf *c)
{
	json_t *list = json_array();
	char text[ADDR_STRLEN];

	for (size_t i = 0; i < c->ngateways; i++)
		json_array_append_new(
		    list, json_string(addr_format(&c->gateways[i], text)));
	return list;
}

static json_t *json_uplinks(const struct hv_conf *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nuplinks; i++)
		json_array_append_new(list, json_string(c->uplinks[i]));
	return list;
}

/* Not where to: a URL may hold a password. */
static json_t *json_export(const struct agent *a)
{
	const struct export_status *st = export_status(a);

	if (!st)
		return json_null();
	return json_pack(
	    "{s:s, s:b, s:I, s:I, s:I, s:o, s:f, s:I, s:o}", "type", st->type,
	    "busy", st->busy, "good", (json_int_t)st->good, "failed",
	    (json_int_t)st->failed, "failures", (json_int_t)st->failures,
	    "last",
	    st->ended > 0. ? json_time((int64_t)(st->ended * 1000.))
			   : json_null(),
	    "last_s", st->took_s, "bindings", (json_int_t)st->bindings, "error",
	    json_text(st->error));
}

void api_show_status(struct request *rq)
{
	struct api *api = request_api(rq);
	struct agent *a = api->a;
	const struct agent_status *st = &a->status;
	size_t of_file, of_api;
	json_t *o;

	api_count_bindings(a, &of_file, &of_api);
	o = json_pack(
	    "{s:s, s:s, s:o, s:I, s:o, s:o, s:s, s:{s:I, s:I, s:I}, "
	    "s:{s:I, s:I, s:f}, s:I, s:{s:I, s:I}, s:o, s:o, s:o}",
	    "program", "hvagent", "version", PACKAGE_VERSION, "started",
	    json_time((int64_t)(api->started * 1000.)), "uptime_s",
	    (json_int_t)(ev_now(a->loop) - api->started), "uplinks",
	    json_uplinks(a->conf), "gateways", json_addresses(a->conf), "table",
	    a->conf->table ? a->conf->table : "", "bindings", "total",
	    (json_int_t)a->bindings.n, "file", (json_int_t)of_file, "api",
	    (json_int_t)of_api, "commits", "done", (json_int_t)st->commits,
	    "refused", (json_int_t)st->refused, "last_s", st->commit_s,
	    "repairs", (json_int_t)st->repairs, "reloads", "done",
	    (json_int_t)st->reloads, "failed", (json_int_t)st->reloads_failed,
	    "changed",
	    st->changed > 0. ? json_time((int64_t)(st->changed * 1000.))
			     : json_null(),
	    "export", json_export(a), "error",
	    json_text(*st->error ? st->error : st->device));
	put_counters(a, o);
	reply_json(rq, o);
}

void api_show_version(struct request *rq)
{
	reply_json(rq, json_pack("{s:s, s:s, s:i}", "program", "hvagent",
				 "version", PACKAGE_VERSION, "api", 1));
}

/* Healthy: the kernel holds what was asked for last. */
void api_show_health(struct request *rq)
{
	const struct agent *a = request_api(rq)->a;

	if (a->status.error[0] || a->status.device[0])
		reply_problem(rq, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "the kernel is not as it should be; see the "
			      "status");
	else
		reply_json(rq, json_pack("{s:s}", "status", "ok"));
}

void api_sync(struct request *rq)
{
	struct err err = { "" };
	int ret = request_input(rq, NULL, 0, NULL, &err);

	if (ret == 0)
		ret = agent_sync(request_api(rq)->a, &err);
	if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_json(rq, json_object());
}
