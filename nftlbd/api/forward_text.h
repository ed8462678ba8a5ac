/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request as it is written for the daemon. */
#ifndef NFTLB_API_FORWARD_TEXT_H
#define NFTLB_API_FORWARD_TEXT_H

#include "http/request.h"

/**
 * forward_text() - write @rq anew: of what the client sent only what is known
 * Return: false: it is refused, and answered; nothing is in @out then.
 */
bool forward_text(struct request *rq, struct buf *out);

#endif
