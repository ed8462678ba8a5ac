/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How strongly a backend answers to its share, and how late we see that, is not
 * known, and both change. But where we are too strong for it, its weight goes
 * to and fro. So it is watched: each time that a weight turns round after a way
 * worth the name, its caution is quartered (the idea of RPROP, Riedmiller and
 * Braun 1993: where the sign changes the step was too wide), and it grows back
 * over minutes. A backend that is cautious
 *
 * - takes a lower exponent of its ratio: less weight for the same difference;
 *   not so low that one which drowns is not relieved, except where all of the
 *   pool swings, as it does when there is more work than all can do: then to
 *   move it about helps nobody;
 * - goes up slowly. Down stays quick: too little of a share costs the others
 *   little, too much of it costs all who get there.
 *
 * Invariant: 0 < caution <= 1.
 */
#include <math.h>

#include "weights/impl.h"

#define TURN      0.1  /* of its weight (logarithm): less is no way */
#define CUT       0.25 /* of a turn */
#define LEAST     0.06 /* two turns; more would take too long to forget */
#define DOUBLE_MS 300000.0
#define UP_LEAST  0.03 /* a tick */

void caution_learn(struct member *m, uint32_t tick_ms)
{
	double at = log(m->weight);

	if (m->caution < 1)
		m->caution =
		    (float)fmin(1, m->caution * exp2(tick_ms / DOUBLE_MS));
	if (m->way == 0 && fabs(at - m->turn) > TURN) {
		m->way = at > m->turn ? 1 : -1;
		m->turn = (float)at;
	} else if (m->way * (at - m->turn) > 0) {
		m->turn = (float)at;
	} else if (fabs(at - m->turn) > TURN && m->way) {
		m->caution = (float)fmax(LEAST, m->caution * CUT);
		m->way = (int8_t)-m->way;
		m->turn = (float)at;
	}
}

double caution_mean(const struct weights *w)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (!isnan(w->members[i].ratio)) {
			sum += w->members[i].caution;
			n++;
		}
	return n > 0 ? sum / n : 1;
}

double caution_exponent(const struct member *m, double mean)
{
	double least = law_of(m->law)->least;

	return fmax(m->caution, least < 1 ? fmin(least, mean) : 1);
}

double caution_up(const struct member *m, double max_step)
{
	if (law_of(m->law)->least >= 1)
		return max_step;
	return fmin(max_step, fmax(UP_LEAST, m->caution * max_step));
}
