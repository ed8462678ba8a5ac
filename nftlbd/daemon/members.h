/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of dynamic pools that were added at run time: kept in state-dir, and
 * a part of every configuration that is loaded.
 */
#ifndef NFTLB_DAEMON_MEMBERS_H
#define NFTLB_DAEMON_MEMBERS_H

#include "config/conf.h"
#include "daemon/daemon.h"

struct members;

/** members_open() - what is in state-dir; never NULL. What makes no sense is
 * logged and set aside as pools.json.bad. */
struct members *members_open(const char *state_dir);
void members_close(struct members *m);

/** members_source() - put them into @source; @m may be NULL: none */
void members_source(const struct members *m, struct conf_source *source);

/* A change: stage, load the configuration, save, commit, then adopt or unstage.
 * A member that is there is replaced; @line NULL: removed. */
void members_stage(struct members *m, const char *pool, const char *name,
		   const char *line);
/** members_save() - what is staged, to disk; 0 or -errno with words */
int members_save(struct members *m, struct err *err);
void members_unstage(struct members *m);
/** members_adopt() - d->model has them: tell whose fate is another now */
void members_adopt(struct daemon *d);

/** members_line() - what was said of a member; NULL: it was not added */
const char *members_line(const struct members *m, const char *pool,
			 const char *name);

/* ---- commands. See daemon_reload() for what they return, beside: -ENOENT no
 * such pool or member, -EBUSY (words): the pool is not dynamic, or it is the
 * file's. */

/** command_member_put() - add or replace; @line as in a file, without the name
 * @dry: not NULL: nothing changes, it is filled with what would happen
 */
int command_member_put(struct daemon *d, const struct author *who,
		       const char *pool, const char *name, const char *line,
		       struct forecast *dry, struct conf_errors *errors,
		       struct err *err);
int command_member_remove(struct daemon *d, const struct author *who,
			  const char *pool, const char *name,
			  struct forecast *dry, struct conf_errors *errors,
			  struct err *err);

#endif
