/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the control socket; for this directory only. */
#ifndef NFTLB_CONTROL_IMPL_H
#define NFTLB_CONTROL_IMPL_H

#include <ev.h>
#include <microhttpd.h>

#include "control/control.h"
#include "control/listener.h"
#include "control/request.h"

struct control {
	struct daemon *d;
	struct listener listener;
	struct MHD_Daemon *mhd;
	ev_io ready;     /* MHD's epoll descriptor */
	ev_timer wakeup; /* MHD's next time-out, or work it left over */
	struct request *requests;   /* all that are under way */
	struct follower *followers; /* of the events, follow.c */
	unsigned int listings;      /* children that list the rule set */
};

#endif
