/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the model's changes to what the daemon does about them: an event for
 * each, one commit for all, and a clock for what changes by itself as long as
 * there is any.
 */
#include "daemon/committer.h"
#include "daemon/daemon.h"
#include "model/step.h"

#define TICK_S 0.1

static void tick_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct changes changes = { 0 };
	struct daemon *d = w->data;

	step_tick(d->model, daemon_now_ms(), &changes);
	daemon_changes(d, &changes);
}

void daemon_ticks(struct daemon *d)
{
	bool wanted = d->model->ntimed > 0;

	if (wanted == (ev_is_active(&d->tick) != 0))
		return;
	if (!wanted) {
		ev_timer_stop(d->loop, &d->tick);
		return;
	}
	ev_timer_init(&d->tick, tick_cb, TICK_S, TICK_S);
	d->tick.data = d;
	ev_timer_start(d->loop, &d->tick);
}

void daemon_changes(struct daemon *d, struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *at = &c->list[i];

		daemon_event(d, at->kind, at->s->conf->name,
			     at->b ? at->b->conf->name : NULL, at->old_state,
			     at->new_state, "%s", at->reason);
	}
	if (c->urgent)
		committer_urgent(d->committer, c->since_us);
	else if (c->worthwhile)
		committer_batch(d->committer);
	changes_free(c);
	daemon_ticks(d);
}
