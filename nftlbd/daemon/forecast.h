/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would a change do? A plan, and the flows that would end. */
#ifndef NFTLB_DAEMON_FORECAST_H
#define NFTLB_DAEMON_FORECAST_H

#include "daemon/daemon.h"

struct forecast {
	struct plan *plan;
	struct flow_match *ends; /* what would be cut from conntrack */
	size_t nends;
};

/**
 * forecast_make() - the forecast of a plan; takes @plan
 * @m: the model that it was made from, settled
 * @whole: the plan is one of all services
 */
void forecast_make(struct forecast *f, const struct model *m, struct plan *plan,
		   bool whole);
void forecast_free(struct forecast *f);

/**
 * forecast_begin() - a copy of the daemon's model, to try steps on
 * Nobody hears of them. To be given to forecast_end() before anything else
 * happens to the daemon.
 * forecast_end() - what these steps would do; frees the copy. NULL for @f:
 * nobody wants to know
 */
struct model *forecast_begin(const struct daemon *d);
void forecast_end(const struct daemon *d, struct model *m, struct forecast *f);

/* ---- of the operator's commands (daemon.h); errors are the same: -ENOENT,
 * -ERANGE, with words. Nothing changes. */

/** forecast_backend() - @admin, @weight: NULL = that stays as it is */
int forecast_backend(const struct daemon *d, const char *service,
		     const char *backend, const enum admin *admin,
		     const int32_t *weight, struct forecast *f,
		     struct err *err);
int forecast_service(const struct daemon *d, const char *service, bool disabled,
		     struct forecast *f, struct err *err);

#endif
