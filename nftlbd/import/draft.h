/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an import makes: checks and services as they will be written, and notes.
 * Values that our files could not hold never get here unnoticed.
 */
#ifndef NFTLB_IMPORT_DRAFT_H
#define NFTLB_IMPORT_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "import/import.h"
#include "lib/addr.h"

struct draft_pair {
	char *key, *value; /* an empty value: a flag */
};

struct draft_keys {
	struct draft_pair *list;
	size_t n, cap;
};

/** draft_set() - @key is this from now on; false: the value cannot be written
 * to a file of ours, and nothing was set */
bool draft_set(struct draft_keys *k, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** draft_get() - NULL: not set */
const char *draft_get(const struct draft_keys *k, const char *key);
void draft_drop(struct draft_keys *k, const char *key);
void draft_keys_free(struct draft_keys *k);

struct draft_backend {
	struct addr addr;
	uint16_t port; /* 0 = the client's */
	bool sorry;    /* a name of its own */
	char *origin;  /* "lb.conf:7" */
	struct draft_keys options;
};

enum draft_method { DRAFT_NAT, DRAFT_DIRECT, DRAFT_TUNNEL };

struct draft_service {
	char *origin, *title;
	struct addr *addrs; /* of one family, all different */
	size_t naddrs, capaddrs;
	uint16_t port;        /* 0 = any */
	const char *protocol; /* tcp udp sctp */
	enum draft_method method;
	unsigned int persist_s; /* 0 = none */
	int persist_bits;       /* of the client's address; 0 = all */
	struct draft_keys keys;
	struct buf notes; /* comment lines */
	struct draft_backend *backends;
	size_t nbackends, capbackends;
};

struct draft_check {
	char *name;
	struct draft_keys keys; /* the first is its type */
};

struct draft {
	struct import *out;
	struct buf head; /* comment lines at the top */
	struct draft_check *checks;
	size_t nchecks, capchecks;
	struct draft_service *services;
	size_t nservices, capservices;
	char **names; /* of services that are written */
	size_t nnames, capnames;
};

/** draft_note() - @where ("lb.conf:7"), what has no equivalent and what to do
 * @to: also a comment line there; NULL = only in the list */
void draft_note(struct draft *d, struct buf *to, const char *where,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** draft_check() - the name of a check with these keys, which are taken: an
 * equal one if there is one */
const char *draft_check(struct draft *d, struct draft_keys *keys);

/** draft_service() - a new one; valid until the next call */
struct draft_service *draft_service(struct draft *d);
/** draft_address() - one more of its addresses */
void draft_address(struct draft_service *s, const struct addr *a);
struct draft_backend *draft_backend(struct draft_service *s);

/** draft_write() - all of it to d->out, and free it */
void draft_write(struct draft *d, const char *program);

#endif
