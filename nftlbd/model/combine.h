/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what each check says of a backend to what all of them say. */
#ifndef NFTLB_MODEL_COMBINE_H
#define NFTLB_MODEL_COMBINE_H

#include "model/model.h"

/**
 * combine_health() - up if at least `need` checks are up, down if too many are
 * down for that, else unknown; up without checks
 */
enum health combine_health(const struct backend *b);

/** combine_admin() - the strongest of what the checks say of themselves */
enum admin combine_admin(const struct backend *b);
/** combine_speaker() - number of the first check that says @said */
size_t combine_speaker(const struct backend *b, enum admin said);

/**
 * combine_weight() - the least of what the checks say, of @weight
 * Return: hundredths, 0..WEIGHT_MAX_100; @weight itself where none says any
 */
uint32_t combine_weight(const struct backend *b, uint32_t weight);

/**
 * combine_hear() - a check says something new
 * What it said before stands, unless this is of the same kind: its state
 * (ready, drain, maint) or its weight.
 * Return: whether that changed @cs.
 */
bool combine_hear(struct check_state *cs, uint8_t says, uint16_t weight);

#endif
