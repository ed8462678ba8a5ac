/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of flows share; nobody else includes this. */
#ifndef RULESETS_FLOWS_IMPL_H
#define RULESETS_FLOWS_IMPL_H

#include <linux/netlink.h>

#include "rulesets/flows.h"

/* ---- one conntrack entry and the messages about it (flows_msg.c) */

struct flow_entry {
	uint8_t family;
	uint8_t proto;
	uint8_t tcp_state;   /* TCP_CONNTRACK_*, 0 where it is not TCP */
	struct addr vip;     /* original destination */
	uint16_t vip_port;   /* host order; 0 where the protocol has none */
	struct addr backend; /* reply source */
	uint16_t backend_port;
	/* what names the entry to the kernel; they point into the message */
	const struct nlattr *orig, *reply, *id, *zone; /* zone may be NULL */
	bool offloaded; /* it is in a flowtable */
};

/** flow_counts() - is a flow of this protocol in this state one of those that
 * flows_count() counts; @open: that flows_count_open() counts */
bool flow_counts(uint8_t proto, uint8_t tcp_state, bool open);

/** flow_offloaded() - does CTA_STATUS say that the flow is in a flowtable? Its
 * TCP state is not told then; it is that of an established one. */
bool flow_offloaded(const struct nlattr *status);

/**
 * flow_parse() - read what we need of an IPCTNL_MSG_CT_NEW message
 * Return: 0, or -EINVAL (not such an entry; @e is undefined then).
 */
int flow_parse(const struct nlmsghdr *nlh, struct flow_entry *e);

/* Which entries a dump shall give; fields that are 0 do not narrow it. */
struct flow_filter {
	uint8_t family;      /* any kernel knows this one */
	struct addr backend; /* the others, since 5.8, need the family */
	uint8_t proto;
};

#define FLOW_MSG_MAX 512 /* bytes that any of the messages below takes */

/** flow_msg_dump() - the request for a dump; returns its length */
size_t flow_msg_dump(void *msg, uint32_t seq, const struct flow_filter *filter);

/**
 * flow_msg_delete() - delete exactly this entry; returns the length
 * 0: it would not fit and must not be sent (no kernel makes such an entry).
 */
size_t flow_msg_delete(void *msg, const struct flow_entry *e);

/* ---- the jobs of one pass, by what they look for (flows_index.c) */

struct flow_request; /* a flows_count() that waits for its answer */

struct flow_want {
	struct flow_match match;
	struct flow_request *request; /* NULL: cut */
	size_t number;                /* of the match within its request */
	size_t next;                  /* index + 1 of the next in the chain */
};

struct flow_index {
	struct flow_want *wants; /* borrowed */
	size_t *heads;           /* index + 1 of the first of a chain */
	uint32_t mask;
};

/** flow_index_build() - @wants: n of them, stay the caller's and in place */
void flow_index_build(struct flow_index *ix, struct flow_want *wants, size_t n);
void flow_index_free(struct flow_index *ix);

/**
 * flow_index_first() / _next() - the wants that @e fits, in the order given
 * Return: NULL where there are no more.
 */
const struct flow_want *flow_index_first(const struct flow_index *ix,
					 const struct flow_entry *e);
const struct flow_want *flow_index_next(const struct flow_index *ix,
					const struct flow_want *w,
					const struct flow_entry *e);

/** flow_index_filter() - the narrowest filter that passes all n wants */
struct flow_filter flow_index_filter(const struct flow_want *wants, size_t n);

#endif
