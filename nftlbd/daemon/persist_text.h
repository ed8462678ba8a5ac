/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the model as JSON text: what differs from the configuration. */
#ifndef NFTLB_DAEMON_PERSIST_TEXT_H
#define NFTLB_DAEMON_PERSIST_TEXT_H

#include "lib/buf.h"
#include "model/model.h"

/** persist_put_model() - a snapshot, whose journal has that @number */
void persist_put_model(struct buf *t, const struct model *m, int64_t number);
/** persist_put_backend() - the inside of an object that may have begun */
void persist_put_backend(struct buf *t, const struct service *s,
			 const struct backend *b);

/** persist_model_ms() - a Unix time as one of the model; at least 1, also for
 * what was before this machine booted */
int64_t persist_model_ms(int64_t unix_ms);

#endif
