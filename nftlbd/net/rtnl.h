/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of NETLINK_ROUTE: requests many at a time, dumps, events. The only
 * place that knows of sequence numbers, buffer sizes and the socket's errors.
 */
#ifndef NFTLB_NET_RTNL_H
#define NFTLB_NET_RTNL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/err.h"

#define RTNL_MSG_ROOM 1024 /* bytes that a request may be long */
#define RTNL_WORDS    128  /* of the kernel, with an error */

struct rtnl {
	struct mnl_socket *sock; /* NULL = closed */
	uint32_t seq;
};

/** rtnl_open() - a socket for requests; 0 or -errno */
int rtnl_open(struct rtnl *r, struct err *err);
/** rtnl_listen() - a socket for events of these groups (RTNLGRP_*) */
int rtnl_listen(struct rtnl *r, const unsigned int *groups, size_t n,
		struct err *err);
void rtnl_close(struct rtnl *r);
int rtnl_fd(const struct rtnl *r);

typedef void rtnl_message(void *ctx, const struct nlmsghdr *nlh);

/**
 * rtnl_events() - hand over all that has come, without waiting
 * Return: false where some were lost: whoever keeps what they said reads anew
 */
bool rtnl_events(struct rtnl *r, rtnl_message *fn, void *ctx);

/**
 * rtnl_dump() - ask for all objects, hand over each
 * @header: what follows nlmsghdr (struct ifinfomsg, ...), @len bytes
 * @mask: of IFLA_EXT_MASK, 0 = none
 * A dump that was disturbed is done again: an object may come twice.
 * Return: 0 or -errno
 */
int rtnl_dump(struct rtnl *r, uint16_t type, const void *header, size_t len,
	      uint32_t mask, rtnl_message *fn, void *ctx);

/* Requests back to back. Zero is empty. */
struct rtnl_batch {
	struct buf buf;
	size_t n;
};

/**
 * rtnl_begin() - the next request; attributes are appended to what it returns,
 * which is valid until rtnl_end(). NLM_F_REQUEST and NLM_F_ACK are added.
 */
struct nlmsghdr *rtnl_begin(struct rtnl_batch *b, uint16_t type, uint16_t flags,
			    const void *header, size_t len);
void rtnl_end(struct rtnl_batch *b);

/* Of request @i: @reply is what was asked for (any number of times), or NULL
 * at its end, once: then @error is 0 or -errno, @words the kernel's or "". */
typedef void rtnl_answer(void *ctx, size_t i, int error, const char *words,
			 const struct nlmsghdr *reply);

/**
 * rtnl_send() - send all of @b, hand over the answers; @b is empty after
 * @fn: may be NULL
 * Return: 0, whatever the answers were; -errno of the socket: some of the
 * requests were not heard of, or not answered
 */
int rtnl_send(struct rtnl *r, struct rtnl_batch *b, rtnl_answer *fn, void *ctx);

/** rtnl_put_addr() - append an address */
void rtnl_put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a);

#endif
