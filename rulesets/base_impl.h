/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the base chains, file by file: for the table in base.c. Each appends
 * rule @i of its chain; false: the chain has no such rule. */
#ifndef RULESETS_BASE_IMPL_H
#define RULESETS_BASE_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "rulesets/form.h"

/** dispatch() - daddr . l4proto [. dport] -> verdict, by @map */
void dispatch(struct buf *r, uint8_t family, enum rs_map map);

/* Where the keys of a service are, by what its flows were sent to. */
struct original_maps {
	enum rs_map exact, ranges, any;
};

/** dispatch_original() - rule @i of those that look up the destination that the
 * flow had before DNAT */
bool dispatch_original(struct buf *r, unsigned int i, uint8_t family,
		       const struct original_maps *maps);

/* base_offload.c: which flows take the fast path */
bool forward_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_fastpath_rule(struct buf *r, unsigned int i, uint8_t family);

/* base_pick.c: steps of services of the long form */
bool pick_rule(struct buf *r, unsigned int i, uint8_t family);
bool alive_rule(struct buf *r, unsigned int i, uint8_t family);
bool member_rule(struct buf *r, unsigned int i, uint8_t family);
bool from_member_rule(struct buf *r, unsigned int i, uint8_t family);

/** to_way() - to the backend whose id is the scratch value; who finds nobody
 * there comes back */
void to_way(struct buf *r);
/** to_hit() - the same of ipip's flows that are known, which are noted */
void to_hit(struct buf *r);
/** twice_rule() - rule @i: those who come back from @chain have a backend, and
 * go to it; if it takes nobody any more, once again; then they are dropped */
bool twice_rule(struct buf *r, unsigned int i, const char *chain);

/* base_ingress.c: tables of type netdev */
bool ingress_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_service_rule(struct buf *r, unsigned int i, uint8_t family);

/* base_stateless.c: before tracking, and behind routing */
bool stateless_rule(struct buf *r, unsigned int i, uint8_t family);
bool stateless_more_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_stateless_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_stateless_more_rule(struct buf *r, unsigned int i, uint8_t family);
bool answers_rule(struct buf *r, unsigned int i, uint8_t family);
bool own_mistakes_rule(struct buf *r, unsigned int i, uint8_t family);
bool more_answers_rule(struct buf *r, unsigned int i, uint8_t family);
bool mistake_rule(struct buf *r, unsigned int i, uint8_t family);

/* base_probes.c: probes through direct modes */
bool probes_rule(struct buf *r, unsigned int i, uint8_t family);
bool probes_answers_rule(struct buf *r, unsigned int i, uint8_t family);
/** probe_ways_rule() - of the interface where they come in: to MAP_PROBE_WAYS
 */
void probe_ways_rule(struct buf *r, uint8_t family);

/* base_packets.c: what each packet meets */
bool guard_rule(struct buf *r, unsigned int i, uint8_t family);
bool count_rule(struct buf *r, unsigned int i, uint8_t family);
bool count_output_rule(struct buf *r, unsigned int i, uint8_t family);
bool count_ranges_rule(struct buf *r, unsigned int i, uint8_t family);
bool count_ranges_output_rule(struct buf *r, unsigned int i, uint8_t family);
bool marks_rule(struct buf *r, unsigned int i, uint8_t family);
bool marks_ranges_rule(struct buf *r, unsigned int i, uint8_t family);
bool priorities_rule(struct buf *r, unsigned int i, uint8_t family);
bool priorities_ranges_rule(struct buf *r, unsigned int i, uint8_t family);

/* base_agent.c: tunnels to the machines of a hypervisor */
bool strangers_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_host_rule(struct buf *r, unsigned int i, uint8_t family);
bool tunnels_rule(struct buf *r, unsigned int i, uint8_t family);
bool outer_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_vm_rule(struct buf *r, unsigned int i, uint8_t family);
bool inner_rule(struct buf *r, unsigned int i, uint8_t family);
bool bound_rule(struct buf *r, unsigned int i, uint8_t family);
bool leaving_rule(struct buf *r, unsigned int i, uint8_t family);
bool stale_rule(struct buf *r, unsigned int i, uint8_t family);
bool to_clamp_rule(struct buf *r, unsigned int i, uint8_t family);
bool answering_rule(struct buf *r, unsigned int i, uint8_t family);

#endif
