/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facade of rulesets/: owns HAVE (what the kernel holds, as we know it) and
 * the netlink sockets. want -> diff -> plan are pure and behind it.
 */
#ifndef RULESETS_RULESET_H
#define RULESETS_RULESET_H

#include <ev.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "rulesets/flows.h"
#include "rulesets/types.h"

struct ruleset;
struct plan;

/* Numbers of what is (or would be) done, for logs, metrics and prices. */
struct plan_price {
	size_t services_added, services_removed, services_changed;
	size_t elements_added, elements_removed;
	size_t rules;         /* of services, written */
	size_t chains;        /* of services, made or removed */
	uint64_t slots_total; /* of all services that stay */
	uint64_t slots_moved; /* of these, with another backend than before */
	double clients_moved; /* 0..1, share of new flows that land elsewhere,
			       * mean over the services that stay */
	size_t backends_removed; /* backends no longer in any slot or map */
	size_t untracked;        /* of those that stay: they track nothing */
	double flows_moved;      /* 0..1, share of the flows of these that get
				  * another backend with their next packet, mean:
				  * where none are remembered, those of slots that
				  * move, else those of backends that take no more
				  * packets */
};

/** ruleset_open() - sockets, nothing is read or written yet */
int ruleset_open(struct ruleset **out, const char *table, struct err *err);
void ruleset_close(struct ruleset *rs);

/**
 * ruleset_hooks() - where our chains are to stand; before it, and in most
 * cases, where rs_hooks_default (base.h) has them
 * What is there already moves with the next plan of all services.
 */
void ruleset_hooks(struct ruleset *rs, const struct rs_hooks *hooks);

/**
 * ruleset_agent() - the tables are the agent's, not the daemon's; before it
 * scans for the first time
 */
void ruleset_agent(struct ruleset *rs);

/**
 * ruleset_scan() - HAVE := the kernel
 * Consistent: read between two equal generation ids, or read again.
 */
int ruleset_scan(struct ruleset *rs, struct err *err);

/**
 * ruleset_plan() - what must change so that the kernel holds these services
 * @svc: n services, both families of one name as two entries
 * @whole: the list is complete: what HAVE holds beyond it is removed.
 * Otherwise only these services are looked at.
 * Pure: neither HAVE nor kernel change. Never fails. @svc must outlive the call
 * only.
 */
struct plan *ruleset_plan(struct ruleset *rs, const struct rs_service *svc,
			  size_t n, bool whole);
/**
 * ruleset_plan_at() - the same of all services, if the chains were to stand at
 * @hooks and the flowtable had their interfaces
 */
struct plan *ruleset_plan_at(struct ruleset *rs, const struct rs_hooks *hooks,
			     const struct rs_service *svc, size_t n);
bool plan_empty(const struct plan *p);
void plan_price(const struct plan *p, struct plan_price *price);
/**
 * plan_gone() - flows that the plan leaves without their backend
 * Of HAVE's backends and service keys that are no longer in WANT, for the given
 * protocol. The caller frees @out; returns how many.
 */
size_t plan_gone(const struct plan *p, uint8_t proto, struct flow_match **out);
/* A service that a plan touches. */
enum plan_change { PLAN_CHANGED, PLAN_ADDED, PLAN_REMOVED };
struct plan_touched {
	const char *service; /* the plan's */
	enum plan_change how;
};
/** plan_touched() - by name, each once, whatever its families and tables
 * The caller frees @out before the plan; returns how many. */
size_t plan_touched(const struct plan *p, struct plan_touched **out);
/** plan_print() - one line per change, "+"/"-"/"~", for people */
void plan_print(const struct plan *p, struct buf *out);
void plan_free(struct plan *p);

/**
 * ruleset_try() - ask the kernel whether it would take the plan; nothing stays
 * Return: 0 or -errno with the kernel's words.
 */
int ruleset_try(struct ruleset *rs, const struct plan *p, struct err *err);

/**
 * ruleset_can_offload() - ask the kernel whether it has flowtables
 * By a dry run; nothing stays, and our tables are not looked at.
 * Return: 0; -ENOENT: it has none; other -errno. With words.
 */
int ruleset_can_offload(struct ruleset *rs, uint8_t family, struct err *err);

/**
 * ruleset_commit() - make it so; HAVE := HAVE + plan when the kernel took it
 * A plan belongs to the HAVE it was made from: commit it before another.
 * Return: 0; -errno, nothing changed; the caller scans and plans again
 * (-EAGAIN: somebody else changed our tables meanwhile).
 */
int ruleset_commit(struct ruleset *rs, struct plan *p, struct err *err);

/** ruleset_flush() - delete our tables, HAVE is empty then */
int ruleset_flush(struct ruleset *rs, struct err *err);

/**
 * ruleset_slots() - the slots of a service as HAVE has them
 * @name: backend's name of slot @i, or NULL for none; valid until the next
 * commit or scan.
 * Return: number of slots, 0 if the service is not there.
 */
uint32_t ruleset_slots(const struct ruleset *rs, const char *service,
		       uint8_t family);
const char *ruleset_slot(const struct ruleset *rs, const char *service,
			 uint8_t family, uint32_t i);
/** ruleset_slot_counts() - slots owned per backend name asked for */
void ruleset_slot_counts(const struct ruleset *rs, const char *service,
			 uint8_t family, const char *const *names, size_t n,
			 uint32_t *counts);

/**
 * ruleset_watch_fd() - becomes readable when somebody changes nf_tables
 * ruleset_watch_read() - drain it; true: our tables were touched by another
 * (or messages were lost): scan. Own commits never report.
 */
int ruleset_watch_fd(const struct ruleset *rs);
bool ruleset_watch_read(struct ruleset *rs);

struct ruleset_stats {
	uint64_t commits; /* transactions that the kernel took (first parts) */
	uint64_t refused; /* plans that it refused */
	uint64_t scans;
};
const struct ruleset_stats *ruleset_stats(const struct ruleset *rs);

#endif
