/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /metrics. The kernel is asked for single counters only, never for its
 * rule set.
 *
 * Must not know: who scrapes.
 */
#include "config.h"
#include "hvagent/api_impl.h"
#include "hvagent/api_status.h"
#include "hvagent/export.h"
#include "lib/exposition.h"

static void one(struct expo *e, const char *name, enum expo_type type,
		const char *help, uint64_t value)
{
	expo_family(e, name, type, help);
	expo_count(e, value);
}

/* Two values told apart by a label. */
static void two(struct expo *e, const char *name, enum expo_type type,
		const char *help, const char *label, const char *first,
		uint64_t value, const char *second, uint64_t value2)
{
	expo_family(e, name, type, help);
	expo_count_of(e, label, first, value);
	expo_count_of(e, label, second, value2);
}

static void seconds(struct expo *e, const char *name, const char *help,
		    double value)
{
	expo_family(e, name, EXPO_GAUGE, help);
	expo_real(e, value);
}

/* What the kernel does not tell is left out: 0 would be a lie. */
static void put_counters(struct expo *e, struct agent *a)
{
	struct agent_drops d = { 0 };
	struct err err;

	if (agent_drops(a, &d, &err) < 0)
		return;
	one(e, "hvagent_decapsulated_packets_total", EXPO_COUNTER,
	    "Packets that came out of tunnels.", d.packets);
	one(e, "hvagent_decapsulated_bytes_total", EXPO_COUNTER,
	    "Their bytes, without the tunnel's header.", d.bytes);
	two(e, "hvagent_dropped_packets_total", EXPO_COUNTER,
	    "Packets that were dropped: in tunnels, of senders that are no "
	    "gateways, or for no binding; of machines, and of no flow of "
	    "which the service is known.",
	    "reason", "stranger", d.strangers, "unbound", d.unbound);
	expo_count_of(e, "reason", "stale", d.stale);
}

static void put_export(struct expo *e, const struct agent *a)
{
	const struct export_status *st = export_status(a);

	if (!st)
		return;
	two(e, "hvagent_exports_total", EXPO_COUNTER,
	    "Exports of the list of bindings.", "result", "ok", st->good,
	    "failed", st->failed);
	one(e, "hvagent_export_last_successful", EXPO_GAUGE,
	    "Was the last export a good one?", st->failures == 0);
	one(e, "hvagent_export_bindings", EXPO_GAUGE,
	    "Bindings in the last export.", st->bindings);
	seconds(e, "hvagent_export_last_success_timestamp_seconds",
		"When a good export ended last; 0: never.", st->ended);
	seconds(e, "hvagent_export_last_duration_seconds",
		"How long the last good export took.", st->took_s);
}

static void put_status(struct expo *e, const struct agent *a)
{
	const struct agent_status *st = &a->status;

	two(e, "hvagent_commits_total", EXPO_COUNTER,
	    "Transactions of nf_tables.", "result", "ok", st->commits,
	    "refused", st->refused);
	one(e, "hvagent_repairs_total", EXPO_COUNTER,
	    "Times that the kernel was not as we had left it.", st->repairs);
	two(e, "hvagent_reloads_total", EXPO_COUNTER,
	    "Readings of the configuration file.", "result", "ok", st->reloads,
	    "refused", st->reloads_failed);
	one(e, "hvagent_last_change_successful", EXPO_GAUGE,
	    "Does the kernel hold what was asked for last?",
	    !st->error[0] && !st->device[0]);
	seconds(e, "hvagent_last_commit_duration_seconds",
		"How long the last transaction took.", st->commit_s);
	seconds(e, "hvagent_last_change_timestamp_seconds",
		"When bindings changed last; 0: never.", st->changed);
}

void api_show_metrics(struct request *rq)
{
	struct api *api = request_api(rq);
	struct buf out = { 0 };
	struct expo e = { .out = &out, .openmetrics = request_openmetrics(rq) };
	size_t of_file, of_api;

	api_count_bindings(api->a, &of_file, &of_api);
	expo_family(&e, "hvagent_build_info", EXPO_GAUGE,
		    "Which program this is.");
	expo_count_of(&e, "version", PACKAGE_VERSION, 1);
	seconds(&e, "hvagent_start_time_seconds", "When it was started.",
		api->started);
	two(&e, "hvagent_bindings", EXPO_GAUGE, "Bindings, by whose they are.",
	    "origin", "file", of_file, "api", of_api);
	put_export(&e, api->a);
	put_counters(&e, api->a);
	put_status(&e, api->a);
	expo_end(&e);
	expo_free(&e);
	reply_response(rq,
		       MHD_create_response_from_buffer(out.len, out.data,
						       MHD_RESPMEM_MUST_FREE),
		       expo_content_type(e.openmetrics));
}
