/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API process may do once it listens. */
#ifndef NFTLB_API_SANDBOX_H
#define NFTLB_API_SANDBOX_H

#include "lib/err.h"

/** api_sandbox_enter() - for ever: sockets that it has, and pairs of them; see
 * sandbox_close() */
int api_sandbox_enter(struct err *err);

#endif
