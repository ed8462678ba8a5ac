/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PLAN -> netlink messages. */
#ifndef RULESETS_ENCODE_H
#define RULESETS_ENCODE_H

#include "rulesets/nl.h"
#include "rulesets/plan.h"

/** encode_first() - the first part of @p: everything that packets will meet */
void encode_first(struct batch *b, const struct plan *p, const char *table);
/** encode_late() - the second part: what no packet can reach any more */
void encode_late(struct batch *b, const struct plan *p, const char *table);
/** encode_delete_table() - enum rs_table @table with all that is in it
 * @base: the name as the configuration has it */
void encode_delete_table(struct batch *b, const char *base, unsigned int table);

#endif
