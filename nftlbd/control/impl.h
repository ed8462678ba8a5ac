/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the control socket; for this directory only. */
#ifndef NFTLB_CONTROL_IMPL_H
#define NFTLB_CONTROL_IMPL_H

#include "control/control.h"
#include "http/http.h"

struct control {
	struct daemon *d;
	struct http_site site;
	struct http *http;
	struct follower *followers; /* of the events, follow.c */
};

#endif
