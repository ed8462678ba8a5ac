/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One socket for all echo requests of a family: thousands of probes a second
 * cost one descriptor and few system calls. There are two kinds:
 *
 *  - raw: opened by the daemon, which may, and handed over. It hears the whole
 *    machine's ICMP, which a filter in the kernel narrows down; errors come as
 *    messages, with the request quoted in them. All requests have the same id:
 *    conntrack has one entry for each target, not one for each probe.
 *  - ping: SOCK_DGRAM, for whom net.ipv4.ping_group_range allows it. The kernel
 *    chooses the id, passes on its replies only, and keeps errors in a queue
 *    beside, with the request and the address it was for. Their last errno
 *    meets whoever sends next. That of IPv6 takes no source address (Linux
 *    6.18 reads it, and forgets it).
 *
 * Must not know probes or results.
 */
#include "healthcheck/icmp_socket.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* After the C library's, whose names they respect. */
#include <linux/errqueue.h>
#include <linux/icmp.h>

#include "healthcheck/protocol.h"
#include "healthcheck/spec.h"

#define BATCH         32
#define PACKET_MAX    192 /* twice the longest headers, and our request */
#define CONTROL_MAX   256
#define BUFFER_WANTED (4 << 20)
#define SEND_TRIES    3

/* ---- open and close ---- */

/* Which messages a raw socket hears: replies and errors, or none. */
static int filter_set(const struct icmp_socket *s, bool hear)
{
	struct icmp_filter f4 = { .data = ~0u };
	struct icmp6_filter f6;

	if (s->family == AF_INET6) {
		ICMP6_FILTER_SETBLOCKALL(&f6);
		if (hear) {
			ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f6);
			ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &f6);
			ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &f6);
		}
		return setsockopt(s->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f6,
				  sizeof(f6));
	}
	if (hear)
		f4.data = ~(1u << ICMP_ECHOREPLY | 1u << ICMP_DEST_UNREACH |
			    1u << ICMP_TIME_EXCEEDED);
	return setsockopt(s->fd, SOL_RAW, ICMP_FILTER, &f4, sizeof(f4));
}

static bool option_is(int fd, int option, int expected)
{
	int value;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 &&
	       value == expected;
}

/* What the daemon left at the agreed place, if it is what it should be. */
static bool raw_take(struct icmp_socket *s, int protocol)
{
	s->fd = s->family == AF_INET6 ? HC_ICMP6_FD : HC_ICMP4_FD;
	s->raw = option_is(s->fd, SO_TYPE, SOCK_RAW) &&
		 option_is(s->fd, SO_DOMAIN, s->family) &&
		 option_is(s->fd, SO_PROTOCOL, protocol) &&
		 filter_set(s, true) == 0;
	return s->raw;
}

static int ping_open(struct icmp_socket *s, int protocol)
{
	static const int on = 1;
	int rc;

	s->fd = socket(s->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       protocol);
	if (s->fd < 0)
		return -errno;
	rc =
	    s->family == AF_INET6
		? setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on))
		: setsockopt(s->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	if (rc == 0)
		return 0;
	rc = -errno;
	icmp_socket_close(s);
	return rc;
}

/* As much as is allowed; the daemon could give its sockets more. */
static void buffer_raise(int fd, int option)
{
	static const int wanted = BUFFER_WANTED;
	int has = 0;
	socklen_t len = sizeof(has);

	if (getsockopt(fd, SOL_SOCKET, option, &has, &len) == 0 && has < wanted)
		setsockopt(fd, SOL_SOCKET, option, &wanted, sizeof(wanted));
}

int icmp_socket_open(struct icmp_socket *s, int family)
{
	int protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int rc = 0;

	*s = (struct icmp_socket){ .fd = -1, .family = family };
	if (getrandom(&s->id, sizeof(s->id), 0) != sizeof(s->id))
		return -errno;
	if (!raw_take(s, protocol))
		rc = ping_open(s, protocol);
	if (rc < 0)
		return rc;
	buffer_raise(s->fd, SO_RCVBUF);
	buffer_raise(s->fd, SO_SNDBUF);
	return 0;
}

void icmp_socket_close(struct icmp_socket *s)
{
	if (s->fd < 0)
		return;
	if (s->raw)
		filter_set(s, false);
	else
		close(s->fd);
	s->fd = -1;
}

/* ---- sending ---- */

/* 0, or -errno where there is no interface of this name now. */
static int index_of(int fd, const char *name, int *index)
{
	struct ifreq ifr = { 0 };

	*index = 0;
	if (!name)
		return 0;
	if (strlen(name) >= sizeof(ifr.ifr_name))
		return -ENODEV;
	strcpy(ifr.ifr_name, name);
	if (ioctl(fd, SIOCGIFINDEX, &ifr) < 0)
		return -errno;
	*index = ifr.ifr_ifindex;
	return 0;
}

static void control_put(struct msghdr *msg, int level, int type,
			const void *data, size_t len)
{
	struct cmsghdr *cm = msg->msg_control;

	cm->cmsg_level = level;
	cm->cmsg_type = type;
	cm->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), data, len);
	msg->msg_controllen = CMSG_SPACE(len);
}

/* Source address and interface of this request; both may be left open. */
static int source_put(const struct icmp_socket *s, const struct hc_spec *spec,
		      struct msghdr *msg)
{
	const struct addr *from =
	    s->family == AF_INET6 ? &spec->source6 : &spec->source4;
	struct in6_pktinfo i6 = { 0 };
	struct in_pktinfo i4 = { 0 };
	int index, rc = index_of(s->fd, spec->interface, &index);

