/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * That the loop turns is known by whom it calls. What it cannot see is a change
 * that nobody is going to commit: it is committed from here then, and where
 * that does not help either, we are not fit.
 */
#include "daemon/fitness.h"

#include <stdio.h>
#include <string.h>

#include "daemon/committer.h"
#include "lib/log.h"

void fitness_line(void *daemon, char line[MANAGER_STATUS_MAX])
{
	const struct daemon *d = daemon;
	size_t n = 0, up = 0;

	for (size_t i = 0; i < d->model->nservices; i++) {
		const struct service *s = &d->model->services[i];

		n += s->nbackends;
		for (size_t b = 0; b < s->nbackends; b++)
			up += backend_state(&s->backends[b]) < BACKEND_DOWN;
	}
	snprintf(line, MANAGER_STATUS_MAX,
		 "%zu service%s, %zu of %zu backends up%s%s%s%.100s",
		 d->model->nservices, d->model->nservices == 1 ? "" : "s", up,
		 n, d->flushed ? ", flushed: sync puts our tables back" : "",
		 d->last_reload_ok ? "" : ", the last reload was refused",
		 d->last_error[0] ? ": " : "",
		 d->last_error[0] ? d->last_error : "");
}

bool fitness_is(void *daemon)
{
	struct daemon *d = daemon;

	if (!committer_forgot(d->committer))
		return true;
	log_error("%zu services have changed and nobody commits them; done "
		  "now",
		  d->model->ndirty);
	committer_batch(d->committer);
	return false;
}
