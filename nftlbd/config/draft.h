/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects under construction: what the keys of one section said, references
 * still as names. Values are stored into these by offset (keys.c, values.c).
 * Drafts can be copied by assignment; text belongs to the document.
 */
#ifndef NFTLB_CONFIG_DRAFT_H
#define NFTLB_CONFIG_DRAFT_H

#include "config/conf.h"
#include "config/report.h"

#define DRAFT_KEYS_MAX 160 /* at least the rows of the key table */

struct global_draft {
	struct conf conf; /* its strings are malloc'd */
	struct where set[DRAFT_KEYS_MAX];
};

/* Of a check and of a feed: they share most of their keys. */
struct check_draft {
	struct conf_check conf;
	double low, high; /* of a feed */
	struct where set[DRAFT_KEYS_MAX];
};

struct service_draft {
	struct conf_service conf; /* addrs and ports are malloc'd */
	const char *check;        /* list of names; NULL = not said */
	uint32_t need;            /* so many of them; 0 = all */
	const char *feed;         /* list of names; NULL = not said */
	const char *pool;         /* NULL or "" = none */
	const char *allow, *deny; /* lists of names; NULL or "" = none */
	const char *persist_group;
	const char *interfaces; /* list of names; NULL = not said */
	const char *on_change;  /* NULL or "" = the global one */
	struct where set[DRAFT_KEYS_MAX];
	bool broken; /* something was refused: skip what builds on it */
};

struct pool_draft {
	bool dynamic;
	struct where set[DRAFT_KEYS_MAX];
};

struct pin_draft {
	const char *name;
	struct conf_pin conf; /* from and prefix; backend when it is known */
	struct addr to;       /* the last address */
	const char *backend;
	struct where where;
};

struct backend_draft {
	const char *name;
	struct addr addr;
	uint16_t port;
	uint32_t weight;
	bool disabled;
	bool backup;
	bool api;                         /* no file has it */
	bool joined;                      /* @own is what @check names */
	const char *check;                /* list; NULL = the service's */
	struct conf_checks own;           /* @need is not settled here */
	const struct conf_checks *checks; /* what it gets; NULL = none */
	struct addr check_addr;
	uint16_t check_port;
	uint16_t probe_port; /* where nothing says one; 0 = none */
	uint32_t max_connections;
	struct rs_qos qos;
	uint64_t said; /* options of its line, bits by key_number() */
	struct where where;
};

#endif
