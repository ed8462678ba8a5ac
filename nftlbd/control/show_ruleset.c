/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/ruleset: a child lists it; see listing_child(). */
#include "control/listing.h"

static int ruleset_child(const struct request *rq)
{
	return listing_child(request_daemon(rq)->model->conf->table);
}

void show_ruleset(struct request *rq)
{
	static const struct listing_kind kind = { "listing the rule set",
						  "text/plain; charset=utf-8",
						  ruleset_child };

	listing_start(rq, &kind);
}
