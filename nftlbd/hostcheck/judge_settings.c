/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges of the kernel's settings. Pure.
 *
 * On rp_filter and martians, see fib_validate_source() of the kernel: the
 * greater of all's and the interface's own value counts; an interface without
 * an address passes nothing unless it is 0; a source that is an address of this
 * host never passes, unless accept_local is set. IPv6 has neither.
 */
#include "hostcheck/judges.h"

#define STRICT             1
#define TRACKING_SMALL     65536
#define TRACKING_NEARLY    80 /* percent */
#define TRACKING_CRITICAL  95
#define IS_ROUTED(it)      ((it)->route.found && !(it)->route.local)
#define IS_IPV4(it)        ((it)->addr.family == AF_INET)
#define LEVEL_IF(bad, lvl) ((bad) ? (lvl) : HOST_OK)

JUDGE(judge_forwarding)
{
	if (it->route.local)
		return HOST_OK;
	fig->value = h->forwarding[it->addr.family == AF_INET6];
	return LEVEL_IF(fig->value == 0, HOST_ERROR);
}

/* IPv6 asks the one of all interfaces only. */
JUDGE(judge_device_forwarding)
{
	if (it->kind == HOST_PEER && (!IS_ROUTED(it) || !IS_IPV4(it)))
		return HOST_OK;
	return LEVEL_IF(it->link.exists && h->forwarding[0] != 0 &&
			    it->link.forwarding == 0,
			HOST_ERROR);
}

JUDGE(judge_strict)
{
	return LEVEL_IF(IS_ROUTED(it) && IS_IPV4(it) &&
			    it->link.rp_filter == STRICT,
			HOST_ERROR);
}

JUDGE(judge_filtered)
{
	fig->value = it->link.rp_filter;
	return LEVEL_IF(it->link.exists && fig->value > 0, HOST_ERROR);
}

JUDGE(judge_sender)
{
	return LEVEL_IF(
	    IS_IPV4(it) && it->link.exists && it->link.rp_filter == STRICT &&
		(!it->route.found || it->route.index != it->link.index),
	    HOST_ERROR);
}

JUDGE(judge_martian)
{
	return LEVEL_IF(IS_ROUTED(it) && IS_IPV4(it) && h->stateless_local &&
			    it->link.accept_local == 0,
			HOST_ERROR);
}

JUDGE(judge_tracking_full)
{
	fig->value = h->conntrack_count;
	fig->wanted = h->conntrack_max * 2;
	if (h->conntrack_max <= 0 || h->conntrack_count < 0)
		return HOST_OK;
	if (fig->value * 100 >= h->conntrack_max * TRACKING_CRITICAL)
		return HOST_ERROR;
	return LEVEL_IF(fig->value * 100 >= h->conntrack_max * TRACKING_NEARLY,
			HOST_WARNING);
}

/* 0: without a limit. */
JUDGE(judge_tracking_small)
{
	fig->value = h->conntrack_max;
	fig->wanted = 4 * TRACKING_SMALL;
	return LEVEL_IF(fig->value > 0 && fig->value < TRACKING_SMALL,
			HOST_WARNING);
}

JUDGE(judge_tracking_events)
{
	return LEVEL_IF(h->conntrack_events == 0, HOST_WARNING);
}

JUDGE(judge_module)
{
	return LEVEL_IF(it->module == HOST_MODULE_MISSING, HOST_ERROR);
}

JUDGE(judge_module_late)
{
	return LEVEL_IF(it->module == HOST_MODULE_LOADABLE &&
			    h->modules_disabled,
			HOST_ERROR);
}

JUDGE(judge_seed)
{
	return LEVEL_IF(h->default_seed, HOST_WARNING);
}

JUDGE(judge_tracking_loose)
{
	return LEVEL_IF(h->conntrack_loose == 0, HOST_WARNING);
}

JUDGE(judge_tracking_strict)
{
	return LEVEL_IF(h->conntrack_liberal == 0, HOST_WARNING);
}

JUDGE(judge_gateways)
{
	return LEVEL_IF(h->ngateways == 0, HOST_ERROR);
}

JUDGE(judge_advice_v4)
{
	return LEVEL_IF(IS_IPV4(it), HOST_WARNING);
}
