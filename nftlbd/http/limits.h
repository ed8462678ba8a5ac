/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much one client may have of us. */
#ifndef NFTLB_HTTP_LIMITS_H
#define NFTLB_HTTP_LIMITS_H

#define CONNECTIONS_MAX    64u /* of one socket, where the site says nothing */
#define CONNECTIONS_SPARE  8u  /* so near to it the slowest one is ended */
#define CONNECTIONS_SOURCE 2u  /* a part of them: of one address */
#define IDLE_TIMEOUT_S     30u /* without a byte */
#define RECEIVE_S          60. /* for all of a request, the pause before included */
#define ANSWER_S           300. /* for all of an answer that ends */

#endif
