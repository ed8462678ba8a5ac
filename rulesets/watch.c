/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listener of watch.h. It knows names of tables, nothing of what is in. */
#include "rulesets/watch.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/types.h"

/* Others' commits come in bursts; when even this overflows we scan. */
#define WATCH_RCVBUF (8 << 20)

int watch_open(struct watch *w, const char *table, struct err *err)
{
	int rcvbuf = WATCH_RCVBUF;

	memset(w, 0, sizeof(*w));
	w->table = table;
	w->sock =
	    mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->sock || mnl_socket_bind(w->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int e = errno;

		watch_close(w);
		return err_set(err, -e, "cannot watch nf_tables: %s",
			       strerror(e));
	}
	setsockopt(mnl_socket_get_fd(w->sock), SOL_SOCKET, SO_RCVBUFFORCE,
		   &rcvbuf, sizeof(rcvbuf));
	return 0;
}

void watch_close(struct watch *w)
{
	if (w->sock)
		mnl_socket_close(w->sock);
	w->sock = NULL;
}

static int membership(struct watch *w, int what)
{
	int group = NFNLGRP_NFTABLES;

	return mnl_socket_setsockopt(w->sock, what, &group, sizeof(group)) < 0
		   ? -errno
		   : 0;
}

int watch_join(struct watch *w)
{
	int ret = w->joined ? 0 : membership(w, NETLINK_ADD_MEMBERSHIP);

	w->joined = ret == 0;
	return ret;
}

void watch_leave(struct watch *w)
{
	if (w->joined)
		membership(w, NETLINK_DROP_MEMBERSHIP);
	w->joined = false;
}

static bool is_table(const struct nlattr *a, uint8_t proto, const char *base)
{
	size_t len = mnl_attr_get_payload_len(a);
	char name[RS_TABLE_NAME_MAX];

	for (unsigned int t = 0; t < RS_TABLES; t++) {
		if (rs_table_proto(t) != proto)
			continue;
		rs_table_name(t, base, name);
		if (len == strlen(name) + 1 &&
		    !memcmp(mnl_attr_get_payload(a), name, len))
			return true;
	}
	return false;
}

/* In all messages that concern us attribute 1 is the table's name. */
static bool names_table(const struct nlmsghdr *nlh, const char *table)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*nfg)) ||
	    (nlh->nlmsg_type & 0xff) == NFT_MSG_NEWGEN)
		return false;
	mnl_attr_for_each(a, nlh, sizeof(*nfg))
		if (mnl_attr_get_type(a) == 1)
			return is_table(a, nfg->nfgen_family, table);
	return false;
}

/* Messages about sets and elements have the set's name in attribute 2. */
static bool names_list(const struct nlmsghdr *nlh)
{
	const struct nlattr *a;
	const char *name;

	switch (nlh->nlmsg_type & 0xff) {
	case NFT_MSG_NEWSET:
	case NFT_MSG_DELSET:
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
		break;
	default:
		return false;
	}
	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg)) {
		name = mnl_attr_get_payload(a);
		if (mnl_attr_get_type(a) == 2)
			return mnl_attr_get_payload_len(a) > 5 &&
			       !memcmp(name, "list.", 5);
	}
	return false;
}

static void look_at(struct watch *w, const struct nlmsghdr *nlh)
{
	if (!names_table(nlh, w->table))
		return;
	w->touched = true;
	w->lists |= names_list(nlh);
}

bool watch_read(struct watch *w)
{
	char buf[65536];
	bool touched;

	for (;;) {
		const struct nlmsghdr *nlh = (const void *)buf;
		ssize_t n = recv(mnl_socket_get_fd(w->sock), buf, sizeof(buf),
				 MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			w->touched = true; /* something was lost: look */
			w->lists = true;
			continue;
		}
		if (n <= 0)
			break;
		for (; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			look_at(w, nlh);
	}
	touched = w->touched;
	w->touched = false;
	return touched;
}
