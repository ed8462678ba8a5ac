/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MODEL: the configuration plus what happened since: health, the operator's
 * words. Plain data and pure functions; no I/O, no clock, no log. Everything
 * that changes what the kernel should do marks the service dirty; the committer
 * (daemon/committer.c) collects dirty services.
 */
#ifndef NFTLB_MODEL_MODEL_H
#define NFTLB_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/conf.h"
#include "lib/words.h"
#include "metrics/histogram.h"

enum admin { ADMIN_ENABLED, ADMIN_DRAIN, ADMIN_DISABLED };
enum health { HEALTH_UP, HEALTH_DOWN, HEALTH_UNKNOWN };
enum backend_state {
	BACKEND_ACTIVE,
	BACKEND_FULL,    /* in service, and has max_connections */
	BACKEND_STANDBY, /* a backup that is not needed now */
	BACKEND_DRAIN,
	BACKEND_DOWN,
	BACKEND_DISABLED
};
enum service_state {
	SERVICE_UP,
	SERVICE_DEGRADED,
	SERVICE_DOWN,
	SERVICE_DISABLED
};

/* What becomes of the flows that a backend has. */
enum cut {
	CUT_NONE,
	CUT_UDP, /* they have no end of their own that would free a client */
	CUT_ALL
};

/* What a backend lacks to be reached. path.c */
enum path_gap { PATH_FINE, PATH_NO_NEIGHBOUR, PATH_NO_TUNNEL };

/* Entries of persistent clients that a backend has from a time before it went
 * down. sticky.c */
enum stale {
	STALE_NOT,
	STALE_WAITING, /* it may soon be back: of direct modes */
	STALE_NEWLY,   /* the kernel has not heard yet that it is not sticky */
	STALE_KNOWN,   /* it has: they may be purged */
	STALE_PURGED   /* that is under way */
};

extern const struct word admin_words[];         /* enabled drain disabled */
extern const struct word health_words[];        /* up down unknown */
extern const struct word backend_state_words[]; /* active full standby ... */
extern const struct word service_state_words[]; /* up degraded down disabled */

#define WEIGHT_DEFAULT (-1)
#define RAMP_FULL      10      /* tenths of its weight that a backend gets */
#define WEIGHT_MAX_100 6553500 /* hundredths: 65535 */

/* What one check said of one backend. */
struct check_state {
	uint32_t rise, fall; /* successes / failures in a row so far */
	uint32_t last_us;    /* duration of the last probe; 0 = none yet */
	/* its phases, 0 = none such: */
	uint32_t connect_us, tls_us, first_us;
	/* results since it began that count, how long they took; of these: */
	struct histogram took;
	uint32_t failures;
	int32_t detail;  /* of the last result, see protocol.h */
	uint16_t weight; /* with says: per cent, or the weight itself */
	uint8_t says;    /* enum hc_says: what was said last of each kind;
			  * it stands until something else is said */
	uint8_t reason;  /* enum hc_reason of the last result */
	uint8_t health;  /* enum health, by this check alone */
	bool decided;    /* a first result has come, since the start */
};

/* Times are milliseconds of a monotonic clock; 0 = never, or not running. */
struct backend {
	const struct conf_backend *conf;
	struct check_state *checks; /* conf->checks->n; the service's memory */
	enum admin admin;           /* the operator's word */
	enum health health;         /* what all of its checks make of it */
	int32_t weight;      /* operator's, 0..65535, or WEIGHT_DEFAULT */
	uint8_t said_admin;  /* enum admin: what the backend says of itself */
	uint8_t ramp;        /* 1..RAMP_FULL: how far slow start has come */
	bool serving;        /* gets new flows, weight aside, unless it is full:
			      * settle.c decides */
	bool sticky;         /* persistent clients may come back: sticky.c */
	uint8_t stale;       /* enum stale */
	uint8_t flows_cut;   /* enum cut: what the committer did last */
	uint8_t state;       /* enum backend_state, as last settled */
	bool fresh;          /* never settled: it has no past to differ from */
	bool wanted, usable; /* as counted in the service's tally */
	bool drained;        /* drain-timeout is over, its flows were cut */
	bool full;           /* takes nothing new: it has max_connections */
	bool doubtful;       /* the kernel's count may lack connections */
	bool recount;        /* turns when the kernel has to count anew */
	uint8_t early;       /* so often in a row the kernel had it for full,
			      * and it was not */
	bool told_full;      /* the last words about it were that it is full */
	uint8_t gap;         /* enum path_gap: what it cannot do without;
			      * path.c's, as is path */
	struct rs_path path; /* RS_DSR, RS_IPIP */
	uint16_t via_port;   /* source port of its probes by way of the service;
			      * 0 = none. probe_ports.c */
	uint16_t flaps;      /* falls that are not forgiven yet */
	int64_t flap_ms;     /* of the last fall, or of what was forgiven */
	int64_t hold_ms;     /* not up again before */
	int64_t ramp_ms;     /* slow start began */
	int64_t drain_ms;    /* drain began */
	uint32_t counted;    /* weight, as counted */
	uint32_t now;        /* RS_WEIGHT_UNIT: what it serves with, as last
			      * settled; 0 = it does not serve */
	uint32_t uncounted;  /* connections that the kernel's count lacks */
	int64_t told_ms;     /* when it was last said that it is not full */
	int64_t up_ms;       /* it came up; 0 = it has always been, or is not */
	int64_t stale_ms;    /* since when STALE_WAITING */
};

