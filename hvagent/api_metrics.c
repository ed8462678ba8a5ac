/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /metrics: the text format of Prometheus, version 0.0.4. The kernel is
 * asked for single counters only, never for its rule set.
 *
 * Must not know: who scrapes.
 */
#include <inttypes.h>

#include "config.h"
#include "hvagent/api_impl.h"
#include "hvagent/api_status.h"
#include "hvagent/export.h"
#include "lib/buf.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void head(struct buf *out, const char *name, const char *type,
		 const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type,
		const char *help, uint64_t value)
{
	head(out, name, type, help);
	buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

/* Two values told apart by a label. */
static void two(struct buf *out, const char *name, const char *type,
		const char *help, const char *label, const char *first,
		uint64_t value, const char *second, uint64_t value2)
{
	head(out, name, type, help);
	buf_printf(out,
		   "%s{%s=\"%s\"} %" PRIu64 "\n%s{%s=\"%s\"} %" PRIu64 "\n",
		   name, label, first, value, name, label, second, value2);
}

static void seconds(struct buf *out, const char *name, const char *help,
		    double value)
{
	head(out, name, "gauge", help);
	buf_printf(out, "%s %.6f\n", name, value);
}

/* What the kernel does not tell is left out: 0 would be a lie. */
static void put_counters(struct buf *out, struct agent *a)
{
	struct agent_drops d = { 0 };
	struct err err;

	if (agent_drops(a, &d, &err) < 0)
		return;
	one(out, "hvagent_decapsulated_packets_total", "counter",
	    "Packets that came out of tunnels.", d.packets);
	one(out, "hvagent_decapsulated_bytes_total", "counter",
	    "Their bytes, without the tunnel's header.", d.bytes);
	two(out, "hvagent_dropped_packets_total", "counter",
	    "Packets that were dropped: in tunnels, of senders that are no "
	    "gateways, or for no binding; of machines, and of no flow of "
	    "which the service is known.",
	    "reason", "stranger", d.strangers, "unbound", d.unbound);
	buf_printf(out,
		   "hvagent_dropped_packets_total{reason=\"stale\"} %" PRIu64
		   "\n",
		   d.stale);
}

static void put_export(struct buf *out, const struct agent *a)
{
	const struct export_status *st = export_status(a);

	if (!st)
		return;
	two(out, "hvagent_exports_total", "counter",
	    "Exports of the list of bindings.", "result", "ok", st->good,
	    "failed", st->failed);
	one(out, "hvagent_export_last_successful", "gauge",
	    "Was the last export a good one?", st->failures == 0);
	one(out, "hvagent_export_bindings", "gauge",
	    "Bindings in the last export.", st->bindings);
	seconds(out, "hvagent_export_last_success_timestamp_seconds",
		"When a good export ended last; 0: never.", st->ended);
	seconds(out, "hvagent_export_last_duration_seconds",
		"How long the last good export took.", st->took_s);
}

static void put_status(struct buf *out, const struct agent *a)
{
	const struct agent_status *st = &a->status;

	two(out, "hvagent_commits_total", "counter",
	    "Transactions of nf_tables.", "result", "ok", st->commits,
	    "refused", st->refused);
	one(out, "hvagent_repairs_total", "counter",
	    "Times that the kernel was not as we had left it.", st->repairs);
	two(out, "hvagent_reloads_total", "counter",
	    "Readings of the configuration file.", "result", "ok", st->reloads,
	    "refused", st->reloads_failed);
	one(out, "hvagent_last_change_successful", "gauge",
	    "Does the kernel hold what was asked for last?",
	    !st->error[0] && !st->device[0]);
	seconds(out, "hvagent_last_commit_duration_seconds",
		"How long the last transaction took.", st->commit_s);
	seconds(out, "hvagent_last_change_timestamp_seconds",
		"When bindings changed last; 0: never.", st->changed);
}

void api_show_metrics(struct request *rq)
{
	struct api *api = request_api(rq);
	struct buf out = { 0 };
	size_t of_file, of_api;

	api_count_bindings(api->a, &of_file, &of_api);
	head(&out, "hvagent_build_info", "gauge", "Which program this is.");
	buf_printf(&out, "hvagent_build_info{version=\"%s\"} 1\n",
		   PACKAGE_VERSION);
	seconds(&out, "hvagent_start_time_seconds", "When it was started.",
		api->started);
	two(&out, "hvagent_bindings", "gauge", "Bindings, by whose they are.",
	    "origin", "file", of_file, "api", of_api);
	put_export(&out, api->a);
	put_counters(&out, api->a);
	put_status(&out, api->a);
	reply_response(rq,
		       MHD_create_response_from_buffer(out.len, out.data,
						       MHD_RESPMEM_MUST_FREE),
		       CONTENT_TYPE);
}
