/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rise and fall: what a result of a check means for a backend's health. Pure.
 */
#ifndef NFTLB_MODEL_HEALTH_FSM_H
#define NFTLB_MODEL_HEALTH_FSM_H

#include "model/model.h"

/* What one result did. */
struct health_step {
	enum health health; /* from now on */
	uint32_t streak;    /* results of this kind in a row, with this one */
	uint32_t needed;    /* how many decide: 1 while nothing is known */
};

/** health_counts() - does such a result say anything of the backend? Not where
 * it was our own fault, or nobody wants to know. */
bool health_counts(enum hc_reason reason);

/**
 * health_step() - count one result
 * @cs: its counters, reason and duration are brought up to date. A
 * result that does not count leaves the counters and the duration alone.
 * @health: the health so far. up: stays up until @check->fall failures in a
 * row, or one HC_MAINTENANCE. down: stays down until @check->rise successes in
 * a row. unknown: this result decides.
 * @check: only rise and fall are read.
 */
struct health_step health_step(struct check_state *cs, enum health health,
			       const struct conf_check *check,
			       enum hc_reason reason, uint32_t duration_us);

#endif
