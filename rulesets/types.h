/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule set is made from: one service in one address family, as plain
 * data. The daemon fills this from its model; nothing here knows the model.
 */
#ifndef RULESETS_TYPES_H
#define RULESETS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/words.h"

#define RS_NAME_MAX     63   /* service, pool and backend names */
#define RS_BACKENDS_MAX 4096 /* per service */
#define RS_WEIGHT_UNIT  1000
#define RS_LIST_SET_MAX (5 + RS_NAME_MAX + 9) /* "list.NAME/removed", NUL */
#define RS_FAMILIES     2 /* 0 = IPv4, 1 = IPv6: family_index() */

/** family_index() - 0 for AF_INET, 1 for AF_INET6; family_of() the other way */
unsigned int family_index(uint8_t family);
uint8_t family_of(unsigned int index);

/* Our tables. The first RS_FAMILIES are at family_index(); those of type netdev
 * meet packets as they come in, before anything else does. */
enum rs_table {
	RS_TABLE_IP,
	RS_TABLE_IP6,
	RS_TABLE_NETDEV,  /* IPv4 */
	RS_TABLE_NETDEV6, /* IPv6 */
	RS_TABLES
};

#define RS_TABLE_NAME_MAX 256

/** rs_table() - of addresses of @family; @netdev: of type netdev */
enum rs_table rs_table(uint8_t family, bool netdev);
/** rs_table_family() - AF_INET or AF_INET6: of the addresses in it */
uint8_t rs_table_family(unsigned int table);
/** rs_table_is_netdev() - is it of type netdev? */
bool rs_table_is_netdev(unsigned int table);
/** rs_table_proto() - NFPROTO_*, what the kernel files it under */
uint8_t rs_table_proto(unsigned int table);
/** rs_table_name() - its name, where the configuration's is @base; one of type
 * netdev is for both kinds of addresses to the kernel: IPv6's has a 6 more */
const char *rs_table_name(unsigned int table, const char *base,
			  char buf[RS_TABLE_NAME_MAX]);
/** rs_table_kind() - "ip", "ip6" or "netdev", as nft has it */
const char *rs_table_kind(unsigned int table);

enum rs_mode {
	RS_DNAT,
	RS_SNAT,
	RS_LOCAL,
	/* These three are direct: no connection tracking, the flow's backend is
	 * found anew by each packet. */
	RS_STATELESS, /* addresses and ports are rewritten both ways */
	RS_DSR,       /* handed on to the backend's ether address */
	RS_IPIP,      /* sent to the backend in a tunnel */
	RS_MODES
};
enum rs_scheduler {
	RS_ROUND_ROBIN,
	RS_WEIGHTED,
	RS_SOURCE_HASH,
	RS_LEAST_CONNECTIONS,
	RS_LEAST_RESPONSE,
	RS_LEAST_CPU
};
enum rs_hash_key { RS_KEY_SOURCE, RS_KEY_SOURCE_PORT, RS_KEY_5TUPLE };
enum rs_on_empty { RS_REJECT, RS_DROP };

enum rs_persist {
	RS_PERSIST_NONE,
	RS_PERSIST_SOURCE,      /* address, or its network */
	RS_PERSIST_SOURCE_PORT, /* address and port */
	RS_PERSIST_MAC
};
enum rs_helper {
	RS_HELPER_NONE,
	RS_HELPER_FTP,
	RS_HELPER_TFTP,
	RS_HELPER_SIP,
	RS_HELPER_PPTP
};

/** rs_is_direct() - is it one of the modes that track nothing? */
static inline bool rs_is_direct(enum rs_mode mode)
{
	return mode >= RS_STATELESS;
}

extern const struct word rs_mode_words[];      /* dnat snat local ... */
extern const bool rs_mode_built[RS_MODES];     /* are there rules for it? */
extern const struct word rs_scheduler_words[]; /* round-robin ... */
extern const struct word rs_hash_key_words[];  /* source source-port 5-tuple */
extern const struct word rs_on_empty_words[];  /* reject drop */
extern const struct word rs_proto_words[];     /* tcp udp sctp -> IPPROTO_* */
extern const struct word rs_persist_words[];   /* none source source-port mac */
extern const struct word rs_helper_words[];    /* none ftp tftp sip pptp */

/**
 * rs_member() - the number that members of a persist-group's pool go by
 * Made of the backend's name (FNV-1a, 32 bits) and the same in every service of
 * the group; never one of the few that mean something else, 0..15.
 */
uint32_t rs_member(const char *name);

struct rs_ports {
	uint16_t lo, hi; /* host order, lo <= hi, inclusive */
};

