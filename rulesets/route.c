/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slot that the kernel's source-hash rule chooses for a flow: the registers
 * that nf_tables would fill, hashed and scaled as there.
 *
 * Invariants: the keys are those of the rules that compile.c writes (jhash ip
 * saddr [. th sport] or jhash ip saddr . ip daddr . meta l4proto . th sport .
 * th dport); every field starts at a 32-bit register and is followed by zeros.
 * Must not know: who owns the slot.
 */
#include "rulesets/route.h"

#include <string.h>

struct registers {
	uint8_t bytes[16 + 16 + 3 * 4];
	uint32_t len;
};

static void load(struct registers *r, const void *field, uint32_t len)
{
	memcpy(r->bytes + r->len, field, len);
	r->len += (len + 3) / 4 * 4;
}

static void load_port(struct registers *r, uint16_t port)
{
	const uint8_t net[2] = { port >> 8, port & 0xff };

	load(r, net, sizeof(net));
}

uint32_t route_hash(const struct rs_service *svc, const struct addr *client,
		    uint16_t client_port, const struct addr *vip,
		    uint16_t vip_port, uint8_t proto)
{
	struct registers r = { 0 };

	load(&r, client->ip, addr_len(client));
	if (svc->hash_key == RS_KEY_5TUPLE) {
		load(&r, vip->ip, addr_len(vip));
		load(&r, &proto, sizeof(proto));
	}
	if (svc->hash_key != RS_KEY_SOURCE)
		load_port(&r, client_port);
	if (svc->hash_key == RS_KEY_5TUPLE)
		load_port(&r, vip_port);
	return rs_jhash(r.bytes, r.len, svc->hash_seed);
}

uint32_t route_slot(const struct rs_service *svc, uint32_t m,
		    const struct addr *client, uint16_t client_port,
		    const struct addr *vip, uint16_t vip_port, uint8_t proto)
{
	uint32_t hash =
	    route_hash(svc, client, client_port, vip, vip_port, proto);

	return (uint32_t)(((uint64_t)hash * m) >> 32);
}
