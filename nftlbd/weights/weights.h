/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WEIGHTS: from what was measured of the backends of one service to what each
 * of them should weigh. Pure: plain data, `now` is an argument, no log.
 *
 * sample -> median -> smoothing -> ratio to the pool -> clamp -> damp ->
 * dead band -> dynamic weight. A signal is one thing that is measured of all
 * backends (connections; the time to answer of one type of check; a feed); its
 * law says what ratio follows from the values. Of several signals the least
 * ratio counts: each is a limit.
 *
 * A member is a backend, by its place in the service. Dynamic weights are parts
 * of WEIGHTS_ONE; what a backend serves with is its configured weight times
 * that.
 */
#ifndef NFTLB_WEIGHTS_WEIGHTS_H
#define NFTLB_WEIGHTS_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/words.h"

#define WEIGHTS_ONE         1000u
#define WEIGHTS_SIGNALS_MAX 16

enum weights_law {
	WEIGHTS_CONNECTIONS, /* value: established connections */
	WEIGHTS_RESPONSE,    /* value: microseconds to the first byte */
	WEIGHTS_LOAD         /* value: 0..1, of what the backend can bear */
};

/* Why a dynamic weight is where it is; of a member, and of the pool. */
enum weights_why {
	WEIGHTS_STEADY,       /* where it should be, within the dead band */
	WEIGHTS_MOVING,       /* on its way */
	WEIGHTS_IDLE,         /* too little is going on to tell them apart */
	WEIGHTS_STARTING,     /* of a pool: too few samples yet */
	WEIGHTS_STALE,        /* of a member: no sample for too long, or none
				 that can be believed */
	WEIGHTS_ONE_REPORTER, /* frozen: fewer than two are measured */
	WEIGHTS_SATURATED,    /* held: all are loaded to the brim */
	WEIGHTS_BLACKOUT,     /* it has just come up */
	WEIGHTS_SLOW_START,   /* and begins slowly */
	WEIGHTS_OUT,          /* it does not serve */
	WEIGHTS_STATIC        /* no dynamic weights here */
};

extern const struct word weights_why_words[]; /* steady moving idle ... */

/* Of a service. Parts are of WEIGHTS_ONE. */
struct weights_conf {
	uint32_t tick_ms;      /* 100..60000 */
	uint32_t smoothing_ms; /* time constant of the EWMA; 0 = none */
	uint32_t blackout_ms;  /* after up */
	uint32_t max_step;  /* most that a weight moves in a tick: 10..1000 */
	uint32_t dead_band; /* smaller moves are not made: 0..500 */
	uint32_t floor;     /* 10..1000: least dynamic weight */
	uint32_t ceiling;   /* 1000..10000 */
};

/* What is to be known of a member at a tick. */
struct weights_view {
	uint32_t weight_100; /* configured, in hundredths; 0 = takes no part */
	bool serving;        /* gets new flows */
	bool ramping;        /* slow start is under way */
	int64_t up_ms;       /* since when it is up; 0 = always */
};

struct weights; /* of one service */

/**
 * weights_new() - all dynamic weights are WEIGHTS_ONE, nothing was measured
 * @signals: the laws of @nsignals (1..WEIGHTS_SIGNALS_MAX) signals
 * @conf: copied
 */
struct weights *weights_new(const struct weights_conf *conf,
			    const enum weights_law *signals, size_t nsignals,
			    size_t nmembers);
void weights_free(struct weights *w);

/**
 * weights_sample() - @signal of @member was measured
 * @value: finite, >= 0; else the sample is ignored
 * @full: it is as much as can be measured: a time-out that counts as its
 * length, a backend that takes no more connections
 * @good_ms: without another sample it is out of date after that
 */
void weights_sample(struct weights *w, size_t member, size_t signal,
		    double value, bool full, uint32_t good_ms, int64_t now_ms);

/**
 * weights_tick() - move the dynamic weights, at most once in tick_ms
 * @view: of all members
 * Return: whether a dynamic weight changed. O(members x signals), allocates
 * nothing.
 */
bool weights_tick(struct weights *w, const struct weights_view *view,
		  int64_t now_ms);
/** weights_late() - for @late_ms nobody could listen: samples are not older for
 * that */
void weights_late(struct weights *w, int64_t late_ms, int64_t now_ms);
/** weights_next_ms() - when the next tick is due */
int64_t weights_next_ms(const struct weights *w);

/** weights_get() - the dynamic weight, parts of WEIGHTS_ONE, never 0 */
uint32_t weights_get(const struct weights *w, size_t member);
/** weights_set() - as it was found on disk; clamped to floor and ceiling */
void weights_set(struct weights *w, size_t member, uint32_t dynamic);
enum weights_why weights_why(const struct weights *w, size_t member);
/** weights_pool_why() - of the pool: what holds all of them, or moving, or
 * steady */
enum weights_why weights_pool_why(const struct weights *w);
/**
 * weights_value() - a signal as it is used, smoothed
 * @age_ms: since its last sample. Return: false where there is none that is in
 * date.
 */
bool weights_value(const struct weights *w, size_t member, size_t signal,
		   int64_t now_ms, double *value, int64_t *age_ms);

/** weights_carry() - @member goes on where @old_member of @old was: its weight
 * and, of signal to[i] of @old for each signal i of @w (-1: none), its samples
 */
void weights_carry(struct weights *w, size_t member, const struct weights *old,
		   size_t old_member, const int *to);

#endif