/* Bits of a mark: those of @mask become @value, others stay. mask 0 = none. */
struct rs_mark {
	uint32_t value, mask;
};

/* What packets of a flow carry, both ways, for tc and policy routing. */
struct rs_qos {
	struct rs_mark packet, conntrack;
	bool has_dscp;
	uint8_t dscp;      /* 0..63 */
	uint32_t priority; /* tc class, major << 16 | minor; 0 = none */
};

struct rs_rate {
	uint32_t rate;  /* per second; 0 = no limit */
	uint32_t burst; /* >= 1: so many at once */
};

/* Clients who get one backend whatever the scheduler says. */
struct rs_pin {
	struct addr from;
	uint8_t prefix; /* bits of @from that count */
	size_t backend; /* index into the service's backends */
};

struct rs_stick {
	enum rs_persist kind;
	uint8_t prefix; /* RS_PERSIST_SOURCE: bits of the address that count */
	uint32_t timeout_ms;
	uint32_t size;     /* entries at most */
	const char *group; /* NULL = a table of its own */
};

struct rs_limits {
	struct rs_rate fresh;    /* new flows of one source */
	uint32_t connections;    /* of one source; 0 = no limit */
	struct rs_rate rst;      /* TCP resets by clients, all together */
	uint8_t prefix;          /* bits of an address that are a source */
	uint32_t size;           /* sources at most, in each set */
	enum rs_on_empty action; /* what one too many gets */
};

struct rs_log {
	bool fresh, drops;
	const char *prefix;
	int32_t group; /* of nfnetlink_log; -1 = the kernel's log */
};

/* Where packets for a backend leave, in modes that do not route them. */
struct rs_path {
	uint32_t ifindex;      /* of the interface, or of the tunnel; 0 = not
				* known: the backend is not usable, but with
				* RS_STATELESS routed to */
	uint8_t ether_to[6];   /* not RS_IPIP: its own, or its router's */
	uint8_t ether_from[6]; /* not RS_IPIP: the interface's */
};

/* Flows that nobody tracks. */
struct rs_direct {
	const char *const *devices; /* where clients' packets come in;
				     * RS_STATELESS may have none */
	size_t ndevices;
	uint32_t cache;         /* flows remembered at most; 0 = none are */
	uint32_t tcp_timeout_s; /* without a packet */
	uint32_t udp_timeout_s; /* the same, of all other protocols */
	uint32_t syn_limit;     /* above so many new flows a second none are
				 * remembered; 0 = no limit */
};

/* What the agent on a hypervisor has instead of services; its tables hold
 * nothing else. */
enum rs_agent_kind {
	RS_AGENT_NONE,
	RS_AGENT_VM,      /* an address of a machine, or one that tunnels to it
			   * lead to; "_vm.ADDRESS" */
	RS_AGENT_BINDING, /* a service's first address, protocol and port, in a
			   * tunnel to a machine */
	RS_AGENT_PORT,    /* of a machine: its address, port, and the first of
			   * protos; where one service only is bound to it,
			   * that one's first address and port;
			   * "_port.ADDRESS.PROTOCOL.PORT" */
	RS_AGENT_GATEWAY, /* who may send tunnels; "_gateway.ADDRESS" */
	RS_AGENT_UPLINK   /* where they come in; "_uplink.INTERFACE" */
};

struct rs_agent {
	enum rs_agent_kind kind;
	struct addr addr; /* the machine's, the gateway's; of an uplink: our
			   * own, where tunnels end */
	uint16_t port;    /* of a binding, of a port: the machine's */
	uint32_t id;      /* of an address that tunnels lead to, the same in
			   * its bindings: ID_FIRST or more, for ever; 0 = none
			   * do; of an uplink: its ifindex */
	uint16_t mss;     /* of an uplink: most that clients may send */
};

struct rs_backend {
	const char *name;
	struct addr addr;
	uint16_t port; /* host order; 0 = keep the client's destination port */
	uint32_t weight;     /* 0..65535; 0 owns no slot */
	bool usable;         /* may get new flows: health and operator agree */
	uint16_t probe_port; /* source port of the probes that go to it by way
			      * of the service's first address; 0 = none */
	/* Its weight at the moment, in parts of RS_WEIGHT_UNIT, scheduler
	 * weighted only; 0 = as weight says. The table's size and who owns
	 * which slot in quiet times follow from weight. */
	uint32_t now;
	bool sticky; /* clients that persistence or a pin leads here are still
		      * welcome: it serves, or is drained */
	uint32_t max_connections; /* 0 = no limit */
	bool recount; /* where this changes, connections are counted anew from
		       * zero, even if max_connections is the same */
	struct rs_qos qos;   /* its own or the service's, field by field */
	struct rs_path path; /* RS_DSR, RS_IPIP, and where ahead is set */
};

