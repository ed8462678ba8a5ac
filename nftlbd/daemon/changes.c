/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the model's changes to what the daemon does about them: an event for
 * each, and one commit for all. */
#include <time.h>

#include "daemon/committer.h"
#include "daemon/daemon.h"

void daemon_changes(struct daemon *d, struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *at = &c->list[i];

		daemon_event(d, at->kind, at->s->conf->name,
			     at->b ? at->b->conf->name : NULL, at->old_state,
			     at->new_state, "%s", at->reason);
	}
	if (c->urgent)
		committer_urgent(d->committer);
	else if (c->worthwhile)
		committer_batch(d->committer);
	changes_free(c);
}

int64_t daemon_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}
