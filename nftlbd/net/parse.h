/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What messages of NETLINK_ROUTE say. Pure; whatever the bytes are. */
#ifndef NFTLB_NET_PARSE_H
#define NFTLB_NET_PARSE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "net/links.h"

/**
 * parse_link() - of RTM_NEWLINK, RTM_DELLINK
 * Return: false where it is not about an interface itself (the bridge tells of
 * its ports in such messages), or cut off. @out has no indeterminate byte.
 */
bool parse_link(const struct nlmsghdr *nlh, struct link *out);

/* One entry of the kernel's table. */
struct neigh_entry {
	uint32_t ifindex;
	struct addr addr;
	uint16_t state; /* NUD_* */
	bool kept; /* by others, who say what it is: the operator, a routing
		    * daemon, or the kernel was told to ask by itself */
	bool has_ether; /* of six bytes, not zero, not of a group */
	uint8_t ether[6];
};

/** parse_neigh() - of RTM_NEWNEIGH, RTM_DELNEIGH; false: not IP, or cut off */
bool parse_neigh(const struct nlmsghdr *nlh, struct neigh_entry *out);

/* What the kernel would do with a packet. */
struct route_answer {
	uint8_t type;     /* RTN_* */
	uint32_t ifindex; /* 0 = none */
	struct addr via;  /* family 0 = on the link */
	struct addr from; /* family 0 = not said */
	uint32_t mtu;     /* 0 = not said */
};

/** parse_route() - of RTM_NEWROUTE; false: not IP, or cut off */
bool parse_route(const struct nlmsghdr *nlh, struct route_answer *out);

/** ether_usable() - may a packet be sent there: not zero, not a group's */
bool ether_usable(const uint8_t ether[6]);

#endif
