/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of weights/ share; for nobody else. */
#ifndef NFTLB_WEIGHTS_IMPL_H
#define NFTLB_WEIGHTS_IMPL_H

#include "weights/laws.h"
#include "weights/signal.h"
#include "weights/weights.h"

struct member {
	double weight; /* dynamic, 1 = as configured; not rounded */
	double target; /* where the last tick would have it */
	double aim;    /* where it goes: target, less of the noise */
	double ratio;  /* the least of its signals'; NAN: it has none */
	float noise;   /* of ratio: standard error, in parts of it */
	float caution; /* 1 = none; see caution.c */
	float turn;    /* logarithm of the weight, farthest since it turned */
	int8_t way;    /* where it goes since: 1 up, -1 down, 0 it never went */
	uint8_t law;   /* of the signal that gave ratio: enum weights_law */
	uint8_t why;   /* enum weights_why */
	bool measured; /* has ever had a ratio */
};

struct weights {
	struct weights_conf conf;
	size_t n, nsignals;
	int64_t next_ms;
	int64_t grace_ms; /* until then too few reporters are just late */
	uint8_t why;      /* of the pool */
	bool began;       /* two were measured, once */
	struct member *members;
	struct signal *signals; /* nsignals of each member */
	enum weights_law laws[WEIGHTS_SIGNALS_MAX];
};

/* What a signal says of the pool; what is more counts. */
enum opinion {
	OPINION_NONE, /* fewer than two report it */
	OPINION_IDLE,
	OPINION_RATIO,
	OPINION_FULL
};

/** signal_of() - signal number @s of @member */
struct signal *signal_of(const struct weights *w, size_t member, size_t s);
/** ratio_merge() - what signal @s says of each member that reports it; its
 * ratio becomes that where it is less */
enum opinion ratio_merge(struct weights *w, size_t s,
			 const struct weights_view *view, int64_t now_ms);

/** caution_learn() - look at the way that the weight went */
void caution_learn(struct member *m, uint32_t tick_ms);
/** caution_mean() - of those that are measured */
double caution_mean(const struct weights *w);
/** caution_exponent() - of the ratio */
double caution_exponent(const struct member *m, double mean);
/** caution_up() - the most that it goes up in a tick, if else @max_step */
double caution_up(const struct member *m, double max_step);

/**
 * anchor() - scale the targets of those that are measured, within floor and
 * ceiling, so that their mean is 1: without, all would sink bit by bit
 */
void anchor(struct weights *w, const struct weights_view *view);

#endif
