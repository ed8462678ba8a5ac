/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forecast as an answer: the plan in words, its price in numbers, and both in
 * one sentence. The flows that would end are counted in the kernel's table of
 * connections, which takes a while.
 *
 * Must not know: how a plan is made.
 */
#include "control/price.h"

#include <stdlib.h>
#include <string.h>

#include "control/handlers.h"
#include "control/json.h"
#include "http/mistakes.h"
#include "http/reply.h"
#include "lib/xalloc.h"

bool read_dry_run(struct request *rq, bool *dry)
{
	const char *said = request_query(rq, "dry_run");

	*dry = said && !strcmp(said, "1");
	if (!said || *dry || !strcmp(said, "0"))
		return true;
	mistake_query(rq, "dry_run", "0 1", "dry_run: allowed: 0, 1");
	return false;
}

struct price_job {
	struct later later; /* first */
	bool empty;
	char *text;
	json_t *services; /* [{name, change}] */
	struct plan_price price;
};

static const char *const change_words[] = {
	[PLAN_CHANGED] = "changed",
	[PLAN_ADDED] = "added",
	[PLAN_REMOVED] = "removed",
};

static json_t *json_touched(const struct plan *plan)
{
	struct plan_touched *list;
	size_t n = plan_touched(plan, &list);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    all, json_pack("{s:s, s:s}", "name", list[i].service,
				   "change", change_words[list[i].how]));
	free(list);
	return all;
}

static void say_flows(struct buf *out, const json_t *flows)
{
	json_int_t n = json_integer_value(flows);

	if (json_is_null(flows))
		buf_printf(out, "of established flows it is not known how many "
				"end");
	else
		buf_printf(out,
			   "%" JSON_INTEGER_FORMAT " established flow%s end%s",
			   n, n == 1 ? "" : "s", n == 1 ? "s" : "");
}

/* "would move 12 of 60 slots (20 % of new clients), ..." */
static json_t *json_sentence(const struct price_job *job, const json_t *flows)
{
	size_t n = json_array_size(job->services);
	struct buf out = { 0 };
	json_t *s;

	if (job->empty) {
		buf_printf(&out, "would change nothing, ");
	} else {
		buf_printf(&out,
			   "would move %llu of %llu slots (%.3g %% of new "
			   "clients), ",
			   (unsigned long long)job->price.slots_moved,
			   (unsigned long long)job->price.slots_total,
			   100. * job->price.clients_moved);
	}
	say_flows(&out, flows);
	buf_printf(&out, ", %zu service%s", n, n == 1 ? "" : "s");
	s = json_string(out.data);
	buf_free(&out);
	return s;
}

/* Takes @flows. */
static json_t *json_plan(const struct price_job *job, json_t *flows)
{
	return json_pack("{s:b, s:o, s:o, s:O, s:o}", "empty", (int)job->empty,
			 "summary", json_sentence(job, flows), "text",
			 json_safe(job->text ? job->text : ""), "services",
			 job->services, "price",
			 json_price(&job->price, flows));
}

static void price_abandon(struct later *l)
{
	/* flows_count() still answers; on_flows() frees the job then. */
}

static void price_free(struct price_job *job)
{
	free(job->text);
	json_decref(job->services);
	free(job);
}

static void on_flows(void *arg, int status, const uint64_t *counts, size_t n)
{
	struct price_job *job = arg;
	struct request *rq = job->later.rq;
	json_int_t sum = 0;

	for (size_t i = 0; status == 0 && i < n; i++)
		sum += (json_int_t)counts[i];
	if (rq) {
		reply_json(rq, json_plan(job, status == 0 ? json_integer(sum)
							  : json_null()));
		request_resume(rq);
	}
	price_free(job);
}

static struct price_job *price_new(const struct plan *plan)
{
	struct price_job *job = xcalloc(1, sizeof(*job));
	struct buf text = { 0 };

	plan_print(plan, &text);
	plan_price(plan, &job->price);
	job->text = text.data;
	job->empty = plan_empty(plan);
	job->services = json_touched(plan);
	return job;
}

void reply_forecast(struct request *rq, struct forecast *f)
{
	struct price_job *job = price_new(f->plan);
	struct flows *flows = request_daemon(rq)->flows;

	if (f->nends && flows) {
		job->later =
		    (struct later){ .rq = rq, .abandon = price_abandon };
		request_suspend(rq, &job->later);
		flows_count(flows, f->ends, f->nends, on_flows, job);
	} else {
		reply_json(rq, json_plan(job, f->nends ? json_null()
						       : json_integer(0)));
		price_free(job);
	}
	forecast_free(f);
}

void reply_sync_forecast(struct request *rq)
{
	struct daemon *d = request_daemon(rq);
	struct forecast f;

	forecast_make(&f, d->model, daemon_plan(d), true);
	reply_forecast(rq, &f);
}
