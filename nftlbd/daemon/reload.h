/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One way from what is to be to what is, whatever the cause. */
#ifndef NFTLB_DAEMON_RELOAD_H
#define NFTLB_DAEMON_RELOAD_H

#include "daemon/daemon.h"
#include "revisions/record.h"

struct reload_change {
	enum revision_cause cause;
	const struct conf_file *files; /* to be put in the place of those on
					* disk, the main one first; copied.
					* NULL: what is on disk counts */
	size_t nfiles;
	bool exact;          /* there are no other files */
	uint32_t confirm_ms; /* undone after that; 0 = it stays */
	uint64_t back_to;    /* by this revision; with confirm_ms */
	const char *member;  /* only a member of a pool is another, which is
			      * staged (daemon/members.h): what is on disk is
			      * not looked at. Words for people; copied */
};

/**
 * daemon_change() - adopt a configuration, or change nothing
 * Returns and goes on as daemon_reload(). -EALREADY: something waits for a
 * confirm.
 */
int daemon_change(struct daemon *d, const struct author *who,
		  const struct reload_change *c, struct conf_errors *errors,
		  struct err *err);

/**
 * reload_load() - a configuration that may take the place of the present one
 * @source: members of pools are put into it
 * Return: 0; -EINVAL: see @errors; -EBUSY: it needs a restart; other -errno:
 * the kernel lacks something; with words.
 */
int reload_load(struct daemon *d, const char *path, struct conf_source *source,
		struct conf **conf, struct conf_errors *errors,
		struct err *err);

#endif
