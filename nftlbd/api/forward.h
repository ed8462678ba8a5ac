/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the network, handed on to the daemon, and its answers back. */
#ifndef NFTLB_API_FORWARD_H
#define NFTLB_API_FORWARD_H

#include "api/upstream.h"
#include "http/request.h"

struct forwards {
	struct upstreams pool;
	unsigned int streams; /* answers without an end */
};

/** forward_request() - a route's handler: answers with what the daemon says;
 * rq->context: struct forwards */
void forward_request(struct request *rq);

#endif