/* Sums over the backends of a service, settle.c's. */
struct tally {
	size_t wanted;   /* enabled, of weight > 0 */
	size_t usable;   /* of these, health up */
	size_t nprimary; /* configured */
	size_t primary;  /* usable */
	size_t serving;
	uint64_t weight; /* of the usable */
};

struct service {
	const struct conf_service *conf;
	struct backend *backends; /* as conf->backends, same order */
	size_t nbackends;
	struct check_state *checks; /* of all backends */
	struct service_load *load;  /* dynamic weights; NULL = static. load.c */
	bool disabled;              /* by the operator */
	bool dirty;
	/* settle.c's, from the last time: */
	struct tally tally;
	bool tallied; /* since model_new() */
	enum service_state state;
	bool quorum_lost; /* fewer usable backends than quorum */
	bool backups;     /* backups serve */
	bool panic;       /* too few are usable: health is not looked at */
	bool timed;       /* it is in the model's list of running timers */
	bool fresh;       /* never settled */
	int64_t next_ms;  /* the first of its timers; 0 = none is running */
};

struct model {
	struct conf *conf;        /* owned */
	struct service *services; /* as conf->services, same order */
	size_t nservices;
	uint32_t *by_name;   /* indices into services, sorted by name */
	uint64_t generation; /* counts models of this process, from 1 */
	size_t *dirty;       /* indices of dirty services */
	size_t ndirty, capdirty;
	size_t *timed; /* indices of services with running timers */
	size_t ntimed, captimed;
	int64_t timed_ms;   /* none of the timers is due before */
	size_t no_via_port; /* probe_ports.c's: backends that got none, as all
			     * are used */
};

/**
 * model_new() - the candidate model for @conf
 * @conf: owned by the model from here on.
 * @old: may be NULL; a service or backend of the same name keeps its health,
 * admin state, weight, timers and check counters (of a check only while it is
 * the same). @old is not changed and shares no memory with the result.
 * Dirty are the services that are new, were dirty in @old, or are not what they
 * were.
 */
struct model *model_new(struct conf *conf, const struct model *old);
void model_free(struct model *m);

/** model_service() - by name, or NULL */
struct service *model_service(const struct model *m, const char *name);
/** service_backend() - by name, or NULL */
struct backend *service_backend(const struct service *s, const char *name);

void model_mark_dirty(struct model *m, struct service *s);
void model_mark_all_dirty(struct model *m);

/** backend_weight() - configured, or the operator's where he set one */
uint32_t backend_weight(const struct backend *b);
/**
 * backend_weight_100() - what it weighs when it serves, slow start aside
 * The operator's or the configured weight, or the least of what its checks say
 * instead; where weights do not count (service_weights()) only whether that is
 * 0. What has weight 0 by the operator keeps it.
 * Return: hundredths, 0..WEIGHT_MAX_100
 */
uint32_t backend_weight_100(const struct service *s, const struct backend *b);
/** backend_admin() - the stronger one of the operator's and its own word */
enum admin backend_admin(const struct backend *b);
/** backend_effective_weight() - what the slot table uses, rounded: at least 1
 * for a backend that serves, 0 for others */
uint32_t backend_effective_weight(const struct service *s,
				  const struct backend *b);
/**
 * service_weights() - does a running slow start or a weight that a backend says
 * count? Only with scheduler weighted: round-robin has no weights, and
 * source-hash must be the same on every gateway.
 */
bool service_weights(const struct service *s);
/** service_fine() - may weights change by parts? Its table is made for that. */
bool service_fine(const struct service *s);
enum backend_state backend_state(const struct backend *b);
/**
 * backend_cut() - which of its flows have to go?
 * CUT_ALL: its drain is over, or it is down in a service with on-down = cut.
 * CUT_UDP: it is down or out of service. Whoever serves keeps all he has. Where
 * this is not b->flows_cut the service is dirty; the committer cuts where it is
 * more, and then sets b->flows_cut to it.
 */
enum cut backend_cut(const struct service *s, const struct backend *b);
/** check_start_health() - before it was ever done */
enum health check_start_health(const struct conf_check *c);
/** backend_check() - the check that tells most of why it is as it is: the first
 * that is down, or else not up, or takes it out of service, or else the first;
 * NULL where it has none */
const struct check_state *backend_check(const struct backend *b);

#endif
