/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slot tables: slot number -> backend. Pure functions of their arguments, so
 * that two gateways with the same file and the same health compute the same
 * tables. A scheduler is one row of the table in slots.c and one file.
 */
#ifndef RULESETS_SLOTS_H
#define RULESETS_SLOTS_H

#include <stdint.h>

#include "rulesets/types.h"

#define SLOT_NONE 0xffff   /* owner of a slot when nobody is usable */
#define SLOTS_MAX 1048576u /* most slots of one service */

/**
 * slots_size() - how many slots M the service's table has
 * Depends on the scheduler, on svc->slots and on names, number and *weights* of
 * the configured backends; never on health (usable) or on what a weight is at
 * the moment (now): a failure must not resize a table. At least 1, at most
 * SLOTS_MAX.
 *
 * round-robin, weighted: with S = sum(w)/gcd(w), M is a multiple of S such that
 * shares are exact with all backends up and, where that costs at most 4 slots a
 * backend (or 64), exact after any single failure too; else at least 4 slots a
 * backend: every slot is an element in the kernel, and 10,000 services with 10
 * backends shall load in seconds. Where S itself passes 16384, weights are
 * scaled to that many slots by largest remainder, and every backend of weight
 * > 0 keeps at least one.
 * With svc->fine at least 10 slots a backend, as long as that is not more than
 * 16384 in all; least-* at least 32: the smallest move of a weight that is made
 * (5 % of it) is a slot or two then, and 1,000 services with 10 backends are
 * 320,000 elements in the kernel, about 30 MB.
 * source-hash: a prime from a sparse ladder (steps of about 2), more than 200
 * per backend (those of weight 0 count), so that adding a backend seldom
 * changes M and moves few of the others' clients where it does not.
 */
uint32_t slots_size(const struct rs_service *svc);

/**
 * slots_fill() - compute the owner of each slot
 * @owner: m entries: index into svc->backends, or SLOT_NONE (all of them, iff
 *         no backend is usable with weight > 0)
 * @m: from slots_size()
 *
 * The table is first filled as if all backends were usable, then the slots of
 * the unusable ones are dealt to the usable ones in proportion to weight.
 * Hence a failure moves the failed backend's slots and no other, and recovery
 * restores the very table from before. Where others are down already, slots
 * that were dealt from them may move once more (source-hash, second of ten: 1 %
 * of all slots).
 *
 * A usable backend whose weight is another one at the moment (now) gets slots
 * in proportion to that, its own ones first. When all weights are their own
 * again, the table is the very one from before. least-*: besides, weights that
 * move a little move few slots; see slots_moving.c.
 */
void slots_fill(const struct rs_service *svc, uint16_t *owner, uint32_t m);

/**
 * slots_check_size() - may `slots = n` be used with this scheduler?
 * Return: 0 if so; else a nearby number that may be (source-hash: the next
 * prime at or above n).
 */
uint32_t slots_check_size(enum rs_scheduler scheduler, uint32_t n);

#endif
