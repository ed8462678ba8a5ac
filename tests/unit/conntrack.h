/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conntrack entries made and read by a test, without the code under test. */
#ifndef TESTS_UNIT_CONNTRACK_H
#define TESTS_UNIT_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct ct {
	uint8_t proto;
	uint8_t tcp_state; /* TCP_CONNTRACK_*, for IPPROTO_TCP */
	struct addr client, vip, backend;
	uint16_t client_port, vip_port, backend_port; /* host order */
	uint32_t timeout_s; /* when added; 0: an hour */
};

/** ct_add() - insert n entries; 0 or -errno of the first that was refused */
int ct_add(const struct ct *list, size_t n);

/** ct_change() - give entries the TCP state (and time-out) that @list says */
int ct_change(const struct ct *list, size_t n);

/** ct_delete() - delete entries by their original tuple */
int ct_delete(const struct ct *list, size_t n);

/**
 * ct_read() - read the whole table
 * @out: vector, freed by the caller. Returns the number of entries or -errno.
 */
long ct_read(struct ct **out);

/** ct_cmp() - order by client, port, vip, vip port, proto */
int ct_cmp(const void *a, const void *b);

#endif
