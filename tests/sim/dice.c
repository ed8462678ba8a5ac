/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See dice.h. */
#include "tests/sim/dice.h"

#include <math.h>

static uint64_t dice_roll(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct dice dice_split(const struct dice *d, uint64_t which)
{
	struct dice first = { d->state ^ (which + 1) * 0xd1342543de82ef95u };

	return (struct dice){ dice_roll(&first) };
}

double dice_unit(struct dice *d)
{
	return (double)((dice_roll(d) >> 11) + 1) * 0x1p-53;
}

double dice_exp(struct dice *d, double mean)
{
	return -mean * log(dice_unit(d));
}

double dice_lognormal(struct dice *d, double mean, double sigma)
{
	double r = sqrt(-2 * log(dice_unit(d)));
	double normal = r * cos(2 * 3.14159265358979 * dice_unit(d));

	return mean * exp(sigma * normal - sigma * sigma / 2);
}
