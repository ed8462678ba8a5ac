/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces, by rtnetlink. A device is ours by its name and alias; one of our
 * name that is of another kind is somebody else's and stays as it is.
 *
 * rp_filter: the client's packets come out of a device that no route leads to.
 * The kernel takes the larger of the device's own number and `all`, which is
 * not ours to change; where that is 1 (strict) the device gets 2 (loose), the
 * only number above it.
 */
#include "hvagent/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "rulesets/form.h"

#define ALIAS    "nftlb hvagent"
#define MESSAGE  4096
#define LOOPBACK 1 /* ifindex of lo */
#define GROUPS   (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)

struct devices {
	struct mnl_socket *events, *requests;
	uint32_t seq;
};

const struct device_form device_forms[DEVICES] = {
	[DEVICE_4] = { AGENT_DEVICE4, "ipip", AF_INET },
	[DEVICE_6] = { AGENT_DEVICE6, "ip6tnl", AF_INET6 },
	[DEVICE_6IN4] = { AGENT_DEVICE6IN4, "sit", AF_INET },
};

static struct mnl_socket *open_socket(unsigned int groups, int flags)
{
	struct mnl_socket *s =
	    mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);

	if (s && mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) == 0)
		return s;
	if (s)
		mnl_socket_close(s);
	return NULL;
}

int devices_open(struct devices **out, struct err *err)
{
	struct devices *d = xcalloc(1, sizeof(*d));

	d->events = open_socket(GROUPS, SOCK_NONBLOCK);
	d->requests = open_socket(0, 0);
	if (!d->events || !d->requests) {
		int e = errno;

		devices_close(d);
		return err_set(err, -e, "cannot ask for interfaces: %s",
			       strerror(e));
	}
	*out = d;
	return 0;
}

void devices_close(struct devices *d)
{
	if (!d)
		return;
	if (d->events)
		mnl_socket_close(d->events);
	if (d->requests)
		mnl_socket_close(d->requests);
	free(d);
}

int devices_fd(const struct devices *d)
{
	return mnl_socket_get_fd(d->events);
}

void devices_drain(struct devices *d)
{
	char buf[32768];
	ssize_t n;

	/* What it says does not matter: all is looked at anew. */
	do {
		n = recv(mnl_socket_get_fd(d->events), buf, sizeof(buf),
			 MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
}

/* ---- requests */

struct found {
	bool there, up, ours;
	char kind[32];
	uint32_t mtu;
	uint32_t ifindex;
	struct rtnl_link_stats64 stats;
};

static int kind_cb(const struct nlattr *a, void *arg)
{
	struct found *f = arg;

	if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
		snprintf(f->kind, sizeof(f->kind), "%.*s",
			 (int)mnl_attr_get_payload_len(a),
			 (const char *)mnl_attr_get_payload(a));
	return MNL_CB_OK;
}

static size_t less(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int link_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;
	struct found *f = arg;

	if (!f || nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	f->there = true;
	f->up = ifi->ifi_flags & IFF_UP;
	f->ifindex = (uint32_t)ifi->ifi_index;
	mnl_attr_for_each(a, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(a) == IFLA_LINKINFO)
			mnl_attr_parse_nested(a, kind_cb, f);
		else if (mnl_attr_get_type(a) == IFLA_MTU)
			f->mtu = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == IFLA_IFALIAS)
			f->ours = !strcmp(mnl_attr_get_str(a), ALIAS);
		else if (mnl_attr_get_type(a) == IFLA_STATS64)
			memcpy(&f->stats, mnl_attr_get_payload(a),
			       less(mnl_attr_get_payload_len(a),
				    sizeof(f->stats)));
	}
	return MNL_CB_OK;
}

static int talk(struct mnl_socket *s, struct nlmsghdr *nlh, struct found *f)
{
	char buf[32768];
	unsigned int port = mnl_socket_get_portid(s);
	ssize_t n;
	int ret;

	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(s, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		ret = mnl_cb_run(buf, (size_t)n, nlh->nlmsg_seq, port, link_cb,
				 f);
	} while (ret > 0);
	return ret < 0 ? -errno : 0;
}

static struct nlmsghdr *message(struct devices *d, char *buf, uint16_t type,
				uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++d->seq;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

static int look(struct devices *d, const char *name, struct found *f)
{
	char buf[MESSAGE] = { 0 };
	int ret;

	memset(f, 0, sizeof(*f));
	ret = talk(d->requests, message(d, buf, RTM_GETLINK, 0, name), f);
	return ret == -ENODEV ? 0 : ret;
}

/* sit does not know metadata. One for all addresses is there already, where the
 * module is, and the kernel takes two for the same only where they differ in
 * their link: `lo` is always there. It gives the packet to the one that was
 * made last. */
static void put_form(struct nlmsghdr *nlh, const struct device_form *form)
{
	if (!strcmp(form->kind, "sit"))
		mnl_attr_put_u32(nlh, IFLA_IPTUN_LINK, LOOPBACK);
	else
		mnl_attr_put(nlh, IFLA_IPTUN_COLLECT_METADATA, 0, NULL);
}

static int make(struct devices *d, const struct device_form *form)
{
	char buf[MESSAGE] = { 0 };
	struct nlmsghdr *nlh =
	    message(d, buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, form->name);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO), *data;

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, form->kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	put_form(nlh, form);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return talk(d->requests, nlh, NULL);
}

static int bring_up(struct devices *d, const char *name)
{
	char buf[MESSAGE] = { 0 };
	struct nlmsghdr *nlh = message(d, buf, RTM_NEWLINK, 0, name);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, ALIAS);
	return talk(d->requests, nlh, NULL);
}

