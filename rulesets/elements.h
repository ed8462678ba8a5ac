/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The elements of one service: what leads packets to its chains, and what its
 * chains look up. Pure. */
#ifndef RULESETS_ELEMENTS_H
#define RULESETS_ELEMENTS_H

#include "rulesets/types.h"
#include "rulesets/unit.h"

/** elements_add_keys() - addresses, protocols and ports, for the chains that
 * are looked for by them */
void elements_add_keys(struct unit *u, const struct rs_service *svc);
/** elements_add_probes() - where probes through the data path go
 * @ids: of the service's backends, as below */
void elements_add_probes(struct unit *u, const struct rs_service *svc,
			 const uint32_t *ids);
/** elements_add_probe_ways() - the same of a direct mode, in its table */
void elements_add_probe_ways(struct unit *u, const struct rs_service *svc,
			     const struct rs_backend *b, uint8_t proto);
/** elements_add_probed() - all of a unit that is the probes of a service of a
 * direct mode, in the family's own table (chains_probes.c) */
void elements_add_probed(struct unit *u, const struct rs_service *svc);
/** elements_add_open() - of a direct mode, who takes packets of known flows */
void elements_add_open(struct unit *u, const struct rs_service *svc,
		       const uint32_t *ids);
/** elements_add_hits() - where packets of known flows go that want to be noted
 */
void elements_add_hits(struct unit *u, const struct rs_service *svc,
		       const uint32_t *ids);
/** elements_add_sticky() - who may have old clients, who has to */
void elements_add_sticky(struct unit *u, const struct rs_service *svc,
			 const uint32_t *ids);
/** elements_add_flows() - counters, marks and classes of connections */
void elements_add_flows(struct unit *u, const struct rs_service *svc,
			const uint32_t *ids);

/** elements_add_agent() - all of a unit that is the agent's (elements_agent.c)
 */
void elements_add_agent(struct unit *u, const struct rs_service *svc);

/* ---- for these */

/** key_target() - fill in daddr . protocol . port, port in host order */
void key_target(uint8_t *key, const struct addr *a, uint8_t proto,
		uint16_t port);

/* One address, protocol and port (or stretch of ports) of a service. */
struct target {
	const struct addr *addr;
	uint8_t proto;
	struct rs_ports ports; /* any: 0-65535 */
	bool exact;
};

/** target_next() - the @i-th of @svc; false: there are no more */
bool target_next(const struct rs_service *svc, size_t i, struct target *t);

#endif
