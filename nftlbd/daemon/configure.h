/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations that are applied, confirmed, undone and brought back. */
#ifndef NFTLB_DAEMON_CONFIGURE_H
#define NFTLB_DAEMON_CONFIGURE_H

#include "config/conf.h"
#include "daemon/daemon.h"
#include "revisions/record.h"

/* ---- commands. What they return is said at daemon_reload(), beside: -EBUSY
 * with words: not now, nothing was changed. */

/**
 * command_config_apply() - @text becomes the main file, and what runs
 * @cause: CAUSE_APPLY or CAUSE_PUT
 * @confirm_ms: it is undone after that, unless confirmed; 0 = it stays
 * -EBUSY also where the main file on disk was edited and never loaded, and does
 * not say @text.
 */
int command_config_apply(struct daemon *d, const struct author *who,
			 enum revision_cause cause, const char *text,
			 size_t len, uint32_t confirm_ms,
			 struct conf_errors *errors, struct err *err);
/**
 * command_config_rollback() - bring a revision back, all of its files
 * @number: 0 = the one before, or the one that a pending apply would fall back
 * to. -ENOENT: it is not kept; -EBADMSG: it is damaged.
 */
int command_config_rollback(struct daemon *d, const struct author *who,
			    uint64_t number, uint32_t confirm_ms,
			    struct conf_errors *errors, struct err *err);
/** command_config_confirm() - what was applied stays. -EBUSY: nothing waits */
int command_config_confirm(struct daemon *d, const struct author *who,
			   struct err *err);

/* ---- for main() */

/**
 * configure_first() - what to start with, where the files say @conf
 * What was not confirmed in time is left, members of pools are added. Changes
 * nothing on disk. Takes @conf; never fails, for @conf is good.
 */
struct conf *configure_first(struct daemon *d, struct conf *conf);
/** configure_start() - the model is made, and nobody else is at our files: put
 * back what is undone, keep the revision, go on waiting for a confirm */
void configure_start(struct daemon *d);
void configure_stop(struct daemon *d);

#endif