/* Names of interfaces, by value. */
#define RS_DEVICES_MAX 64
#define RS_DEVICE_NAME 16 /* IFNAMSIZ */

struct rs_devices {
	char name[RS_DEVICES_MAX][RS_DEVICE_NAME];
	uint32_t n;
};

/** rs_devices_has() - is @name among them? */
bool rs_devices_has(const struct rs_devices *d, const char *name);
/** rs_devices_beyond() - those of @a that are not in @b; true: there are some
 */
bool rs_devices_beyond(const struct rs_devices *a, const struct rs_devices *b,
		       struct rs_devices *beyond);

/* Where our chains stand among those of others: nf_tables priorities. */
struct rs_hooks {
	int32_t dstnat;  /* service addresses become backends' */
	int32_t srcnat;  /* mode snat */
	int32_t guard;   /* what packets meet before dstnat: strict, resets */
	int32_t packets; /* after dstnat: counters, marks, DSCP */
	int32_t egress;  /* postrouting: tc classes */
	struct rs_devices offload; /* whose packets may take the fast path */
};

/* Probes through direct modes make a turn over this interface, where they come
 * in as clients' packets do elsewhere. */
#define RS_PROBE_DEVICE "lo"

struct rs_service {
	const char *name;
	uint8_t family; /* AF_INET or AF_INET6; all addresses below, but for
			 * those of backends of RS_IPIP */
	bool unchanged; /* as it was when it was last committed: what HAVE has
			 * is right, nothing below is looked at */
	const struct addr *addrs; /* service addresses, naddrs >= 1 */
	size_t naddrs;
	const uint8_t *protos; /* IPPROTO_*, nprotos >= 1 */
	size_t nprotos;
	const struct rs_ports *ports; /* nports == 0: any port */
	size_t nports;
	enum rs_mode mode;
	enum rs_scheduler scheduler;
	enum rs_hash_key hash_key;
	enum rs_on_empty on_empty;
	uint32_t hash_seed;
	uint32_t slots;     /* requested number of slots; 0 = auto */
	bool fine;          /* auto: weights may change by tenths */
	struct addr source; /* RS_SNAT: family 0 = masquerade */
	const struct rs_backend *backends; /* configuration order */
	size_t nbackends;
	/* the rules around it; zero = none of them */
	struct rs_stick stick;
	const struct rs_pin *pins;
	size_t npins;
	struct rs_limits limits;
	bool strict; /* invalid packets are dropped */
	/* bases of lists, "list.NAME" or "list.NAME/2". Each list is three
	 * sets (lists.h; list_set_part() has the names): a client is on it
	 * who is in list.NAME/added, or in the base and not in
	 * list.NAME/removed: two rules. */
	const char *const *allow, *const *deny;
	size_t nallow, ndeny;
	enum rs_on_empty filter_action;
	struct rs_qos qos; /* of flows whose backend has none of its own */
	struct rs_log log;
	struct rs_direct direct; /* of the direct modes */
	enum rs_helper helper;
	bool counters;
	bool offload; /* established flows take the kernel's fast path */
	bool ahead;   /* RS_STATELESS: the rules that meet packets as they come
		       * in; those of the family's own table are an entry of
		       * their own, without this */
	bool device;  /* no service: the chain of an interface where clients'
		       * packets come in; name is "@" and the interface's */
	bool probes;  /* device: probes by way of services come in there; else
		       * no service either, but what the family's own table has
		       * of the probes by way of one of mode dsr or ipip: name is
		       * "@" and the service's; family, addrs, protos and
		       * backends  count */
	bool probes_only;      /* device: nothing else comes in there */
	bool tunnels;          /* device: flows of RS_IPIP come in there */
	bool tunnels_only;     /* device: none of another mode do */
	struct rs_agent agent; /* of the agent: no service. Beside it name and
				* family count */
	bool gone;  /* it is to be removed, though the list is not complete */
	bool group; /* no service: the shared table of a persist-group; name,
		     * family and stick count, stick.group is NULL */
};

/** direct_hash_key() - what slots are chosen by in direct modes, where numgen
 * would choose anew for each packet */
static inline enum rs_hash_key direct_hash_key(const struct rs_service *svc)
{
	return svc->scheduler == RS_SOURCE_HASH ? svc->hash_key : RS_KEY_5TUPLE;
}

/** rs_service_table() - enum rs_table that its rules are in */
static inline enum rs_table rs_service_table(const struct rs_service *svc)
{
	return rs_table(svc->family, svc->device || svc->ahead ||
					 svc->mode == RS_DSR ||
					 svc->mode == RS_IPIP);
}

#endif
