/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running agent: what is configured, what is bound, and the kernel that
 * follows. One thread, one loop; every part gets this struct.
 */
#ifndef HVAGENT_AGENT_H
#define HVAGENT_AGENT_H

#include <ev.h>
#include <stdint.h>

#include "hvagent/binding.h"
#include "hvagent/conf.h"
#include "lib/err.h"
#include "rulesets/ruleset.h"

struct agent;
struct export_status; /* hvagent/export.h */

/* For the API, metrics and the export. */
struct agent_status {
	char device[512]; /* why a decapsulating device is not there */
	char error[512];  /* of the last change; "" = it went well */
	uint64_t commits; /* transactions that the kernel took */
	uint64_t refused; /* that it refused */
	uint64_t repairs; /* times that the kernel was not as we left it */
	uint64_t reloads, reloads_failed;
	double commit_s;   /* how long the last one took */
	ev_tstamp changed; /* when bindings changed last; 0 = never */
	uint64_t revision; /* of the bindings: one more with each change */
};

/* What the rules counted, both families together. */
struct agent_drops {
	uint64_t packets, bytes; /* that came out of tunnels, since the
				  * decapsulating devices were made */
	uint64_t strangers; /* in a tunnel, from nobody we know or to nobody */
	uint64_t unbound;   /* out of a tunnel, for no binding, or for a machine
			     * that is elsewhere */
	uint64_t stale;     /* of machines, of no flow of which we know the
			     * service */
};

struct agent {
	struct ev_loop *loop;
	const char *conf_path;
	struct hv_conf *conf;
	struct bindings bindings; /* the file's and the API's together */
	struct ruleset *ruleset;
	struct agent_core *core; /* of agent.c */
	struct agent_status status;
	/* What others do when bindings have changed (the API keeps its own on
	 * disk); NULL = nobody. */
	void (*changed)(struct agent *a);
	void *api, *exporter; /* of these parts; NULL = not there */
	const struct export_status *exported; /* the exporter's */
};

/**
 * agent_open() - sockets; the kernel is not touched yet
 * @a: loop, conf_path, conf set. Takes the file's bindings over into
 * a->bindings. Return: 0 or -errno with words.
 */
int agent_open(struct agent *a, struct err *err);
/** agent_start() - make the kernel follow and watch it from then on; what
 * fails is tried again */
void agent_start(struct agent *a);
/** agent_close() - rules and devices stay. Frees conf and bindings as well. */
void agent_close(struct agent *a);

/** agent_plan() - what agent_apply() would do, in words; 0 or -errno */
int agent_plan(struct agent *a, struct buf *out, struct err *err);

/**
 * agent_apply() - make the kernel hold the rules of the bindings, at once
 * Return: 0; -errno with words, also in status.error.
 */
int agent_apply(struct agent *a, struct err *err);

/**
 * agent_put() - bindings_put(), and the kernel follows
 * Where it does not, the list is as it was before.
 * Return: 0; -EINVAL, -EEXIST, -ENOSPC (as bindings_put()); -EPERM: it is the
 * file's; else the kernel's.
 */
int agent_put(struct agent *a, const struct binding *b, struct err *err);

/** agent_remove() - the same; -ENOENT: there is none */
int agent_remove(struct agent *a, const char *name, struct err *err);

/**
 * agent_put_list() - as agent_put() of @n, all or none, in one transaction
 * @only: what else came of the API goes.
 * @bad: which of them @err speaks of; @n: of none of them.
 */
int agent_put_list(struct agent *a, const struct binding *list, size_t n,
		   bool only, size_t *bad, struct err *err);

/**
 * agent_reload() - read the file again and follow it
 * What comes of the API stays; where it clashes, the file is refused.
 * @errors: complaints; the caller frees. Return: 0, or -errno, nothing changed.
 */
int agent_reload(struct agent *a, struct conf_errors *errors, struct err *err);

/** agent_sync() - look at the kernel again and repair what is not ours */
int agent_sync(struct agent *a, struct err *err);

/** agent_flush() - remove our tables and devices; the agent goes on idle until
 * the next change, sync or reload */
int agent_flush(struct agent *a, struct err *err);

/** agent_drops() - ask the kernel for the counters; 0 or -errno */
int agent_drops(struct agent *a, struct agent_drops *out, struct err *err);

#endif
