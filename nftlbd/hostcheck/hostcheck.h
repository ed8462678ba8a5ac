/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with this host for what it has to do, and how to mend it. The
 * caller says what the host is for (items), hostcheck_read() adds what is
 * there (facts), hostcheck_judge() compares. Used by nftlbd on gateways and by
 * hvagent on hypervisors.
 */
#ifndef NFTLB_HOSTCHECK_HOSTCHECK_H
#define NFTLB_HOSTCHECK_HOSTCHECK_H

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/words.h"

/* What a host has to do with an item; bits. */
enum host_use {
	HOST_TRACKED = 1 << 0,   /* a backend, routed, with connection tracking;
				  * modes dnat, snat */
	HOST_STATELESS = 1 << 1, /* a backend, or the service's address */
	HOST_DSR = 1 << 2,       /* a backend */
	HOST_IPIP = 1 << 3,      /* a backend */
	HOST_HASHED = 1 << 4,    /* a service whose seed decides who is where */
	HOST_FRONT = 1 << 5,  /* interface: packets of direct modes come in */
	HOST_VM = 1 << 6,     /* hypervisor: a virtual machine */
	HOST_UPLINK = 1 << 7, /* hypervisor: interface to the gateways */
	HOST_TUNNEL = 1 << 8, /* hypervisor: interface that decapsulates */
	HOST_SENDER = 1 << 9, /* hypervisor: a gateway */
	HOST_AGENT = 1 << 10, /* it is a hypervisor */
	HOST_PART = 1 << 11,  /* a module that something needs */
	HOST_AHEAD = 1 << 12  /* a backend, of mode stateless with interfaces */
};

enum host_kind {
	HOST_ITSELF,  /* the host; there is one without being added */
	HOST_DEVICE,  /* a network interface */
	HOST_PEER,    /* an address that packets are sent to */
	HOST_ADDRESS, /* an address of a service */
	HOST_MODULE   /* a part of the kernel */
};

/* Facts of an interface; an int is -1 where the kernel does not say. */
struct host_link {
	bool exists, up, carrier;
	uint32_t index, mtu;
	char name[IFNAMSIZ];
	int rp_filter; /* what counts: the greater of all's and its own */
	int forwarding, accept_local; /* of IPv4 */
};

struct host_route {
	bool asked, found, local;
	bool onlink;         /* no router between */
	struct addr nexthop; /* the router, or the address itself */
	uint32_t mtu;   /* of the route, if one was set or learned; else 0 */
	uint32_t index; /* of the interface that it leads to */
};

enum host_neighbour { HOST_NEIGH_NONE, HOST_NEIGH_GOOD, HOST_NEIGH_FAILED };
enum host_module {
	HOST_MODULE_UNKNOWN,
	HOST_MODULE_THERE,    /* loaded or built in */
	HOST_MODULE_LOADABLE, /* when it is needed */
	HOST_MODULE_MISSING
};

struct host_item {
	enum host_kind kind;
	unsigned int use;   /* enum host_use */
	const char *name;   /* "www/b1", for people; not owned */
	const char *device; /* its name; of peers NULL = where the route leads;
			     * not owned */
	struct addr addr;
	/* facts */
	struct host_link link; /* of the device */
	struct host_route route;
	enum host_neighbour neighbour; /* the next hop */
	enum host_module module;
};

struct host {
	struct host_item *items;
	size_t n, cap;
	unsigned int use;    /* of all items together */
	bool default_seed;   /* hash-seed is the one that everybody knows */
	size_t ngateways;    /* hypervisor: who may send */
	uint32_t client_mtu; /* largest packet of clients; 0 = that of the
			      * HOST_FRONT interfaces, else 1500 */
	/* facts, -1 where the kernel does not say */
	int forwarding[2]; /* IPv4, IPv6 */
	int64_t conntrack_count, conntrack_max;
	int conntrack_events;
	int conntrack_loose, conntrack_liberal; /* of TCP */
	bool modules_disabled;                  /* no more modules are loaded */
	bool stateless_local; /* an IPv4 address of a stateless service is on
			       * an interface of this host */
	uint32_t uplink_mtu;  /* the smallest; 0 = not known */
	char kernel[72];      /* release */
};

enum host_level { HOST_OK, HOST_WARNING, HOST_ERROR };

extern const struct word host_level_words[]; /* ok warning error */

struct host_finding {
	const char *check; /* static */
	enum host_level level;
	char *subject; /* "" = all that the check is about */
	char *found;
	char *mend; /* a command, or "# " and what to do elsewhere, or "" */
};

struct host_findings {
	struct host_finding *list;
	size_t n, cap;
};

/** host_add() - one more thing that the host is for; the strings stay the
 * caller's and must live as long as @h */
void host_add(struct host *h, const struct host_item *item);
/** host_add_module() - it needs @name (static), unless that was said already */
void host_add_module(struct host *h, const char *name);
/** host_add_tunnel() - it needs tunnels with these families outside and inside:
 * the module of that kind of device */
void host_add_tunnel(struct host *h, uint8_t outer, uint8_t inner);
/** host_free() - all that host_add() made */
void host_free(struct host *h);

/**
 * hostcheck_read() - fill in the facts of this network namespace
 * Asks the kernel for each item: for a process of its own where there are many.
 * Needs no right.
 * Return: 0; -errno: no netlink. What else cannot be read is not known.
 */
int hostcheck_read(struct host *h, struct err *err);

/**
 * hostcheck_judge() - pure: what is found, checks in the order of their table
 * A check that applies and finds nothing is one finding of level ok; one that
 * applies to nothing is none.
 */
void hostcheck_judge(const struct host *h, struct host_findings *out);
void host_findings_free(struct host_findings *f);

/** hostcheck_json() - [{"check","level","subject","found","mend"}] */
json_t *hostcheck_json(const struct host_findings *f);

/**
 * hostcheck_print() - read, judge, and write the JSON to @fd
 * All there is to do for a child that answers GET /v1/check.
 * Return: exit status
 */
int hostcheck_print(struct host *h, int fd);

#endif
