/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form of our tables, as data: which maps there are and how long their keys
 * are, which chains, and which numbers are reserved. One table per family, the
 * same names in both. rulesets/README.md shows the whole in nft's words.
 */
#ifndef RULESETS_FORM_H
#define RULESETS_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "rulesets/types.h"

/*
 * What only some services need. A map, base chain or object of a feature is in
 * the kernel only while some unit of the table has the feature's bit.
 */
enum feature {
	FEATURE_NONE,  /* what every table has */
	FEATURE_PICK,  /* services of the long form */
	FEATURE_ALIVE, /* persistence, pins: who may have old clients */
	FEATURE_PINS,
	FEATURE_GROUP, /* one session table for several services */
	FEATURE_ROOM,  /* backends with a limit of connections */
	FEATURE_COUNT, /* counters */
	FEATURE_COUNT_RANGES,
	FEATURE_MARKS, /* packet and conntrack marks, DSCP */
	FEATURE_MARKS_RANGES,
	FEATURE_PRIORITIES, /* tc classes */
	FEATURE_PRIORITIES_RANGES,
	FEATURE_GUARD, /* what packets meet before they are dispatched */
	FEATURE_AGENT, /* all of the agent on a hypervisor */
	FEATURE_HELPER_FTP,
	FEATURE_HELPER_TFTP,
	FEATURE_HELPER_SIP,
	FEATURE_HELPER_PPTP,
	FEATURE_INGRESS, /* what each table of type netdev has */
	FEATURE_WAYS,    /* direct modes: where a backend's packets go */
	FEATURE_OFFLOAD, /* the fast path of established flows */
	FEATURE_STATELESS,
	FEATURE_STATELESS_RANGES, /* and services of more than a port */
	FEATURE_PROBES,     /* probes through direct modes: where the gateway's
			     * own stack meets them */
	FEATURE_PROBE_WAYS, /* the same, where they come in */
	FEATURE_TUNNELS,    /* ipip: flows of a moment ago */
	FEATURES
};

#define FEATURE_BIT(f) (UINT32_C(1) << (f))

/* The maps, in the order in which they are listed. */
enum rs_map {
	MAP_SERVICES,          /* address . protocol . port : service chain */
	MAP_SERVICE_RANGES,    /* the same, port ranges */
	MAP_SERVICES_ANY,      /* address . protocol : service chain */
	MAP_SLOTS,             /* slot : backend id */
	MAP_BACKENDS,          /* backend id : address . port */
	MAP_BACKENDS_PORTLESS, /* backend id : address (port is kept) */
	MAP_SNAT,              /* as MAP_SERVICES : source chain */
	MAP_SNAT_RANGES,
	MAP_SNAT_ANY,
	MAP_PROBES,         /* address . protocol . source port : backend
			     * id */
	MAP_PERSISTENT,     /* backend id : itself, if old clients may
			     * come */
	MAP_PINS,           /* service and client : backend id */
	MAP_GROUP_BACKENDS, /* service and member : backend id, if old
			     * clients may come */
	MAP_GROUP_MEMBERS,  /* the same of all members */
	MAP_MEMBERS,        /* backend id : its number in the group */
	MAP_BACKENDS_FULL,  /* backend id; the kernel fills it */
	MAP_COUNT_NEW,      /* backend id : counter */
	MAP_COUNT_IN,       /* flow : counter, from the client */
	MAP_COUNT_OUT,      /* flow : counter, to the client */
	MAP_COUNT_IN_RANGES,
	MAP_COUNT_OUT_RANGES,
	MAP_MARKS, /* flow : mark chain */
	MAP_MARKS_RANGES,
	MAP_PRIORITIES, /* flow : priority chain */
	MAP_PRIORITIES_RANGES,
	MAP_GUARDS, /* as MAP_SERVICES : guard chain */
	MAP_GUARD_RANGES,
	MAP_GUARDS_ANY,
	MAP_RECENT, /* client, service, ports, protocol : backend id, of packets
		     * a moment ago; the kernel fills it */
	MAP_TUNNELS, /* the same of ipip : index of the backend's tunnel */
	MAP_WAYS,    /* backend id : chain that sends to it */
	MAP_OPEN,    /* backend id: takes those whom it is remembered for */
	MAP_HITS,    /* ipip: backend id and ID_KNOWN : chain that puts the
		      * flow into MAP_TUNNELS and sends to it */
	MAP_ERRORS,  /* as MAP_SERVICES, of what an ICMP error speaks of :
		      * error chain */
	MAP_ERROR_RANGES,
	MAP_ERRORS_ANY,
	MAP_GATEWAYS, /* address: may send tunnels */
	MAP_UPLINKS,  /* interface : our address there */
	MAP_BINDINGS, /* machine's id . address . protocol . port : address .
		       * port */
	MAP_VMS,      /* address : machine's id */
	MAP_ANSWERS, /* machine's address: its answers have their MSS clamped */
	MAP_BOUND_PORTS, /* machine's address . protocol . port: bound to some
			  * service; before MAP_SOURCES, for the scan */
	MAP_SOURCES, /* the same : address . port of the service, where it is
		      * one only */
	MAP_CLAMPS,  /* interface : clamp chain */
	MAP_OFFLOAD, /* as MAP_SERVICES : offload chain */
	MAP_OFFLOAD_RANGES,
	MAP_OFFLOAD_ANY,
	MAP_STATELESS, /* as MAP_SERVICES, before tracking */
	MAP_STATELESS_RANGES,
	MAP_STATELESS_ANY,
	MAP_ORIGINS, /* a backend's address . protocol . port : answers
		      * chain */
	MAP_ORIGIN_RANGES,
	MAP_ORIGINS_ANY,
	MAP_PROBED,        /* backend's address . protocol . source port */
	MAP_PROBE_ANSWERS, /* service's address . protocol . destination port :
			    * backend's address */
	MAP_PROBE_WAYS,    /* PROBE_RELAY . protocol . source port : probe
			    * chain */
	MAP_COUNT
};

