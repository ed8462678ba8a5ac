/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a new configuration's model keeps of the old one's. */
#ifndef NFTLB_MODEL_CARRY_H
#define NFTLB_MODEL_CARRY_H

#include "model/model.h"

struct carry;

/** carry_begin() - from @old to @new; carry_free() frees it */
struct carry *carry_begin(const struct conf *new, const struct conf *old);
void carry_free(struct carry *c);

/** carry_feed() - what @feed was before, if it asked the same and made the same
 * of it; else NULL */
const struct conf_feed *carry_feed(const struct carry *c,
				   const struct conf_feed *feed);
/** carry_same_server() - have they the same address and port? */
bool carry_same_server(const struct conf_backend *a,
		       const struct conf_backend *b);

/**
 * carry_backend() - all that is known of @old now is of @b, which is as fresh
 * A check keeps its state if it does the same to the same address as before.
 * Others begin as up where @old is, else as unknown; but in their start state
 * where @b has another address or port, which is another server.
 */
void carry_backend(const struct carry *c, struct backend *b,
		   const struct backend *old);

#endif
