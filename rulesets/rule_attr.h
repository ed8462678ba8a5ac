/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink attributes in a buffer: what the writers of expressions share. */
#ifndef RULESETS_RULE_ATTR_H
#define RULESETS_RULE_ATTR_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Where an expression and its data start, to write their lengths at the end. */
struct expr {
	size_t elem, data;
};

/** attr_nest_begin() - returns what attr_nest_end() wants */
size_t attr_nest_begin(struct buf *r, uint16_t type);
void attr_nest_end(struct buf *r, size_t at);
void attr_put(struct buf *r, uint16_t type, const void *data, size_t len);
/** attr_u32(), attr_u64() - in network order; @value in host order */
void attr_u32(struct buf *r, uint16_t type, uint32_t value);
void attr_u64(struct buf *r, uint16_t type, uint64_t value);
void attr_str(struct buf *r, uint16_t type, const char *s);
/** attr_value() - bytes as NFTA_DATA_VALUE in a nest of @type */
void attr_value(struct buf *r, uint16_t type, const void *data, uint32_t len);

/** expr_begin() - an expression as an element of a list */
struct expr expr_begin(struct buf *r, const char *name);
/** expr_begin_as() - an expression as an attribute of @type */
struct expr expr_begin_as(struct buf *r, uint16_t type, const char *name);
void expr_end(struct buf *r, struct expr e);

#endif