/* What an element leads to. */
enum map_data {
	DATA_VERDICT, /* goto a chain, or jump */
	DATA_ID,      /* backend id, or another number of 32 bits */
	DATA_ADDR_PORT,
	DATA_ADDR,
	DATA_IFINDEX,
	DATA_COUNTER, /* a counter by name */
	DATA_NONE,    /* a set: its elements are made by rules, never by us */
	DATA_MEMBER   /* a set that we fill */
};

/* What an element is found by. Field by field in form.c. */
enum map_key {
	KEY_ADDR_PROTO_PORT,
	KEY_ADDR_PROTO,
	KEY_ID,
	KEY_FLOW,   /* service: address, protocol, port; backend: address,
		     * port */
	KEY_PIN,    /* service: address, protocol, port; client's address */
	KEY_MEMBER, /* service: address, protocol, port; member number */
	KEY_ADDR,   /* a client, in sets of services */
	KEY_ADDR_PORT,
	KEY_PORT_ADDR,
	KEY_MAC,
	KEY_TUPLE,  /* client: address, port; service: address, port,
		     * protocol */
	KEY_RECENT, /* client's address, service's, both ports, protocol */
	KEY_BOUND,  /* machine's id, address, protocol, port */
	KEY_IFINDEX,
	KEYS
};

struct map_form {
	const char *name;
	enum map_key key;
	enum map_data data;
	bool interval;        /* any field of the key may be a range */
	enum feature feature; /* the map is there while it is needed */
	bool leads;           /* elements lead packets to what is behind them:
			       * they are added last */
	uint32_t size;        /* of those that rules fill */
	bool alone;           /* its elements are all that their unit is sure to
			       * have: a scan makes the unit of them */
	bool filled;          /* by rules: what is in it does not concern us */
	bool comes_back; /* verdicts jump: behind an empty chain the packet goes
			  * on where it was */
	bool closes;     /* who is not in it does no harm: elements go in a
			  * plan's first part */
};

extern const struct map_form map_forms[MAP_COUNT];

/** map_find() - enum rs_map of @name, or -1 */
int map_find(const char *name);
/** map_key_len(), map_data_len() - bytes in the kernel; 0 for a verdict, a
 * counter or a set */
unsigned int map_key_len(const struct map_form *f, uint8_t family);
unsigned int map_data_len(const struct map_form *f, uint8_t family);
/** map_key_type(), map_data_type() - nft's type numbers (nft describe) */
uint32_t map_key_type(const struct map_form *f, uint8_t family);
uint32_t map_data_type(const struct map_form *f, uint8_t family);
/** map_flags() - NFT_SET_* */
uint32_t map_flags(const struct map_form *f);
/** map_verdict() - NFT_GOTO or NFT_JUMP, what its verdicts are */
int map_verdict(enum rs_map map);
/** map_owns_ids() - do the map's keys say which backend ids are taken? */
bool map_owns_ids(enum rs_map map);

/* A key's fields: each begins at a multiple of four bytes. */
#define KEY_FIELDS_MAX 5

/** key_len(), key_type(), data_len(), data_type() - as of maps */
unsigned int key_len(enum map_key key, uint8_t family);
uint32_t key_type(enum map_key key, uint8_t family);
unsigned int data_len(enum map_data data, uint8_t family);
uint32_t data_type(enum map_data data, uint8_t family);
/** key_fields() - how many fields the key has */
unsigned int key_fields(enum map_key key);
/** key_field_len() - bytes that count of field @i */
unsigned int key_field_len(enum map_key key, unsigned int i, uint8_t family);
/** key_field_at() - where field @i begins; @i == key_fields(): the end */
unsigned int key_field_at(enum map_key key, unsigned int i, uint8_t family);

/* A set (or map) that belongs to one service and is filled by its rules. */
struct set_form {
	enum map_key key;
	enum map_data data; /* DATA_NONE, or DATA_ID: it is a map */
	bool expires;       /* elements may have time-outs */
	uint32_t size;      /* elements at most; 0 = the kernel's limit */
	uint32_t timeout_s; /* of elements added without; 0 = they stay */
	/* What its elements carry, if anything: one that is there keeps what
	 * it was made with, so that a set of other limits is another set. */
	struct rs_rate over;
	uint32_t connections;
};

