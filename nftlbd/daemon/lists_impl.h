/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of lists.h, for daemon/lists*.c only. */
#ifndef NFTLB_DAEMON_LISTS_IMPL_H
#define NFTLB_DAEMON_LISTS_IMPL_H

#include "daemon/lists.h"
#include "rulesets/lists.h"

/* One list in one family, in the kernel. */
struct list_side {
	bool there;          /* its sets are, with what they should hold */
	bool closed;         /* its base is an empty stand-in */
	enum list_part base; /* LIST_BASE or LIST_BASE2 */
	uint64_t handle;     /* of the base: whether it is the one we made */
};

struct list {
	char *name;
	struct list_overlay overlay[RS_FAMILIES];
	struct list_side side[RS_FAMILIES];
};

/* A large base that is being loaded. */
struct list_job {
	char *name;
	unsigned int family;
	enum list_part part;
	const struct nets *want; /* of d->model->conf, or of the staged one */
	bool begun;
	struct list_build build;
};

/* What a reload changes of one side. */
enum stage_kind {
	STAGE_CREATE, /* all its sets were made */
	STAGE_SWITCH, /* another base was */
	STAGE_CHANGE  /* the base in use is changed when the rules are in */
};
struct list_stage {
	enum stage_kind kind;
	char *name;
	unsigned int family;
	enum list_part part;
	struct nets del, add; /* STAGE_CHANGE */
};

struct list_name {
	char *name; /* of a set */
	uint8_t family;
};

struct list_keep; /* lists_keep.c */

struct lists {
	struct daemon *d;
	bool started; /* there was a repair */
	struct list *list;
	size_t n, cap;
	struct list_job *jobs; /* the first one is under way */
	size_t njobs, capjobs;
	ev_timer work;
	struct list_name *stale; /* sets that no rule will name */
	size_t nstale, capstale;
	/* a reload */
	struct conf *conf; /* NULL = none is under way */
	lists_staged_fn *done;
	struct list_stage *stages;
	size_t nstages, capstages;
	struct list_keep *keep;
};

/* lists.c */
struct list *lists_entry(const struct lists *l, const char *name);
struct list *lists_get(struct lists *l, const char *name);
struct conf_list *lists_conf(const struct conf *c, const char *name);
/** lists_needed() - does a service of @c look up @list in that family? */
bool lists_needed(const struct conf *c, const struct conf_list *list,
		  unsigned int family);
/** lists_make_side() - all sets of a side, the base with @want */
int lists_make_side(struct lists *l, const struct list *list,
		    unsigned int family, enum list_part base,
		    const struct nets *want, struct err *err);
void lists_stale(struct lists *l, const char *name, enum list_part part,
		 unsigned int family);
void lists_unstale(struct lists *l, const char *set, uint8_t family);
/** lists_remember() - the handles of the sets as they are */
void lists_remember(struct lists *l);

/* lists_job.c */
void lists_job_add(struct lists *l, const char *name, unsigned int family,
		   enum list_part part, const struct nets *want);
/** lists_jobs_run() - now, to the end; 0 or -errno */
int lists_jobs_run(struct lists *l, struct err *err);
void lists_jobs_start(struct lists *l);
void lists_jobs_drop(struct lists *l);
void lists_jobs_init(struct lists *l);

/* lists_reload.c */
void lists_stage_over(struct lists *l, int ret, const struct err *err);

/* lists_keep.c: the operator's changes on disk */
struct list_keep *list_keep_open(struct lists *l);
void list_keep_close(struct list_keep *k);
/** list_keep_edit() - one more change; logged where the disk refuses */
void list_keep_edit(struct list_keep *k, const char *name,
		    const struct list_edit *edit);
/** list_keep_all() - write what there is anew */
void list_keep_all(struct list_keep *k, const struct lists *l);

/* lists_edit.c */
/** lists_edit_apply() - to the overlays of @list, not to the kernel */
void lists_edit_apply(struct list_overlay overlay[RS_FAMILIES],
		      const struct conf_list *base,
		      const struct list_edit *edit);

#endif
