/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's interfaces as far as the agent needs them: what is on the uplinks,
 * and the devices that take the tunnels' headers off. Knows no bindings.
 */
#ifndef HVAGENT_DEVICES_H
#define HVAGENT_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

struct devices;

/* An interface, as it is now. */
struct uplink {
	uint32_t ifindex;    /* 0 = it is not there */
	uint32_t mtu;        /* bytes */
	struct addr addr[2]; /* by family_index(); family 0 = it has none */
};

/** devices_open() - a socket that hears of changes; 0 or -errno */
int devices_open(struct devices **out, struct err *err);
void devices_close(struct devices *d); /* NULL is fine; the host keeps all */

/** devices_fd() - readable when something changed; devices_drain() - so that it
 * is not any more */
int devices_fd(const struct devices *d);
void devices_drain(struct devices *d);

/** devices_uplink() - how the interface is now */
void devices_uplink(struct devices *d, const char *name, struct uplink *out);

/* The decapsulating ones, by what they take out of what. */
enum device { DEVICE_4, DEVICE_6, DEVICE_6IN4, DEVICES };

/* What each is. DEVICE_6 takes IPv4 out of IPv6 as well. */
extern const struct device_form {
	const char *name, *kind;
	uint8_t outer; /* family of the tunnels */
} device_forms[DEVICES];

/**
 * devices_keep() - have the decapsulating device @which, up and without
 * rp_filter; what is there and right is not touched
 * Return: 1: it was made; 0: it was there; -errno with words.
 */
int devices_keep(struct devices *d, enum device which, struct err *err);

/** devices_received() - add what the decapsulating device @which has taken out
 * of tunnels; nothing where it is not there */
void devices_received(struct devices *d, enum device which, uint64_t *packets,
		      uint64_t *bytes);

/** devices_remove() - @which, if it is there and ours; 0 or -errno */
int devices_remove(struct devices *d, enum device which, struct err *err);

#endif
