/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judges: facts of one item to a level. Pure; what is not known is no fault. */
#ifndef NFTLB_HOSTCHECK_JUDGES_H
#define NFTLB_HOSTCHECK_JUDGES_H

#include "hostcheck/impl.h"

#define JUDGE(name)                                                            \
	enum host_level name(const struct host *h, const struct host_item *it, \
			     struct figures *fig)

/* ---- settings of the kernel (judge_settings.c) */
JUDGE(judge_forwarding);
JUDGE(judge_device_forwarding);
JUDGE(judge_strict);   /* reverse path filter, mode strict */
JUDGE(judge_filtered); /* the same, any mode */
JUDGE(judge_sender);   /* strict, and the way back is another one */
JUDGE(judge_martian);  /* packets from an address of our own come in */
JUDGE(judge_tracking_full);
JUDGE(judge_tracking_small);
JUDGE(judge_tracking_events);
JUDGE(judge_module);
JUDGE(judge_module_late); /* it is there, and cannot be loaded any more */
JUDGE(judge_seed);
JUDGE(judge_gateways);
JUDGE(judge_tracking_loose);
JUDGE(judge_tracking_strict);
JUDGE(judge_advice_v4); /* always said, where IPv4 is used */

/* ---- links, routes, neighbours (judge_paths.c) */
JUDGE(judge_missing);
JUDGE(judge_down);
JUDGE(judge_carrier);
JUDGE(judge_route);
JUDGE(judge_onlink);
JUDGE(judge_neighbour);
JUDGE(judge_link_mtu);   /* of the first interface to an ipip backend */
JUDGE(judge_handed_mtu); /* of the interface to a dsr backend */
JUDGE(judge_route_mtu);  /* of the rest of the way */
JUDGE(judge_uplink_mtu);
JUDGE(judge_vm_mtu);

#endif
