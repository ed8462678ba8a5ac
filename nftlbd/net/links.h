/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network interfaces of this namespace, as the kernel has them: read once,
 * kept fresh by its events, read anew where events were lost.
 */
#ifndef NFTLB_NET_LINKS_H
#define NFTLB_NET_LINKS_H

#include <ev.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

#define LINK_KIND_MAX  16
#define LINK_ALIAS_MAX 256

/* What a tunnel device was made with; family 0: the interface is none. */
struct link_tunnel {
	struct addr local, remote; /* family 0 = any */
	uint8_t family;            /* of the outer header */
	uint8_t ttl;    /* of the outer header; 0 = the inner one's */
	uint8_t inner;  /* IPPROTO_IPIP, IPPROTO_IPV6; 0 = both */
	bool pmtudisc;  /* outer DF is set (outer IPv4) */
	bool external;  /* the packet says where it goes */
	uint32_t flags; /* IP6_TNL_F_* (outer IPv6) */
};

struct link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[LINK_KIND_MAX]; /* "veth", "bridge", "vlan"; "" = hardware */
	char alias[LINK_ALIAS_MAX];
	uint32_t mtu;
	uint32_t master;  /* ifindex of bridge, bond, VRF; 0 = none */
	uint32_t lower;   /* VLAN, macvlan: what it sits on; 0 = none */
	uint32_t group;   /* the operator's number; 0 = none */
	uint16_t type;    /* ARPHRD_* */
	bool has_ether;   /* type is Ethernet and the address is not zero */
	uint8_t ether[6]; /* its own address */
	bool up;          /* the operator's word */
	bool running;     /* up, and there is a carrier */
	struct link_tunnel tunnel;
};

struct links;

/* Somebody who wants to know; embedded, linked in by links_listen(). */
struct links_listener {
	/* @now: NULL = it is gone; @old: NULL = it is new. Never both. Neither
	 * lives longer than the call. Links may not be closed in it. */
	void (*changed)(struct links_listener *l, const struct link *old,
			const struct link *now);
	struct links_listener *next;
};

/** links_open() - read all interfaces and listen from then on; 0 or -errno
 * @loop: calls the listeners */
int links_open(struct links **out, struct ev_loop *loop, struct err *err);
void links_close(struct links *l); /* NULL is fine */

void links_listen(struct links *l, struct links_listener *listener);
void links_leave(struct links *l, struct links_listener *listener);

/** links_read() - what has happened until now, without waiting for the loop;
 * listeners are called */
void links_read(struct links *l);

/** links_by_index(), links_by_name() - NULL = there is none. Valid until the
 * loop runs or links_read() is called. */
const struct link *links_by_index(const struct links *l, uint32_t ifindex);
const struct link *links_by_name(const struct links *l, const char *name);

/** links_count(), links_at() - all of them, in no order; @i below the count */
size_t links_count(const struct links *l);
const struct link *links_at(const struct links *l, size_t i);

#endif
