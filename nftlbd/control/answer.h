/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to changes of the configuration, which may take their time. */
#ifndef NFTLB_CONTROL_ANSWER_H
#define NFTLB_CONTROL_ANSWER_H

#include <jansson.h>

#include "control/handlers.h"

/**
 * reply_change() - answer with what a command said, see daemon_reload()
 * @ret: 1: it goes on; the answer waits for its end
 * @errors: freed
 * @done: answers where all is well
 */
void reply_change(struct request *rq, int ret, struct conf_errors *errors,
		  const struct err *err, void (*done)(struct request *rq));
/** reply_revision() - the configuration's number, and what is pending */
void reply_revision(struct request *rq);

/** json_author() - of a revision or of what is pending; uid: null over TCP */
json_t *json_author(uid_t uid, const char *token);
/** json_pending() - what has to be confirmed; null: nothing */
json_t *json_pending(const struct daemon *d);

#endif
