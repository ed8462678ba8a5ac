/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of a service's chains share. */
#ifndef RULESETS_CHAINS_IMPL_H
#define RULESETS_CHAINS_IMPL_H

#include "rulesets/chains.h"

struct writer {
	struct unit *u;
	const struct rs_service *svc;
	const uint32_t *ids; /* of the service's backends */
	const struct own_sets *sets;
};

/** to_chain() - goto or jump @prefix SERVICE */
void to_chain(struct buf *r, int verdict, const char *prefix,
	      const struct rs_service *svc);
/** set_priority() - the scratch value := @id */
void set_priority(struct buf *r, uint32_t id);
/** if_priority() - go on if the scratch value is (@is) or is not @id */
void if_priority(struct buf *r, bool is, uint32_t id);
/** count() - the counter @prefix SERVICE */
void count(struct buf *r, const char *prefix, const struct rs_service *svc);
/** log_line() - "PREFIX WHAT " to where the service's lines go */
void log_line(struct buf *r, const struct rs_service *svc, const char *what);

/* ---- chains_drops.c: what is refused */

/** filter_rules(), limit_rules() - the first rules of a service's chain */
void filter_rules(struct writer *w, struct unit_chain *c);
void limit_rules(struct writer *w, struct unit_chain *c);
/** drop_chains() - allow., denied., limited., refused. */
void drop_chains(struct writer *w);
/** noted_drop_rules() - log and count as the service has it, in rules before
 * the one that ends a packet's way */
void noted_drop_rules(const struct rs_service *svc, struct unit_chain *c,
		      const char *what, const char *counter);
/** svc_notes_drops() - does anything beside the drop happen? */
bool svc_notes_drops(const struct rs_service *svc);

/* ---- chains_stick.c: clients who come back */

/** stick_rules() - whom a session or a pin leads somewhere, goes there */
void stick_rules(struct writer *w, struct unit_chain *c);
/** serve_chain() - the backend is known: remember, count, go */
void serve_chain(struct writer *w);
/** refresh_rule() - packets of a session keep it alive */
void refresh_rule(struct writer *w, struct unit_chain *c);
/** svc_served() - the verdict at the end, once the backend is known */
void svc_served(struct buf *r, const struct rs_service *svc);
/** svc_serves() - is there a serve chain? */
bool svc_serves(const struct rs_service *svc);

/* ---- chains_direct.c: flows that nobody tracks */

/** direct_chains() - all chains of a service of a direct mode */
void direct_chains(struct writer *w);
/** direct_refuse() - the verdict that ends what nobody serves */
void direct_refuse(struct buf *r, const struct rs_service *svc);
/** flow_key() - what its entries are found by */
enum map_key flow_key(const struct rs_service *svc);

/* ---- base_ingress.c */

/** recent_add(), recent_forget() - the packet's flow, and the backend whose id
 * is the scratch value, in MAP_RECENT. An entry that is there stays as it is.
 */
void recent_add(struct buf *r, uint8_t family, uint32_t timeout_ms);
void recent_forget(struct buf *r, uint8_t family);
/** tunnel_add() - the packet's flow and a tunnel's index, in MAP_TUNNELS; an
 * entry that is there stays as it is */
void tunnel_add(struct buf *r, uint8_t family, uint32_t ifindex,
		uint32_t timeout_ms);
/** device_chain() - all of a unit that is an interface: its chain */
void device_chain(struct unit *u, const struct rs_service *svc);

/* ---- chains_stateless.c */

/** stateless_end() - the rules of to.NAME/BACKEND */
void stateless_end(struct unit_chain *c, const struct rs_service *svc,
		   const struct rs_backend *b);
/** answers_chain() - what backends send back */
void answers_chain(struct writer *w);

/* ---- chains_ends.c: the last step of direct modes */

/** end_chains() - to.NAME/BACKEND, a chain for each backend that has a path */
void end_chains(struct writer *w);
/** write_hop() - ether addresses := the path's; send_to_hop() - out there */
void write_hop(struct buf *r, const struct rs_path *p);
void send_to_hop(struct buf *r, const struct rs_path *p);
/** has_way() - does the backend take packets, and is its path known? */
bool has_way(const struct rs_service *svc, const struct rs_backend *b);
/** end_rules() - the rules of such a chain, in any of the service's table */
void end_rules(struct unit_chain *c, const struct rs_service *svc,
	       const struct rs_backend *b);

/* ---- chains_probes.c */

/** probe_chains() - probe.NAME/BACKEND, for who is probed by way of @svc */
void probe_chains(struct writer *w);

/* ---- chains_guard.c, chains_qos.c, chains_room.c */

void guard_chains(struct writer *w);
void qos_chains(struct writer *w);
void room_chains(struct writer *w);

#endif
