/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask at all, before anything else of a request is looked at; and for
 * what. */
#ifndef NFTLB_HTTP_ADMIT_H
#define NFTLB_HTTP_ADMIT_H

#include <stdbool.h>

#include "http/request.h"

/** admit_request() - may the client of @rq ask for @url? Fills in rq->peer.
 * False: it is answered, 401 or 403. */
bool admit_request(struct request *rq, const char *url);

/** admit_route() - may he have what rq->route does? False: answered, 403 */
bool admit_route(struct request *rq);

/** admit_token_said() - the bearer token of the headers; NULL: none */
const char *admit_token_said(const struct request *rq);

#endif
