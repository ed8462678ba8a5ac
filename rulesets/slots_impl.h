/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What slots.c and its schedulers share; nobody else includes this. */
#ifndef RULESETS_SLOTS_IMPL_H
#define RULESETS_SLOTS_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rulesets/slots.h"

/* A backend of weight > 0 on its way to slots. */
struct slot_share {
	const char *name;
	uint32_t weight; /* round-robin: 1; dead in the second pass: 0 */
	uint32_t now;    /* of RS_WEIGHT_UNIT; 0 = as weight says */
	uint32_t has;    /* owns so many slots already */
	uint32_t gets;   /* and so many more */
	uint16_t index;  /* into svc->backends */
	bool usable;
};

/* One row of the scheduler table. */
struct slots_scheduler {
	bool equal_weights; /* weights other than 0 count as 1 */
	bool changing;      /* what a weight is at the moment counts */
	bool by_name;       /* the order of the file must not matter */
	/* M where the file leaves it to us; @sh: n shares, @configured: number
	 * of backends, those of weight 0 included */
	uint32_t (*size)(const struct slot_share *sh, size_t n,
			 size_t configured);
	/* as slots_check_size() */
	uint32_t (*check_size)(uint32_t n);
	/* give the open slots (SLOT_NONE) of @owner, @open in number, to the
	 * shares of weight > 0, at least one to each, such that what a share
	 * has and gets is in proportion to weight. Writes indices into @sh. */
	void (*place)(struct slot_share *sh, size_t n, uint16_t *owner,
		      uint32_t m, uint32_t open);
	/* where weights are not at home (dead: 0): from the table of home
	 * slots to one in proportion to weight, nobody getting less than he
	 * has. NULL: the second of slots.c's passes. */
	void (*move)(struct slot_share *sh, size_t n, uint16_t *owner,
		     uint32_t m);
	uint32_t fine_each; /* slots a backend at least where weights change;
			     * 0 = that does not matter */
};

extern const struct slots_scheduler slots_round_robin;
extern const struct slots_scheduler slots_weighted;
extern const struct slots_scheduler slots_moving;
extern const struct slots_scheduler slots_maglev;

/**
 * slots_apportion() - gets := part of @total in proportion to weight, less has
 * Largest remainder (Hamilton); equal remainders go to the earlier share.
 * Nobody loses what he has, and who has a weight ends with a slot at least;
 * that must fit in @total. Weight 0 gets nothing. At least one weight must not
 * be 0.
 */
void slots_apportion(struct slot_share *sh, size_t n, uint32_t total);

/**
 * slots_interleave() - a smooth sequence with each share as often as it gets
 * @seq: @len entries, the sum of all gets; filled with indices into @sh
 * Smooth: after any t entries a share had t * gets / len of them, rounded up or
 * down. Periodic where the numbers have a common divisor. O(len log n).
 */
void slots_interleave(const struct slot_share *sh, size_t n, uint16_t *seq,
		      uint32_t len);

/**
 * slots_turns() - who takes the next slot, @len times
 * @seq: filled with indices into @sh
 * A share's k-th slot (from 0, has counted) is due at (2k + 1) / weight, the
 * first one at once; equal ones in the order of @sh. That divides slots as
 * Sainte-Lague does, and with equal weights goes round. O(len log n).
 */
void slots_turns(const struct slot_share *sh, size_t n, uint16_t *seq,
		 uint32_t len);

/** slots_move() - struct slots_scheduler.move such that little changes when
 * weights change a little */
void slots_move(struct slot_share *sh, size_t n, uint16_t *owner, uint32_t m);

/**
 * slots_name_hash() - 64 bits of a backend's name
 * @basis: start value; different bases give independent functions.
 * FNV-1a (prime 0x100000001b3) over the bytes of the name, then MurmurHash3's
 * 64-bit finaliser (both public domain). Gateways must agree: never change it.
 */
uint64_t slots_name_hash(const char *name, uint64_t basis);

#endif
