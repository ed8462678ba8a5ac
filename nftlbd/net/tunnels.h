/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnel devices of ours: made, adopted, repaired when somebody else deletes or
 * changes them, removed. Which of the host's are ours their alias says.
 *
 * One device per pair of outer addresses carries IPv4 and IPv6 alike: kind sit
 * (mode any) between IPv4 addresses, ip6tnl (mode any) between IPv6 addresses.
 * Packets without DF are cut outside (outer IPv4).
 */
#ifndef NFTLB_NET_TUNNELS_H
#define NFTLB_NET_TUNNELS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/links.h"

#define TUNNELS_OWNER_MAX 64

/* The outer addresses, of one family. */
struct tunnel_pair {
	struct addr local, remote;
};

/* A device that takes the outer header off whatever comes, from anybody. */
enum tunnel_decap_kind {
	TUNNEL_DECAP_IPIP, /* 4 in 4: kind ipip, external */
	TUNNEL_DECAP_SIT,  /* 6 in 4: kind sit, to one local address */
	TUNNEL_DECAP_IP6   /* 4 and 6 in 6: kind ip6tnl, external */
};
struct tunnel_decap {
	char name[IFNAMSIZ];
	enum tunnel_decap_kind kind;
	struct addr local; /* TUNNEL_DECAP_SIT: where the packets go to (the
			    * kernel's sit0 already is the one for any) */
};

struct tunnels;

/* Called from the loop, and by tunnels_settle(), when a device got another
 * ifindex, or came or went; once after many changes. */
typedef void tunnels_changed(void *ctx);

/**
 * tunnels_open() - nothing is made or removed by it
 * @owner: first words of the alias of all devices that are ours, "nftlb TABLE";
 * below TUNNELS_OWNER_MAX; copied
 */
int tunnels_open(struct tunnels **out, struct ev_loop *loop,
		 struct links *links, const char *owner,
		 tunnels_changed *changed, void *ctx, struct err *err);
/** tunnels_close() - devices stay. NULL is fine. */
void tunnels_close(struct tunnels *t);

/**
 * tunnels_want() - from now on these and no others, and keep them so
 * Those that are not there are made from the loop, many at a time; where
 * another device has the place (name, or addresses and kind) and is not ours,
 * it stays and tunnels_why() says so; tried again with back-off.
 * Those no longer wanted stay until tunnels_sweep(). What is there already is
 * known when it returns, without a call of changed().
 * @pairs: may repeat; copied. @decaps: names differ; copied.
 */
void tunnels_want(struct tunnels *t, const struct tunnel_pair *pairs, size_t n,
		  const struct tunnel_decap *decaps, size_t ndecaps);

/** tunnels_settle() - work on it now, for @timeout_ms at most
 * Return: is all that is wanted there? */
bool tunnels_settle(struct tunnels *t, unsigned int timeout_ms);

/** tunnels_sweep() - remove our devices that nobody wants; to be called when
 * no rule sends packets there any more. Goes on in the loop. */
void tunnels_sweep(struct tunnels *t);

/** tunnels_ifindex() - of the device of a wanted pair; 0 = not there, not up */
uint32_t tunnels_ifindex(const struct tunnels *t,
			 const struct tunnel_pair *pair);
/** tunnels_decap_ifindex() - the same, of a wanted decap */
uint32_t tunnels_decap_ifindex(const struct tunnels *t, const char *name);

/** tunnels_why() - why is the last that failed not there? "" = none failed */
const char *tunnels_why(const struct tunnels *t);

/** tunnel_name() - "nlb-" and 8 hex digits, of the pair's addresses and kind */
const char *tunnel_name(const struct tunnel_pair *pair, char name[IFNAMSIZ]);

#endif
