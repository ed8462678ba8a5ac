/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of packets and connections that keys are made of, in registers. */
#ifndef RULESETS_FIELDS_H
#define RULESETS_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/** addr_words() - 32-bit words of an address */
unsigned int addr_words(uint8_t family);

/* The next register of 16 bytes after a key: nft wants data there. */
#define DATA_WORD(words) (((words) + 3) / 4 * 4)

/* @words: where in the register file, in 32-bit words. An address takes
 * addr_words(), all others take one. */
void load_addr(struct buf *r, uint8_t family, bool source, uint32_t words);
void load_port(struct buf *r, bool source, uint32_t words);
/* into the packet, and all sums with it */
void store_addr(struct buf *r, uint8_t family, bool source, uint32_t words);
void load_priority(struct buf *r, uint32_t words);
/* The same of the packet that an ICMP error speaks of. Its header is taken to
 * be without options (IPv4) or extension headers (IPv6). */
void load_inner_addr(struct buf *r, uint8_t family, bool source,
		     uint32_t words);
void load_inner_proto(struct buf *r, uint8_t family, uint32_t words);
void load_inner_port(struct buf *r, uint8_t family, bool source,
		     uint32_t words);
/** load_source() - the client's address, @prefix bits of it (0 = all) */
void load_source(struct buf *r, uint8_t family, unsigned int prefix,
		 uint32_t words);

/** load_target() - daddr . l4proto . dport from word 0 on */
void load_target(struct buf *r, uint8_t family);
/** load_flow() - KEY_FLOW from word 0 on: the connection's service address,
 * protocol, service port, backend address, backend port. nft wants to have seen
 * match_proto() before. */
void load_flow(struct buf *r, uint8_t family);

/** match_ethertype() - go on for packets of this kind of addresses; in tables
 * of type netdev, where nft wants to know before it reads their headers */
void match_ethertype(struct buf *r, uint8_t family);
/** match_proto() - go on for this protocol only */
void match_proto(struct buf *r, uint8_t proto);

/* Bits of a packet's state, as NFT_CT_STATE has them. */
enum ct_state { CT_INVALID = 1, CT_ESTABLISHED = 2, CT_NEW = 8 };

/** match_ct_state() - go on in these states only */
void match_ct_state(struct buf *r, uint32_t state);

#endif
