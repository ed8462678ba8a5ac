/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP messages (RFC 792, RFC 4443): our echo requests and what they cause. */
#ifndef HEALTHCHECK_ICMP_MESSAGE_H
#define HEALTHCHECK_ICMP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define ICMP_ECHO_LEN 16 /* header and cookie */

/* What a message says of an echo request. */
struct icmp_seen {
	bool is_error;  /* else it is the reply */
	struct addr to; /* error: whom the request was for */
	int32_t why;    /* error: type << 8 | code */
	uint16_t id, seq;
	uint64_t cookie;
};

/** icmp_echo() - an echo request; the kernel makes IPv6's checksum */
void icmp_echo(int family, uint16_t id, uint16_t seq, uint64_t cookie,
	       uint8_t out[ICMP_ECHO_LEN]);

/**
 * icmp_behind_ip4() - how long the IPv4 header is that raw sockets put in front
 * Return: 0 where it is none, or nothing is behind it.
 */
size_t icmp_behind_ip4(const uint8_t *packet, size_t len);

/**
 * icmp_read() - a reply, or an error with the request in it
 * @message: from its ICMP header on
 * Return: false where it is about no echo request.
 */
bool icmp_read(int family, const uint8_t *message, size_t len,
	       struct icmp_seen *seen);

/**
 * icmp_read_request() - our own request, as errors quote it
 * Fills in id, seq and cookie only.
 */
bool icmp_read_request(int family, const uint8_t *message, size_t len,
		       struct icmp_seen *seen);

#endif