	if (rc < 0 || (!from->family && !index))
		return rc;
	if (!s->raw && from->family == AF_INET6)
		return -EOPNOTSUPP;
	if (s->family == AF_INET6) {
		memcpy(&i6.ipi6_addr, from->ip, sizeof(i6.ipi6_addr));
		i6.ipi6_ifindex = (unsigned int)index;
		control_put(msg, IPPROTO_IPV6, IPV6_PKTINFO, &i6, sizeof(i6));
	} else {
		memcpy(&i4.ipi_spec_dst, from->ip, sizeof(i4.ipi_spec_dst));
		i4.ipi_ifindex = index;
		control_put(msg, IPPROTO_IP, IP_PKTINFO, &i4, sizeof(i4));
	}
	return 0;
}

int icmp_socket_send(const struct icmp_socket *s, const struct hc_spec *spec,
		     const struct addr *to, uint16_t seq, uint64_t cookie)
{
	union {
		struct cmsghdr head; /* for its alignment */
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { 0 };
	uint8_t echo[ICMP_ECHO_LEN];
	struct iovec iov = { echo, sizeof(echo) };
	struct sockaddr_storage ss;
	struct msghdr msg = { .msg_name = &ss,
			      .msg_namelen = addr_sockaddr(to, 0, &ss),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control };
	int rc = source_put(s, spec, &msg);

	if (rc < 0)
		return rc;
	if (!msg.msg_controllen)
		msg.msg_control = NULL; /* none at all */
	icmp_echo(s->family, s->id, seq, cookie, echo);
	for (int i = 0; i < SEND_TRIES; i++) {
		if (sendmsg(s->fd, &msg, 0) >= 0)
			return 0;
		rc = -errno;
		/* An errno may be that of an earlier request's error. */
		if (s->raw || rc == -EAGAIN)
			break;
	}
	return rc;
}

/* ---- receiving ---- */

struct batch {
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	uint8_t data[BATCH][PACKET_MAX];
	union {
		struct cmsghdr head;
		uint8_t bytes[CONTROL_MAX];
	} control[BATCH];
};

static void batch_init(struct batch *b, bool control)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->data[i], PACKET_MAX };
		b->m[i].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i],
			.msg_namelen = sizeof(b->from[i]),
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1,
			.msg_control = control ? &b->control[i] : NULL,
			.msg_controllen = control ? CONTROL_MAX : 0,
		};
	}
}

static void address_of(const struct sockaddr_storage *ss, struct addr *a)
{
	const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *s4 = (const struct sockaddr_in *)ss;

	*a = (struct addr){ .family = (uint8_t)ss->ss_family };
	if (a->family == AF_INET6)
		memcpy(a->ip, &s6->sin6_addr, 16);
	else
		memcpy(a->ip, &s4->sin_addr, 4);
}

/* Why, of a message out of the queue of errors; 0 = it does not say. */
static int32_t why_of(struct msghdr *msg)
{
	struct sock_extended_err ee;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(msg); cm;
	     cm = CMSG_NXTHDR(msg, cm)) {
		if (!(cm->cmsg_level == IPPROTO_IP &&
		      cm->cmsg_type == IP_RECVERR) &&
		    !(cm->cmsg_level == IPPROTO_IPV6 &&
		      cm->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(cm), sizeof(ee));
		if (ee.ee_origin == SO_EE_ORIGIN_ICMP ||
		    ee.ee_origin == SO_EE_ORIGIN_ICMP6)
			return ee.ee_type << 8 | ee.ee_code;
	}
	return 0;
}

static bool message_read(const struct icmp_socket *s, const struct batch *b,
			 size_t i, struct icmp_seen *seen, struct addr *about)
{
	const uint8_t *data = b->data[i];
	size_t len = b->m[i].msg_len, skip = 0;

	if (s->raw && s->family == AF_INET) {
		skip = icmp_behind_ip4(data, len);
		if (!skip)
			return false;
	}
	if (!icmp_read(s->family, data + skip, len - skip, seen))
		return false;
	if (seen->is_error)
		*about = seen->to;
	else
		address_of(&b->from[i], about);
	return true;
}

/* What the queue of errors has is our request; its address is the target's. */
static bool error_read(const struct icmp_socket *s, struct batch *b, size_t i,
		       struct icmp_seen *seen, struct addr *about)
{
	memset(seen, 0, sizeof(*seen));
	seen->is_error = true;
	seen->why = why_of(&b->m[i].msg_hdr);
	address_of(&b->from[i], about);
	return seen->why &&
	       icmp_read_request(s->family, b->data[i], b->m[i].msg_len, seen);
}

static bool batch_receive(const struct icmp_socket *s, bool errors,
			  icmp_on_message *on_message, void *arg)
{
	struct icmp_seen seen;
	struct addr about;
	struct batch b;
	int n;

	batch_init(&b, errors);
	n = recvmmsg(s->fd, b.m, BATCH,
		     MSG_DONTWAIT | (errors ? MSG_ERRQUEUE : 0), NULL);
	for (int i = 0; i < n; i++) {
		bool good = errors
				? error_read(s, &b, (size_t)i, &seen, &about)
				: message_read(s, &b, (size_t)i, &seen, &about);

		if (good && (!s->raw || seen.id == s->id))
			on_message(arg, &seen, &about);
	}
	/* The errno of an error that waits in the queue hides what else came.
	 */
	return n == BATCH || (n < 0 && errno != EAGAIN);
}

bool icmp_socket_receive(const struct icmp_socket *s,
			 icmp_on_message *on_message, void *arg)
{
	bool more = batch_receive(s, false, on_message, arg);

	if (!s->raw)
		more |= batch_receive(s, true, on_message, arg);
	return more;
}
