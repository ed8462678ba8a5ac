/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history while the daemon runs (model/history.h): states from events,
 * samples by the clock. It begins anew with the daemon.
 *
 * What it costs: counters are not read for it, but taken as last read. Where
 * connections are not kept track of anyhow, conntrack is asked, and that takes
 * 0.5 % of the time at most: the longer an answer takes, the fewer samples say
 * how many connections there were.
 */
#ifndef NFTLB_DAEMON_HISTORY_H
#define NFTLB_DAEMON_HISTORY_H

#include "daemon/daemon.h"
#include "model/history.h"

/** daemon_history_open() - after the first commit
 * daemon_history_close() - @h may be NULL */
struct daemon_history *daemon_history_open(struct daemon *d);
void daemon_history_close(struct daemon_history *h);

/** daemon_history_event() - something happened to this service; @h may be NULL
 */
void daemon_history_event(struct daemon_history *h, const char *service);

/** daemon_history_view() - the history, of d->model as it is now; NULL where
 * there is none. Valid until the loop turns.
 * @began_ms: Unix time of its beginning, may be NULL */
const struct history *daemon_history_view(struct daemon_history *h,
					  int64_t *began_ms);
/** daemon_history_changes() - counts samples and what they learn later; for
 * who asks whether there is something new */
uint64_t daemon_history_changes(const struct daemon_history *h);

#endif
