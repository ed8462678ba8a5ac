/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend in state drain, by the operator's word or its own, keeps its flows
 * until drain_timeout_ms after it began; then they are cut (backend_cut()).
 *
 * Invariant: drained only while draining. A longer time-out from a reload comes
 * too late for flows that were cut.
 */
#include "model/drain.h"

void drain_update(const struct service *s, struct backend *b, int64_t now_ms,
		  struct changes *out)
{
	uint32_t timeout_ms = s->conf->drain_timeout_ms;

	if (backend_admin(b) != ADMIN_DRAIN) {
		b->drain_ms = 0;
		b->drained = false;
		return;
	}
	if (b->drain_ms == 0)
		b->drain_ms = now_ms;
	if (b->drained || timeout_ms == 0 || now_ms - b->drain_ms < timeout_ms)
		return;
	b->drained = true;
	changes_add(out, "drain", s, b, "draining", "drained",
		    "drain-timeout=%ums is over", timeout_ms);
}

int64_t drain_next_ms(const struct service *s, const struct backend *b)
{
	if (b->drain_ms == 0 || b->drained || s->conf->drain_timeout_ms == 0)
		return 0;
	return b->drain_ms + s->conf->drain_timeout_ms;
}
