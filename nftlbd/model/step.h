/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the model: everything that happens to it comes through here, and
 * each step leaves it settled: who serves, the services' states and the list
 * of dirty services follow from the rest. Pure: @now_ms is an argument.
 */
#ifndef NFTLB_MODEL_STEP_H
#define NFTLB_MODEL_STEP_H

#include "model/changes.h"

/* One result of one check. */
struct observation {
	enum hc_reason reason;
	uint32_t duration_us;
	int32_t detail;
	uint8_t says;
	uint16_t weight;
	uint32_t connect_us, tls_us, first_us; /* as in struct hc_result */
};

/**
 * step_observe() - check number @i of @b ended so
 * O(1), and nothing is allocated while it changes neither the check's health
 * nor what the check says; O(backends of @s) where others serve, or not,
 * because of it.
 */
void step_observe(struct model *m, struct service *s, struct backend *b,
		  size_t i, const struct observation *o, int64_t now_ms,
		  struct changes *out);

/* The operator's words; @who goes into the reasons ("operator uid=0"). Return
 * whether anything changed. */
bool step_admin(struct model *m, struct service *s, struct backend *b,
		enum admin admin, const char *who, int64_t now_ms,
		struct changes *out);
/** @weight: 0..65535 or WEIGHT_DEFAULT */
bool step_weight(struct model *m, struct service *s, struct backend *b,
		 int32_t weight, const char *who, int64_t now_ms,
		 struct changes *out);
bool step_disable(struct model *m, struct service *s, bool disabled,
		  const char *who, int64_t now_ms, struct changes *out);

/**
 * step_begin() - settle a model that is new: after model_new() and, at start,
 * persist_load()
 * Who restores state sets, of each check: health, says, weight; of
 * backends: admin, weight, flaps, flap_ms, hold_ms; of services: disabled. A
 * backend's own health and word follow from its checks.
 * @out: changes that the new configuration makes; what is new in it begins
 * without one. NULL at start, when there is no before.
 */
void step_begin(struct model *m, int64_t now_ms, struct changes *out);

/** step_stale() - at the start: the kernel does not know @b as sticky, and may
 * have entries that lead to it; not settled */
void step_stale(struct backend *b);
/** step_unsure() - the same, of a service that tracks nothing: the kernel may
 * have entries that lead to backends that do not serve now; they may be back
 * soon */
void step_unsure(struct model *m, struct service *s, int64_t now_ms);
/**
 * step_purged() - a purge of @s that sticky_purge_begin() began is over
 * @done: its entries are gone; else it has to be done again
 */
void step_purged(struct model *m, struct service *s, uint8_t family, bool done,
		 int64_t now_ms, struct changes *out);

/** step_tick() - time has passed: slow start, hold-down, drain time-outs.
 * Looks only at services with running timers. */
void step_tick(struct model *m, int64_t now_ms, struct changes *out);

/** step_next_ms() - step_tick() has nothing to do before; 0 = no timer runs */
int64_t step_next_ms(const struct model *m);

#endif
