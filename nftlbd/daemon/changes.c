/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the model's changes to what the daemon does about them: an event for
 * each, one commit for all, and a clock for what changes by itself as long as
 * there is any.
 */
#include "daemon/committer.h"
#include "daemon/daemon.h"
#include "model/step.h"

#define TICK_MIN_S 0.05 /* what is due together is done together */

static void tick_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct changes changes = { 0 };
	struct daemon *d = w->data;

	d->tick_ms = 0;
	step_tick(d->model, daemon_now_ms(), &changes);
	daemon_changes(d, &changes);
}

void daemon_ticks(struct daemon *d)
{
	int64_t next_ms = step_next_ms(d->model);
	double wait_s;

	if (next_ms == d->tick_ms)
		return; /* most results change no timer */
	d->tick_ms = next_ms;
	ev_timer_stop(d->loop, &d->tick);
	if (next_ms == 0)
		return;
	wait_s = (double)(next_ms - daemon_now_ms()) / 1e3;
	ev_now_update(d->loop);
	ev_timer_init(&d->tick, tick_cb,
		      wait_s > TICK_MIN_S ? wait_s : TICK_MIN_S, 0);
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
