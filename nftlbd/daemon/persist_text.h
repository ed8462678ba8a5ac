/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the model as JSON text: what differs from the configuration. */
#ifndef NFTLB_DAEMON_PERSIST_TEXT_H
#define NFTLB_DAEMON_PERSIST_TEXT_H

#include "lib/buf.h"
#include "model/model.h"

/** persist_put_model() - a snapshot, whose journal has that @number */
void persist_put_model(struct buf *t, const struct model *m, int64_t number);
/** persist_put_backend() - the inside of an object that may have begun */
void persist_put_backend(struct buf *t, const struct backend *b);

/**
 * persist_unix_ms() - the Unix time of a time of the model
 * persist_model_ms() - the reverse; at least 1, also for what was before this
 * machine booted
 */
int64_t persist_unix_ms(int64_t model_ms);
int64_t persist_model_ms(int64_t unix_ms);

/** persist_start_health() - what a check says before it was ever done */
enum health persist_start_health(const struct conf_check *c);

#endif
