/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that say what a change would do, and what it costs. */
#ifndef NFTLB_CONTROL_PRICE_H
#define NFTLB_CONTROL_PRICE_H

#include "daemon/forecast.h"
#include "http/request.h"

/** read_dry_run() - ?dry_run=1: is it only asked what would happen? False: the
 * value is none; that is answered */
bool read_dry_run(struct request *rq, bool *dry);

/** reply_forecast() - answer with @f, at once or when the flows that would end
 * are counted; frees it */
void reply_forecast(struct request *rq, struct forecast *f);
/** reply_diff() - answer with what a reload would do; see daemon_diff() */
void reply_diff(struct request *rq, const char *path,
		const struct conf_source *from);
/** reply_sync_forecast() - answer with what a sync would do */
void reply_sync_forecast(struct request *rq);

#endif
