/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges of interfaces, routes and neighbours. Pure.
 */
#include "hostcheck/judges.h"

#define CLIENT_MTU         1500
#define LEVEL_IF(bad, lvl) ((bad) ? (lvl) : HOST_OK)

/* The outer header of a tunnel. */
static uint32_t outer_bytes(const struct host_item *it)
{
	return it->addr.family == AF_INET6 ? 40 : 20;
}

static uint32_t client_mtu(const struct host *h)
{
	return h->client_mtu ? h->client_mtu : CLIENT_MTU;
}

/* Does it lead to another host? */
static bool goes_out(const struct host_item *it)
{
	return it->route.found && !it->route.local;
}

JUDGE(judge_missing)
{
	return LEVEL_IF(!it->link.exists, HOST_ERROR);
}

JUDGE(judge_down)
{
	return LEVEL_IF(it->link.exists && !it->link.up, HOST_ERROR);
}

JUDGE(judge_carrier)
{
	return LEVEL_IF(it->link.exists && it->link.up && !it->link.carrier,
			HOST_ERROR);
}

JUDGE(judge_route)
{
	return LEVEL_IF(it->route.asked && !it->route.found, HOST_ERROR);
}

JUDGE(judge_onlink)
{
	return LEVEL_IF(goes_out(it) && !it->route.onlink, HOST_ERROR);
}

JUDGE(judge_neighbour)
{
	return LEVEL_IF(it->neighbour == HOST_NEIGH_FAILED, HOST_ERROR);
}

JUDGE(judge_link_mtu)
{
	fig->value = it->link.mtu;
	fig->wanted = client_mtu(h) + outer_bytes(it);
	return LEVEL_IF(goes_out(it) && it->link.exists &&
			    fig->value < fig->wanted,
			HOST_WARNING);
}

JUDGE(judge_handed_mtu)
{
	fig->value = it->link.mtu;
	fig->wanted = client_mtu(h);
	return LEVEL_IF(goes_out(it) && it->link.exists &&
			    fig->value < fig->wanted,
			HOST_WARNING);
}

/* A link that is too small is said by judge_link_mtu(). */
JUDGE(judge_route_mtu)
{
	struct figures link;

	fig->value = it->route.mtu;
	fig->wanted = client_mtu(h) + outer_bytes(it);
	if (judge_link_mtu(h, it, &link) != HOST_OK)
		return HOST_OK;
	return LEVEL_IF(goes_out(it) && fig->value && fig->value < fig->wanted,
			HOST_WARNING);
}

JUDGE(judge_uplink_mtu)
{
	fig->value = it->link.mtu;
	fig->wanted = client_mtu(h) + outer_bytes(it);
	return LEVEL_IF(it->link.exists && fig->value < fig->wanted,
			HOST_WARNING);
}

JUDGE(judge_vm_mtu)
{
	fig->value = it->link.mtu;
	fig->wanted = h->uplink_mtu;
	return LEVEL_IF(goes_out(it) && it->link.exists && fig->wanted &&
			    fig->value > fig->wanted,
			HOST_WARNING);
}
