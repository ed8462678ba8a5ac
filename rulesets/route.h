/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which slot would the kernel choose for this client? Agrees bit by bit. */
#ifndef RULESETS_ROUTE_H
#define RULESETS_ROUTE_H

#include "rulesets/types.h"

/**
 * rs_jhash() - the kernel's jhash() over @len bytes (Bob Jenkins' lookup3)
 * Source: http://burtleburtle.net/bob/c/lookup3.c, public domain; the kernel
 * starts from 0xdeadbeef + len + seed.
 */
uint32_t rs_jhash(const void *data, uint32_t len, uint32_t seed);

/**
 * route_slot() - slot (0..m-1) of a client's flow under source-hash
 * @client, @client_port, @vip, @vip_port, @proto: the flow (ports host order);
 * only what svc->hash_key names is used. Concatenated keys are padded to 32-bit
 * registers as nf_tables does; the slot is (hash * m) >> 32.
 * route_hash() - that hash, 0..2^32-1
 */
uint32_t route_slot(const struct rs_service *svc, uint32_t m,
		    const struct addr *client, uint16_t client_port,
		    const struct addr *vip, uint16_t vip_port, uint8_t proto);
uint32_t route_hash(const struct rs_service *svc, const struct addr *client,
		    uint16_t client_port, const struct addr *vip,
		    uint16_t vip_port, uint8_t proto);

#endif
