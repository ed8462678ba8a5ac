/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /healthz, for those who watch or restart us. That there is an answer says
 * that the loop runs. A configuration that was refused is no illness: the old
 * one serves.
 */
#include "metrics/healthy.h"

#include "control/handlers.h"
#include "daemon/health.h"
#include "http/reply.h"

static bool flushed(const struct daemon *d)
{
	return d->flushed;
}

static bool refused(const struct daemon *d)
{
	return d->observed.refused;
}

static bool unprobed(const struct daemon *d)
{
	struct health_info info;

	if (!d->health)
		return false; /* the start is not over */
	health_info(d->health, &info);
	for (int i = 0; i < HEALTH_LANES; i++)
		if (info.lanes[i].wanted && info.lanes[i].jobs &&
		    !info.lanes[i].pid)
			return true;
	return false;
}

static const struct {
	bool (*is)(const struct daemon *d);
	const char *words;
} ills[] = {
	{ refused, "the kernel refused the last commit" },
	{ flushed, "the tables were flushed and stay away" },
	{ unprobed, "a prober does not run" },
};

bool healthy(const struct daemon *d, json_t *reasons)
{
	bool all = true;

	for (size_t i = 0; i < sizeof(ills) / sizeof(ills[0]); i++) {
		if (!ills[i].is(d))
			continue;
		all = false;
		if (reasons)
			json_array_append_new(reasons,
					      json_string(ills[i].words));
	}
	return all;
}

void show_health(struct request *rq)
{
	json_t *reasons = json_array();
	bool well = healthy(request_daemon(rq), reasons);

	reply_json(rq, json_pack("{s:s, s:o}", "status",
				 well ? "ok" : "failing", "reasons", reasons));
	if (!well)
		rq->status = MHD_HTTP_SERVICE_UNAVAILABLE;
}
