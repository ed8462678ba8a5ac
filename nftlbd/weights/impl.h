/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of weights/ share; for nobody else. */
#ifndef NFTLB_WEIGHTS_IMPL_H
#define NFTLB_WEIGHTS_IMPL_H

#include "weights/laws.h"
#include "weights/signal.h"
#include "weights/weights.h"

struct member {
	double weight; /* dynamic, 1 = as configured; not rounded */
	double target; /* where the last tick wanted it */
	double ratio;  /* the least of its signals'; NAN: none */
	uint8_t why;   /* enum weights_why */
};

struct weights {
	struct weights_conf conf;
	size_t n, nsignals;
	int64_t next_ms;
	uint8_t why; /* of the pool */
	bool began;  /* two were measured, once */
	struct member *members;
	struct signal *signals; /* nsignals of each member */
	enum weights_law laws[WEIGHTS_SIGNALS_MAX];
};

/* What a signal says of the pool. */
enum opinion {
	OPINION_NONE, /* fewer than two report */
	OPINION_IDLE,
	OPINION_RATIO,
	OPINION_FULL
};

/** signal_of() - signal number @s of @member */
struct signal *signal_of(const struct weights *w, size_t member, size_t s);
/** weights_reports() - do samples of the member count? It serves with all of
 * its weight, and has done so long enough. */
bool weights_reports(const struct weights *w, const struct weights_view *v,
		     int64_t now_ms);
/** ratio_merge() - what signal @s says of each member that reports it; its
 * ratio becomes that where it is less */
enum opinion ratio_merge(struct weights *w, size_t s,
			 const struct weights_view *view, int64_t now_ms);
/**
 * anchor() - scale the targets of those that serve, within floor and ceiling,
 * so that their mean is 1: without, all would sink to the floor bit by bit
 */
void anchor(struct weights *w, const struct weights_view *view);

#endif
