/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One measured value of one backend, over time: cleaned and smoothed. */
#ifndef NFTLB_WEIGHTS_SIGNAL_H
#define NFTLB_WEIGHTS_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#define SIGNAL_KEEP 5

/* All zero: nothing was measured yet. 72 bytes: there are tens of thousands. */
struct signal {
	int64_t at_ms;           /* of the last sample */
	int64_t same_ms;         /* since when all samples say the same */
	int64_t stuck_ms;        /* until when they did, for long; 0 = never */
	uint32_t good_ms;        /* out of date so long after at_ms */
	uint32_t gap_ms;         /* between the last two samples */
	float last[SIGNAL_KEEP]; /* ring; the next goes to [next] */
	float smooth;
	float spread; /* how far samples are from their median, in the mean, in
			 parts of the greater of the two: 0..1 */
	float chance; /* variance of smooth, in parts of that of a sample */
	uint8_t changes; /* of what it said; more than a few are not counted */
	uint8_t n;       /* how many are in the ring */
	uint8_t next;    /* where the next goes */
	uint8_t full; /* bit 0: the last sample was full; bit 1: the one before;
			 ... */
};

/**
 * signal_add() - a sample. After a gap in which it went out of date it begins
 * anew: what was before says nothing about now.
 * @value: finite, >= 0
 * @filter: take the median, since single samples may be wrong; false for what
 * is counted exactly
 * @smoothing_ms: time constant; 0 = none
 */
void signal_add(struct signal *g, double value, bool full, uint32_t good_ms,
		bool filter, uint32_t smoothing_ms, int64_t now_ms);
/** signal_late() - what was measured has waited @late_ms for us */
void signal_late(struct signal *g, int64_t late_ms, int64_t now_ms);
/** signal_fresh() - its last sample is in date */
bool signal_fresh(const struct signal *g, int64_t now_ms);
/** signal_full() - two of the last three samples were full; the last one, where
 * there are fewer */
bool signal_full(const struct signal *g);
/** signal_lively() - it says something else now and then, and just did */
bool signal_lively(const struct signal *g);
/** signal_stuck() - its samples say the same for long, not being full; or did
 * until a while ago, which smoothing still remembers */
bool signal_stuck(const struct signal *g);
/** signal_noise() - the standard error of smooth, in parts of it: by so much it
 * would go to and fro though nothing happened */
double signal_noise(const struct signal *g);
/** signal_most() - of the last three samples */
double signal_most(const struct signal *g);
/** signal_limit() - let it remember no more than @most */
void signal_limit(struct signal *g, double most);

#endif
