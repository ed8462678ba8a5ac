/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flowtable of a table, as netlink messages: written and read. */
#ifndef RULESETS_FLOWTABLE_H
#define RULESETS_FLOWTABLE_H

#include "rulesets/encode_impl.h"
#include "rulesets/scan_elems.h"

/**
 * flowtable_encode() - have it there, with @d among its devices
 * Where it is there already those come to what it has.
 */
void flowtable_encode(struct enc *e, const char *name,
		      const struct rs_devices *d);
/** flowtable_encode_off() - @d, of its devices, leave it */
void flowtable_encode_off(struct enc *e, const char *name,
			  const struct rs_devices *d);
/** flowtable_encode_delete() - nothing speaks of it any more */
void flowtable_encode_delete(struct enc *e, const char *name);

/** flowtable_scan() - ours to the table that is read, others to its strays */
int flowtable_scan(struct scan *s, struct nl *nl);

#endif
