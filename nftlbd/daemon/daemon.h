/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's parts, and the commands that the control socket may give. All
 * of them run in the one event loop; none blocks on a peer.
 */
#ifndef NFTLB_DAEMON_DAEMON_H
#define NFTLB_DAEMON_DAEMON_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "daemon/observed.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "model/changes.h"
#include "model/events.h"
#include "model/model.h"
#include "rulesets/flows.h"
#include "rulesets/ruleset.h"

struct api;         /* the API on TCP, daemon/api.c */
struct committer;   /* dirty services -> ruleset, daemon/committer.c */
struct healthcheck; /* prober process <-> model, daemon/health.c */
struct control;     /* control socket, control/control.c */
struct counting;    /* connections per backend, control/counts.c */
struct readings;    /* what scrapes share, metrics/readings.c */
struct counters;    /* what was counted, daemon/counters.c */
struct persist;     /* state on disk, daemon/persist.c */
struct full;        /* who has max-connections, daemon/full.c */
struct load;        /* dynamic weights, daemon/load.c */
struct members;     /* of dynamic pools, daemon/members.c */
struct revisions;   /* configurations that were, daemon/revisions.c */
struct lists;       /* sets of addresses, daemon/lists.c */
struct reload;      /* one that waits for lists, daemon/reload.c */
struct offload;     /* interfaces of the fast path, daemon/offload.c */
struct paths;       /* neighbours and tunnels, daemon/paths.c */
struct forecast;    /* what a change would do, daemon/forecast.c */
struct daemon_history;
struct sessions; /* entries of persistent clients, daemon/sessions.c */

struct daemon {
	struct ev_loop *loop;
	const char *conf_path;
	bool verbose; /* log-level debug, whatever the file says */
	struct model *model;
	uint64_t revision; /* number of the configuration in effect, as in
			    * `config history`; 0 = not known yet */
	struct ruleset *ruleset;
	struct flows *flows;
	struct committer *committer;
	struct healthcheck *health;
	struct control *control;
	struct api *api;
	struct sessions *sessions;
	struct daemon_history *history;
	struct revisions *revisions;
	struct members *members;
	ev_timer confirm;          /* configure.c's own, as the next */
	struct conf_file *restore; /* what comes back at the start */
	size_t nrestore;
	struct counters *counters;
	struct readings *readings; /* NULL: never scraped */
	struct counting *counting; /* NULL: never asked */
	struct lists *lists;
	struct offload *offload;
	struct paths *paths;
	struct load *load;       /* NULL: before the first commit */
	struct reload *reload;   /* NULL = none is under way */
	struct persist *persist; /* NULL: nothing is kept on disk */
	struct full *full;       /* NULL: before the first commit */
	struct events events;
	struct observed observed;
	void (*on_event)(struct daemon *d); /* NULL: nobody listens */
	ev_timer tick;                      /* daemon_ticks()' own */
	int64_t tick_ms;                    /* when it is due; 0 = not */
	double started;                     /* Unix time */
	bool flushed;         /* `flush` was said: our tables stay away until
			       * sync, reload or restart */
	unsigned int modules; /* modules_load()'s own */
	bool last_reload_ok;
	char last_error[640]; /* of the last failed reload or commit; "" = none
			       */
};

/* Who gives a command, for the log, the event and the revision. */
struct author {
	uid_t uid;
	pid_t pid;
	const char
	    *token; /* name of the API token; NULL = uid and pid say it */
};

#define AUTHOR_MAX 96

/** author_text() - "operator uid=0" or "operator token=ops", in @words */
const char *author_text(const struct author *who, char words[AUTHOR_MAX]);

/* ---- commands (daemon/command.c). 0, or -errno with words in @err:
 * -ENOENT no such service/backend, -ERANGE, -EINVAL. The change is in the
 * kernel, or refused by it, when the call returns. */
int command_backend_admin(struct daemon *d, const struct author *who,
			  const char *service, const char *backend,
			  enum admin admin, struct err *err);
int command_backend_weight(struct daemon *d, const struct author *who,
			   const char *service, const char *backend,
			   int32_t weight, struct err *err);
int command_service_disabled(struct daemon *d, const struct author *who,
			     const char *service, bool disabled,
			     struct err *err);
int command_sync(struct daemon *d, const struct author *who, struct err *err);
int command_flush(struct daemon *d, const struct author *who, struct err *err);

/* ---- configuration (daemon/reload.c) */

/**
 * daemon_reload() - adopt the configuration in d->conf_path, or change nothing
 * @errors: file:line complaints where the file is bad (-EINVAL)
 * @err: words where the kernel refused the plan (other -errno)
 * Return: 0; -errno; 1: large lists have to be loaded first, it goes on by
 * itself (daemon_reload_wait()). Until that is over another one is -EAGAIN.
 */
int daemon_reload(struct daemon *d, const struct author *who,
		  struct conf_errors *errors, struct err *err);

/* Somebody who waits for the end of a reload. */
struct reload_waiter {
	void (*done)(struct reload_waiter *w, int ret, const struct err *err);
	struct reload *reload; /* NULL = it is over */
};
/** daemon_reload_wait() - after daemon_reload() returned 1: @w->done is called
 * once. daemon_reload_leave() - it is not. */
void daemon_reload_wait(struct daemon *d, struct reload_waiter *w);
void daemon_reload_leave(struct reload_waiter *w);

/**
 * daemon_diff() - what would a reload with @path do? Changes nothing.
 * @path: NULL = d->conf_path
 * @from: texts that count in place of files; NULL = what is on disk
 * @f: filled on success; the caller frees it with forecast_free()
 */
int daemon_diff(struct daemon *d, const char *path,
		const struct conf_source *from, struct forecast *f,
		struct conf_errors *errors, struct err *err);

/** daemon_check() - what does this kernel lack of what @c asks for? 0 or -errno
 * with words. The file itself is good. */
int daemon_check(struct daemon *d, const struct conf *c, struct err *err);

/** daemon_plan() - what a sync would change, as far as HAVE is true; free it */
struct plan *daemon_plan(struct daemon *d);

/** daemon_event() - log one line and keep one event; strings may be NULL */
void daemon_event(struct daemon *d, const char *kind, const char *service,
		  const char *backend, const char *old_state,
		  const char *new_state, const char *reason_fmt, ...)
    __attribute__((format(printf, 7, 8)));

/** daemon_changes() - an event for each, and a commit as soon as is due;
 * empties @c. To be called after each step of the model. */
void daemon_changes(struct daemon *d, struct changes *c);

/** daemon_ticks() - let time pass for the model while something in it is timed;
 * to be called after its first step_begin() */
void daemon_ticks(struct daemon *d);

/** daemon_now_ms() - the model's clock: monotonic, never 0 */
int64_t daemon_now_ms(void);

#endif
