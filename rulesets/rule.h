/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as the kernel wants it: the bytes of NFTA_RULE_EXPRESSIONS, appended
 * expression by expression.
 */
#ifndef RULESETS_RULE_H
#define RULESETS_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "rulesets/types.h"

/*
 * Register that starts @words 32-bit words into the register file. The kernel
 * has two numberings and dumps the old one where it fits; so do we, that a dump
 * compares equal.
 */
#define REG(words) ((words) % 4 ? 8u + (words) : 1u + (words) / 4)
#define NO_REG     0u

void rule_payload(struct buf *r, uint32_t dreg, uint32_t base, uint32_t offset,
		  uint32_t len);
/**
 * rule_payload_set() - write into the packet
 * @csum_offset: of the IPv4 header's sum, which follows; -1 = there is none
 */
void rule_payload_set(struct buf *r, uint32_t sreg, uint32_t base,
		      uint32_t offset, uint32_t len, int csum_offset);
/**
 * rule_payload_set_l4() - the same, and the sum of TCP, UDP or ICMPv6 is mended
 * for what it covers; not that of UDP without one
 */
void rule_payload_set_l4(struct buf *r, uint32_t sreg, uint32_t base,
			 uint32_t offset, uint32_t len, int csum_offset);
/** rule_fwd() - out at the interface whose index is in @dev_reg, as it is; or,
 * with @addr_reg, to the neighbour of this address. In tables of type netdev.
 */
void rule_fwd(struct buf *r, uint32_t dev_reg, uint32_t addr_reg,
	      uint8_t family);
void rule_meta_load(struct buf *r, uint32_t key, uint32_t dreg);
void rule_meta_set(struct buf *r, uint32_t key, uint32_t sreg);
/** rule_ct_load(), rule_ct_set() - @dir: IP_CT_DIR_*, or -1 where the key has
 * none */
void rule_ct_load(struct buf *r, uint32_t key, uint32_t dreg, int dir);
void rule_ct_set(struct buf *r, uint32_t key, uint32_t sreg, int dir);
void rule_cmp(struct buf *r, uint32_t op, uint32_t sreg, const void *data,
	      uint32_t len);
/** rule_bitwise() - reg = (reg & mask) ^ value, @len bytes of each */
void rule_bitwise(struct buf *r, uint32_t reg, const void *mask,
		  const void *value, uint32_t len);
void rule_and(struct buf *r, uint32_t reg, uint32_t mask);
/** rule_lookup() - @dreg: NO_REG for a verdict map */
void rule_lookup(struct buf *r, const char *map, uint32_t sreg, uint32_t dreg,
		 bool verdict);
/** rule_in_set() - go on if it is in @set; @in false: if it is not */
void rule_in_set(struct buf *r, const char *set, uint32_t sreg, bool in);
void rule_numgen_inc(struct buf *r, uint32_t dreg, uint32_t mod,
		     uint32_t offset);
void rule_numgen_random(struct buf *r, uint32_t dreg, uint32_t mod,
			uint32_t offset);
void rule_jhash(struct buf *r, uint32_t sreg, uint32_t len, uint32_t dreg,
		uint32_t mod, uint32_t seed, uint32_t offset);
/** rule_verdict() - @chain: target of goto/jump, else NULL */
void rule_verdict(struct buf *r, int verdict, const char *chain);
void rule_value(struct buf *r, uint32_t dreg, const void *data, uint32_t len);
/** rule_nat() - @type NFT_NAT_SNAT/DNAT; @port_reg may be NO_REG */
void rule_nat(struct buf *r, uint32_t type, uint8_t family, uint32_t addr_reg,
	      uint32_t port_reg);
void rule_masquerade(struct buf *r);
/** rule_notrack() - conntrack does not see the packet */
void rule_notrack(struct buf *r);
/** rule_fib_type() - RTN_*, of what @flags (NFTA_FIB_F_*) say; in host order */
void rule_fib_type(struct buf *r, uint32_t flags, uint32_t dreg);
/** rule_tcp_mss() - MSS of a SYN := 16 bits in network order, if it is larger
 */
void rule_tcp_mss(struct buf *r, uint32_t sreg);
/** rule_flow_add() - put the packet's flow into a flowtable */
void rule_flow_add(struct buf *r, const char *flowtable);
void rule_reject(struct buf *r, uint32_t type, uint8_t code);

/* ---- what remembers something from packet to packet */

/* A change to a set or map by the packets themselves. */
struct rule_dynset {
	uint32_t op; /* NFT_DYNSET_OP_* */
	const char *set;
	uint32_t key, data;   /* registers; data may be NO_REG */
	uint64_t timeout_ms;  /* 0 = the set's own */
	uint32_t connections; /* what the set's elements carry, 0 = not that */
};

/** rule_dynset() - goes on unless the set is full, or what its elements carry
 * (see rule_carried()) ends the rule */
void rule_dynset(struct buf *r, const struct rule_dynset *d);
/**
 * rule_carried() - what the elements of a set carry, as an attribute of @type:
 * goes on beyond the rate @over (rate 0 = none), or for flows beyond as many
 * @connections (0 = none)
 */
void rule_carried(struct buf *r, uint16_t type, const struct rs_rate *over,
		  uint32_t connections);
/** rule_limit() - goes on within the rate; @over: only beyond it */
void rule_limit(struct buf *r, const struct rs_rate *rate, bool over);
/** rule_connections() - counts the flow; goes on if there are more than @n */
void rule_connections(struct buf *r, uint32_t n);
/** rule_log() - @group: of nfnetlink_log, -1 = the kernel's log */
void rule_log(struct buf *r, const char *prefix, int32_t group);
/** rule_object() - @type: NFT_OBJECT_*; a counter counts, a helper is set */
void rule_object(struct buf *r, uint32_t type, const char *name);
/** rule_object_map() - the object that @map has for what is in @sreg */
void rule_object_map(struct buf *r, uint32_t sreg, const char *map);

/* ---- */

/**
 * rule_matches() - is @have (as the kernel dumps it) the rule @want?
 * Every expression and every attribute that we sent must be there with the same
 * value; attributes that the kernel adds do not count. Never reads beyond the
 * lengths; expressions that we do not know are a mismatch, not an error.
 */
bool rule_matches(const void *want, size_t want_len, const void *have,
		  size_t have_len);

/**
 * rule_slots() - the slot range of a service's rule: numgen's or jhash's
 * modulus and offset. False where the rule has none.
 */
bool rule_slots(const void *rule, size_t len, uint32_t *base, uint32_t *m);

#endif
