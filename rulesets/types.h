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

enum rs_mode { RS_DNAT, RS_SNAT };
enum rs_scheduler { RS_ROUND_ROBIN, RS_WEIGHTED, RS_SOURCE_HASH };
enum rs_hash_key { RS_KEY_SOURCE, RS_KEY_SOURCE_PORT, RS_KEY_5TUPLE };
enum rs_on_empty { RS_REJECT, RS_DROP };

extern const struct word rs_mode_words[];      /* dnat snat */
extern const struct word rs_scheduler_words[]; /* round-robin ... */
extern const struct word rs_hash_key_words[];  /* source source-port 5-tuple */
extern const struct word rs_on_empty_words[];  /* reject drop */
extern const struct word rs_proto_words[];     /* tcp udp sctp -> IPPROTO_* */

struct rs_ports {
	uint16_t lo, hi; /* host order, lo <= hi, inclusive */
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
};

struct rs_service {
	const char *name;
	uint8_t family; /* AF_INET or AF_INET6; all addresses below */
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
};

#endif
