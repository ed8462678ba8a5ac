/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key table: one row per key of the configuration. */
#ifndef NFTLB_CONFIG_KEYS_H
#define NFTLB_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/words.h"
#include "rulesets/types.h"

/* Where a key may stand; bits. */
enum key_place {
	IN_GLOBAL = 1 << 0,
	IN_DEFAULTS = 1 << 1,
	IN_CHECK = 1 << 2,
	IN_POOL = 1 << 3,
	IN_SERVICE = 1 << 4,
	IN_BACKEND = 1 << 5, /* an option of a backend line */
	IN_LIST = 1 << 6,
	IN_FEED = 1 << 7
};

/* What must hold in a [check] or [feed] for a key to count there, beside the
 * type. */
enum key_when {
	WHEN_ALWAYS,
	WHEN_TLS,
	WHEN_VERIFY,
	WHEN_COMMUNITY, /* of SNMP: versions 1 and 2c */
	WHEN_USER,      /* of SNMP: version 3 */
	WHEN_AUTH,
	WHEN_PRIV
};

/* Modes for which a key may be of use. */
#define MODE_BIT(mode) (1u << (mode))
#define MODES_NAT      (MODE_BIT(RS_DNAT) | MODE_BIT(RS_SNAT))
#define MODES_HAND_ON  (MODE_BIT(RS_DSR) | MODE_BIT(RS_IPIP))
#define MODES_DIRECT   (MODE_BIT(RS_STATELESS) | MODES_HAND_ON)
#define MODES_TRACKED  (MODES_NAT | MODE_BIT(RS_LOCAL))
#define MODES_ROUTED   (MODES_TRACKED | MODE_BIT(RS_STATELESS))
#define MODES_FORWARD  (MODES_NAT | MODES_DIRECT) /* there are backends */

enum value_kind {
	VALUE_INCLUDE, /* read by include.c */
	VALUE_BACKEND, /* read by backend.c */
	VALUE_PIN,     /* read by pins.c */
	VALUE_ENTRIES, /* read by netlists.c, as the next; may be repeated */
	VALUE_LIST_FILE,
	VALUE_PATH,    /* char *, absolute */
	VALUE_SOCKET,  /* char *, absolute, fits into sockaddr_un */
	VALUE_LISTEN,  /* char *, ADDRESS:PORT */
	VALUE_ACCOUNT, /* char *, name of a user or group */
	VALUE_TABLE,   /* char *, name of an nf_tables table */
	VALUE_NUMBER,  /* uint32_t */
	VALUE_MS,      /* uint32_t */
	VALUE_PERCENT, /* uint32_t */
	VALUE_SLOTS,   /* uint32_t, auto = 0 */
	VALUE_PORT,    /* uint16_t */
	VALUE_WORD,    /* enum, words from a table */
	VALUE_FLAG,    /* bool; takes no value */
	VALUE_REF,     /* const char *, name of a pool */
	VALUE_LISTS,   /* const char *, names of lists */
	VALUE_GROUP,   /* const char *, a name; none = NULL */
	VALUE_CHECKS,  /* const char *, names of checks */
	VALUE_FEEDS,   /* const char *, names of feeds */
	VALUE_NEED,    /* uint32_t, how many of them; all = 0 */
	VALUE_HOOK,    /* const char *, absolute path or empty */
	VALUE_TEXT,    /* char *, what the key's problem() lets pass */
	VALUE_HEADERS, /* struct spec_list, one item; the key may be repeated */
	VALUE_COMMAND, /* struct spec_list, words */
	VALUE_LOW,     /* int64_t, none = INT64_MIN */
	VALUE_HIGH,    /* int64_t, none = INT64_MAX */
	VALUE_DECIMAL, /* double, finite */
	VALUE_SHARE,   /* uint32_t, parts of WEIGHTS_ONE; so are min and max */
	VALUE_FACTOR,  /* the same, written as a decimal */
	VALUE_SENDER,  /* struct hc_spec, its source4 and source6 */
	VALUE_ADDR,    /* struct addr */
	VALUE_YES,     /* bool; yes or no */
	VALUE_FAST,    /* struct rs_devices, names of interfaces */
	VALUE_SIGNED,  /* int32_t; min and max have a sign too */
	VALUE_PREFIXES,   /* uint8_t[RS_FAMILIES] */
	VALUE_PERSIST,    /* struct conf_persist; min, max: ms */
	VALUE_MARK,       /* struct rs_mark */
	VALUE_DSCP,       /* struct rs_qos, its dscp */
	VALUE_CLASS,      /* uint32_t, a tc handle; none = 0 */
	VALUE_LOG,        /* struct rs_log, its fresh and drops */
	VALUE_LOG_GROUP,  /* int32_t, kernel = -1 */
	VALUE_LOG_PREFIX, /* const char *; the service's name = NULL */
	VALUE_ADDRS,      /* the rest: lists in struct conf_service */
	VALUE_PORTS,
	VALUE_PROTOS,
	VALUE_SOURCE,
	VALUE_DEVICES, /* const char *, names of interfaces */
	VALUE_TUNNEL   /* struct addr[RS_FAMILIES] */
};

