/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts: settings below /proc/sys, and for each item its interface, route
 * and neighbour.
 *
 * Invariant: what cannot be read is "not known", never a fault.
 * Must not know: what is good or bad.
 */
#include "hostcheck/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int64_t read_sysctl(const char *path)
{
	char full[128], text[32];
	ssize_t n;
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strtoll(text, NULL, 10);
}

/* One of net/ipv4/conf/. */
static int read_ipv4_conf(const char *device, const char *key)
{
	char path[96];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", device, key);
	return (int)read_sysctl(path);
}

static int greater(int a, int b)
{
	return a > b ? a : b;
}

static void read_link_settings(struct host_link *l)
{
	l->rp_filter = greater(read_ipv4_conf("all", "rp_filter"),
			       read_ipv4_conf(l->name, "rp_filter"));
	l->accept_local = greater(read_ipv4_conf("all", "accept_local"),
				  read_ipv4_conf(l->name, "accept_local"));
	l->forwarding = read_ipv4_conf(l->name, "forwarding");
}

/* Links that several items share are asked for once. */
static bool link_known(const struct host *h, size_t upto, const char *name,
		       uint32_t index, struct host_link *out)
{
	for (size_t i = upto; i-- > 0 && upto - i < 64;) {
		const struct host_link *l = &h->items[i].link;

		if (l->exists &&
		    (name ? !strcmp(l->name, name) : l->index == index)) {
			*out = *l;
			return true;
		}
	}
	return false;
}

static void read_item_link(struct host *h, size_t i, struct mnl_socket *nl,
			   const char *name, uint32_t index)
{
	struct host_link *l = &h->items[i].link;

	if (link_known(h, i, name, index, l))
		return;
	read_link(nl, name, index, l);
	if (l->exists)
		read_link_settings(l);
}

static void read_item(struct host *h, size_t i, struct mnl_socket *nl)
{
	struct host_item *it = &h->items[i];

	memset(&it->link, 0, sizeof(it->link));
	memset(&it->route, 0, sizeof(it->route));
	it->neighbour = HOST_NEIGH_NONE;
	if (it->kind == HOST_PEER || it->kind == HOST_ADDRESS)
		read_route(nl, &it->addr, &it->route);
	if (it->device)
		read_item_link(h, i, nl, it->device, 0);
	else if (it->route.found)
		read_item_link(h, i, nl, NULL, it->route.index);
	if (it->kind == HOST_PEER && it->route.found && !it->route.local)
		it->neighbour =
		    read_neighbour(nl, &it->route.nexthop, it->route.index);
}

/* 0 = not known. */
static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a && (!b || a < b) ? a : b;
}

/* What follows from the facts of the items, for others. */
static void sum_up(struct host *h)
{
	h->stateless_local = false;
	h->uplink_mtu = 0;
	for (size_t i = 0; i < h->n; i++) {
		const struct host_item *it = &h->items[i];

		if (it->kind == HOST_ADDRESS && it->use & HOST_STATELESS &&
		    it->addr.family == AF_INET && it->route.local)
			h->stateless_local = true;
		if (it->use & HOST_UPLINK && it->kind == HOST_DEVICE)
			h->uplink_mtu = smaller(h->uplink_mtu, it->link.mtu);
		if (it->use & HOST_FRONT && it->link.mtu > h->client_mtu)
			h->client_mtu = it->link.mtu;
	}
}

static void read_settings(struct host *h)
{
	struct utsname uts;

	h->forwarding[0] = (int)read_sysctl("net/ipv4/ip_forward");
	h->forwarding[1] = (int)read_sysctl("net/ipv6/conf/all/forwarding");
	h->conntrack_count = read_sysctl("net/netfilter/nf_conntrack_count");
	h->conntrack_max = read_sysctl("net/netfilter/nf_conntrack_max");
	h->conntrack_events =
	    (int)read_sysctl("net/netfilter/nf_conntrack_events");
	h->conntrack_loose =
	    (int)read_sysctl("net/netfilter/nf_conntrack_tcp_loose");
	h->conntrack_liberal =
	    (int)read_sysctl("net/netfilter/nf_conntrack_tcp_be_liberal");
	h->modules_disabled = read_sysctl("kernel/modules_disabled") == 1;
	if (uname(&uts) == 0)
		snprintf(h->kernel, sizeof(h->kernel), "%s", uts.release);
}

int hostcheck_read(struct host *h, struct err *err)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		int ret =
		    err_set(err, -errno, "rtnetlink: %s", strerror(errno));

		if (nl)
			mnl_socket_close(nl);
		return ret;
	}
	read_settings(h);
	for (size_t i = 0; i < h->n; i++)
		read_item(h, i, nl);
	mnl_socket_close(nl);
	read_modules(h);
	sum_up(h);
	return 0;
}
