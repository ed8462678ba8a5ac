/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much one client may have of us. */
#ifndef NFTLB_HTTP_LIMITS_H
#define NFTLB_HTTP_LIMITS_H

#define CONNECTIONS_MAX  64u /* of one socket */
#define CONNECTIONS_FULL 56u /* from here on the slowest one is ended */
#define IDLE_TIMEOUT_S   30u /* without a byte */
#define RECEIVE_S        60. /* for all of a request, the pause before included */

#endif