struct conf_key {
	unsigned int places; /* enum key_place */
	const char *name;
	enum value_kind kind;
	size_t offset;     /* of the field in the section's draft */
	uint32_t min, max; /* of numbers; ms for durations */
	const struct word *words;
	const char *fallback; /* the default, as text; NULL = none */
	const char *help;
	unsigned int types; /* of checks, feeds that know it: bits; 0 = all */
	enum key_when when;
	bool required;      /* where it counts */
	bool secret;        /* not for messages */
	unsigned int modes; /* of use with these only, bits; 0 = all */
	bool named; /* a line of its own for each name: "backend.NAME" */
	/* of texts: what is wrong with it, or NULL */
	const char *(*problem)(const char *text);
	const char *takes; /* of texts: words on what is allowed */
};

/* The rows of one part of the table. */
struct key_table {
	const struct conf_key *rows;
	size_t n;
	unsigned int places; /* of all rows */
};

#define KEY_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

extern const struct key_table keys_of_backends, keys_of_globals, keys_of_checks,
    keys_of_services, keys_of_rules, keys_of_weights, keys_of_lists,
    keys_of_direct;

/* All keys of a program. */
struct key_set {
	const struct key_table *const *tables;
	size_t n;
};

extern const struct key_set keys_of_nftlbd;

/** keys_at() - row number @i of the whole; NULL after the last */
const struct conf_key *keys_at(const struct key_set *set, size_t i);
/** keys_number() - the number of a row, below DRAFT_KEYS_MAX */
size_t keys_number(const struct key_set *set, const struct conf_key *key);
/** keys_find() - row of @name in a section, NULL where it is unknown there */
const struct conf_key *keys_find(const struct key_set *set, unsigned int place,
				 const char *name);
/** keys_near() - a key of that section that is spelled much like @name, or NULL
 */
const char *keys_near(const struct key_set *set, unsigned int place,
		      const char *name);
/** keys_words() - "a, b or c": the keys of a section, for messages */
const char *keys_words(const struct key_set *set, unsigned int place, char *buf,
		       size_t size);

/** key_fits() - may the key be of use with that mode? */
bool key_fits(const struct conf_key *key, enum rs_mode mode);
/** key_modes() - "with mode = a, b or c", those it is of use with; @buf */
const char *key_modes(const struct conf_key *key, char *buf, size_t size);

/* The same of keys_of_nftlbd. */
const struct conf_key *key_at(size_t i);
size_t key_number(const struct conf_key *key);
const struct conf_key *key_find(unsigned int place, const char *name);
const char *key_near(unsigned int place, const char *name);
const char *keys_list(unsigned int place, char *buf, size_t size);

#endif
