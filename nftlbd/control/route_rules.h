/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules around a service make of a client before a slot is picked. */
#ifndef NFTLB_CONTROL_ROUTE_RULES_H
#define NFTLB_CONTROL_ROUTE_RULES_H

#include "control/route_steps.h"
#include "daemon/daemon.h"

enum route_end {
	ROUTE_SLOT,   /* nothing: a slot decides */
	ROUTE_DENIED, /* a list keeps him out */
	ROUTE_LOCAL,  /* the service is the gateway's own */
	ROUTE_PINNED,
	ROUTE_SESSION, /* his session leads somewhere */
	ROUTE_FLOW     /* the flow itself is remembered; route_flow() */
};

struct route_rules {
	enum route_end end;
	const char *list;    /* of ROUTE_DENIED; NULL: he is on no allow list */
	const char *backend; /* the model's */
};

/**
 * route_rules() - in the order of the kernel's rules
 * @port: of the client; 0 = not known, sessions by port are not looked at then
 * @steps: what was looked at is appended
 * Limits are not looked at: what they say is of this very second. Asks the
 * kernel for one session.
 */
struct route_rules route_rules(const struct daemon *d, const struct service *s,
			       const struct addr *client, uint16_t port,
			       json_t *steps);

/* A flow. */
struct route_key {
	struct addr client;
	uint32_t client_port; /* 0 = not given */
	const struct addr *vip;
	uint16_t vip_port;
	uint8_t proto;
};

/**
 * route_flow() - the backend that a flow of a service that tracks nothing is
 * remembered with, and that takes its packets
 * Asks the kernel. Return: the model's name of it; NULL: none, the slot
 * decides.
 */
const char *route_flow(const struct daemon *d, const struct service *s,
		       const struct route_key *key);

#endif