/* ---- rp_filter */

static int sysctl_read(const char *device)
{
	char path[128], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter",
		 device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atoi(text);
}

static int rp_filter_off(const char *device)
{
	const char *want = sysctl_read("all") == 1 ? "2" : "0";
	char path[128];
	int fd, ret = 0;

	if (sysctl_read(device) == atoi(want))
		return 0;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter",
		 device);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, want, 1) != 1)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- what is asked for */

int devices_keep(struct devices *d, enum device which, struct err *err)
{
	const char *name = device_forms[which].name;
	const char *kind = device_forms[which].kind;
	struct found f;
	int ret = look(d, name, &f), made = 0;

	if (ret == 0 && f.there && strcmp(f.kind, kind) != 0)
		return err_set(err, -EEXIST,
			       "%s: an interface of that name is there, of "
			       "kind \"%s\"; remove or rename it",
			       name, f.kind);
	if (ret == 0 && !f.there) {
		ret = make(d, &device_forms[which]);
		made = 1;
	}
	if (ret == 0 && !(f.up && f.ours))
		ret = bring_up(d, name);
	if (ret == 0 && which != DEVICE_6IN4) /* IPv4 comes out of it */
		ret = rp_filter_off(name);
	if (ret < 0)
		return err_set(err, ret,
			       "cannot have the device %s of kind %s: %s%s%s",
			       name, kind, strerror(-ret),
			       ret == -EOPNOTSUPP ? "; modprobe " : "",
			       ret == -EOPNOTSUPP ? kind : "");
	return made;
}

void devices_received(struct devices *d, enum device which, uint64_t *packets,
		      uint64_t *bytes)
{
	struct found f;

	if (look(d, device_forms[which].name, &f) < 0 || !f.there)
		return;
	*packets += f.stats.rx_packets;
	*bytes += f.stats.rx_bytes;
}

int devices_remove(struct devices *d, enum device which, struct err *err)
{
	const char *name = device_forms[which].name;
	char buf[MESSAGE] = { 0 };
	struct found f;
	int ret = look(d, name, &f);

	if (ret == 0 && f.there && f.ours)
		ret = talk(d->requests, message(d, buf, RTM_DELLINK, 0, name),
			   NULL);
	return ret < 0 ? err_set(err, ret, "cannot remove the device %s: %s",
				 name, strerror(-ret))
		       : 0;
}

/* ---- uplinks */

/* May tunnels end there, and does it not come and go? */
static bool stays(const struct addr *a)
{
	return a->family == AF_INET ||
	       !(a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80);
}

static void take_address(struct uplink *u, const struct sockaddr *sa)
{
	struct addr a = { .family = (uint8_t)sa->sa_family };
	struct addr *to;

	if (sa->sa_family == AF_INET)
		memcpy(a.ip, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(a.ip, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	else
		return;
	to = &u->addr[family_index(a.family)];
	/* the first that the kernel names: its own choice as a source */
	if (stays(&a) && !to->family)
		*to = a;
}

void devices_uplink(struct devices *d, const char *name, struct uplink *out)
{
	struct ifaddrs *list, *i;
	struct found f;

	memset(out, 0, sizeof(*out));
	if (look(d, name, &f) < 0 || !f.there)
		return;
	out->ifindex = f.ifindex;
	out->mtu = f.mtu;
	if (getifaddrs(&list) < 0)
		return;
	for (i = list; i; i = i->ifa_next) {
		if (i->ifa_addr && !strcmp(i->ifa_name, name))
			take_address(out, i->ifa_addr);
	}
	freeifaddrs(list);
}