/** set_form_same() - may a set of one form take the other's place? */
bool set_form_same(const struct set_form *a, const struct set_form *b);
/** set_flags() - NFT_SET_* */
uint32_t set_flags(const struct set_form *f);

/*
 * Chains, sets and counters of a service carry its name behind one of these,
 * most also a backend's: PREFIX SERVICE [ "/" BACKEND ]. A new prefix needs a
 * row in unit_name.c, else the next scan takes what carries it for a stray.
 */
#define CHAIN_SERVICE "service."
/* The same, of mode stateless: what NAT's rules lead to has to end in NAT, and
 * a chain that changes is one for a moment. */
#define CHAIN_STATELESS "stateless."
#define CHAIN_LET_IN    "let-in."
#define CHAIN_KEPT_OUT  "kept-out."
#define CHAIN_SOURCE    "source."
#define CHAIN_ALLOW     "allow."
#define CHAIN_SERVE     "serve."
#define CHAIN_REFUSED   "refused."
#define CHAIN_LIMITED   "limited."
#define CHAIN_DENIED    "denied."
#define CHAIN_GUARD     "guard."
#define CHAIN_MARK      "mark."
#define CHAIN_PRIORITY  "priority."
#define CHAIN_ROOM      "room."
#define CHAIN_TO        "to."
#define CHAIN_ERROR     "error."
#define CHAIN_HIT       "hit."
#define CHAIN_PROBE     "probe."
#define CHAIN_ANSWERS   "answers."
#define CHAIN_DEVICE    "device." /* of the unit "@NAME" */
#define CHAIN_OFFLOAD   "offload."
#define CHAIN_CLAMP     "clamp." /* of the unit "_uplink.NAME" */

/* Names of the agent's units that are no bindings begin like this: no name of a
 * service does. */
#define UNIT_VM      "_vm."
#define UNIT_PORT    "_port."
#define UNIT_GATEWAY "_gateway."
#define UNIT_UPLINK  "_uplink."

/* Devices that take the tunnels' headers off, and the counters of what is
 * dropped before and behind them. */
#define AGENT_DEVICE4    "nlb-ipip"
#define AGENT_DEVICE6    "nlb-ip6tnl"
#define AGENT_DEVICE6IN4 "nlb-ip6sit"
#define AGENT_DEVICES    "nlb-ip" /* what the names of all begin with */
#define AGENT_STRANGERS  "strangers"
#define AGENT_UNBOUND    "unbound"
#define AGENT_STALE      "stale"

#define SET_SESSIONS    "sessions."
#define SET_NEW         "new."
#define SET_CONNECTIONS "connections."
#define SET_GROUP       "group." /* of the unit "/NAME" */
#define SET_FLOWS       "flows." /* of direct modes */
#define SET_LIST        "list."  /* of lists.c, of no unit */

#define COUNTER_NEW              "new."
#define COUNTER_IN               "in."
#define COUNTER_OUT              "out."
#define COUNTER_REFUSED          "refused."
#define COUNTER_LIMITED          "limited."
#define COUNTER_DENIED           "denied."
#define COUNTER_FLOOD            "flood." /* beyond syn-limit */
#define COUNTER_FULL_NEW         "full-new."
#define COUNTER_FULL_CONNECTIONS "full-connections."
#define COUNTER_FULL_SESSIONS    "full-sessions."
#define COUNTER_FULL_FLOWS       "full-flows."

/** probe_relay() - the address of @family that leads to RS_PROBE_DEVICE */
struct addr probe_relay(uint8_t family);

/* Where the chains of interfaces stand. */
#define DEVICE_PRIORITY 0

/* Chains of base.c that a service's rules lead to. */
#define CHAIN_TO_SLOT           "to-slot"
#define CHAIN_TO_BACKEND        "to-backend"
#define CHAIN_INGRESS           "ingress"
#define CHAIN_MISTAKES          "stateless-errors"
#define CHAIN_TO_SERVICE        "to-service"
#define CHAIN_TO_STATELESS      "to-stateless"
#define CHAIN_TO_STATELESS_MORE "to-stateless-more"
#define CHAIN_REFUSE            "refuse"
#define CHAIN_PICK              "pick"
#define CHAIN_ALIVE             "alive"
#define CHAIN_MEMBER            "member"
#define CHAIN_FROM_MEMBER       "from-member"
#define CHAIN_TO_CLAMP          "to-clamp"
#define FLOWTABLE               "fastpath"
#define CHAIN_NAME_MAX          256 /* NFT_NAME_MAXLEN: others' may be long */

/* Backend ids below ID_FIRST mean something else. In nft's listing 0 is "none",
 * 1 is "0:1": ids have the type of a tc handle, because they travel in the
 * packet's priority from chain to chain. */
#define ID_REJECT 0u
#define ID_DROP   1u
#define ID_FIRST  16u
#define ID_KNOWN  0x80000000u /* with an id: of a flow that is known */
#define ID_NONE   0xffffffffu /* no element (only in HAVE) */

#endif
