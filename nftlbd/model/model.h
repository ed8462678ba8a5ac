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

enum admin { ADMIN_ENABLED, ADMIN_DRAIN, ADMIN_DISABLED };
enum health { HEALTH_UP, HEALTH_DOWN, HEALTH_UNKNOWN };
enum backend_state {
	BACKEND_ACTIVE,
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

extern const struct word admin_words[];         /* enabled drain disabled */
extern const struct word health_words[];        /* up down unknown */
extern const struct word backend_state_words[]; /* active drain down disabled */
extern const struct word service_state_words[]; /* up degraded down disabled */

#define WEIGHT_DEFAULT (-1)

/* What checks said of a backend; the daemon's side of a probe job. */
struct check_state {
	uint32_t job;        /* prober's job id; 0 = none */
	uint32_t rise, fall; /* successes / failures in a row so far */
	bool decided;        /* a first result has come (start = unknown) */
	uint8_t reason;      /* enum hc_reason of the last result */
	uint32_t last_us;    /* duration of the last probe; 0 = none yet */
};

struct backend {
	const struct conf_backend *conf;
	enum admin admin;
	enum health health;
	int32_t weight; /* operator's, 0..65535, or WEIGHT_DEFAULT */
	bool flows_cut; /* it is out, and its UDP flows were cut */
	struct check_state check;
};

struct service {
	const struct conf_service *conf;
	struct backend *backends; /* as conf->backends, same order */
	size_t nbackends;
	bool disabled; /* by the operator */
	bool dirty;
};

struct model {
	struct conf *conf;        /* owned */
	struct service *services; /* as conf->services, same order */
	size_t nservices;
	uint32_t *by_name; /* indices into services, sorted by name */
	uint64_t revision; /* counts accepted configurations, from 1 */
	size_t *dirty;     /* indices of dirty services */
	size_t ndirty, capdirty;
};

/**
 * model_new() - the candidate model for @conf
 * @conf: owned by the model from here on.
 * @old: may be NULL; a service or backend of the same name keeps its health,
 * admin state, weight and check counters (health only while the check is the
 * same). @old is not changed and shares no memory with the result.
 * Dirty are the services that are new, were dirty in @old, or are not what they
 * were.
 */
struct model *model_new(struct conf *conf, const struct model *old);
void model_free(struct model *m);

/** model_service() - by name, or NULL */
struct service *model_service(const struct model *m, const char *name);
/** service_backend() - by name, or NULL */
struct backend *service_backend(const struct service *s, const char *name);

/* Each setter returns whether anything changed, and marks the service dirty if
 * that changes what the kernel should do. */
bool model_set_health(struct model *m, struct service *s, struct backend *b,
		      enum health health);
bool model_set_admin(struct model *m, struct service *s, struct backend *b,
		     enum admin admin);
/** @weight: 0..65535 or WEIGHT_DEFAULT */
bool model_set_weight(struct model *m, struct service *s, struct backend *b,
		      int32_t weight);
bool model_set_disabled(struct model *m, struct service *s, bool disabled);
void model_mark_dirty(struct model *m, struct service *s);
void model_mark_all_dirty(struct model *m);

/** backend_weight() - configured, or the operator's where he set one */
uint32_t backend_weight(const struct backend *b);
/**
 * backend_usable() - may it get new flows, weight aside?
 * enabled, and health up (an unchecked backend counts as up).
 */
bool backend_usable(const struct backend *b);
/** backend_effective_weight() - what the slot table uses: 0 unless usable */
uint32_t backend_effective_weight(const struct backend *b);
enum backend_state backend_state(const struct backend *b);
/** up: all backends active; degraded: some; down: none with weight > 0 */
enum service_state service_state(const struct service *s);

#endif
