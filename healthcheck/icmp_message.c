/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP messages. A request carries eight random bytes, the cookie: who answers
 * it has seen it. What has no cookie is none of ours. That goes for errors too:
 * all requests have the same id and low numbers, which any target of ours knows
 * and could quote in an error about another one. (RFC 792 lets a router quote
 * less than the cookie; today's quote more, RFC 1812, 4.3.2.3. The price would
 * be a time-out instead of "unreachable".)
 *
 * Invariants: nothing is believed of a packet but its length.
 *
 * Pure; must not know sockets or probes.
 */
#include "healthcheck/icmp_message.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define HEADER_LEN     8 /* type, code, checksum, id, sequence */
#define IP4_LEN_MIN    20
#define IP4_PROTOCOL   9
#define IP4_TO         16
#define IP6_LEN        40
#define IP6_NEXT       6
#define IP6_TO         24
#define FRAGMENT_START 0x1fff /* of IPv4's flags and offset */

/* The same things in both families. */
struct types {
	uint8_t request, reply;
	uint8_t errors[2]; /* unreachable, time exceeded */
};

static const struct types *types_of(int family)
{
	static const struct types v4 = { ICMP_ECHO,
					 ICMP_ECHOREPLY,
					 { ICMP_DEST_UNREACH,
					   ICMP_TIME_EXCEEDED } };
	static const struct types v6 = { ICMP6_ECHO_REQUEST,
					 ICMP6_ECHO_REPLY,
					 { ICMP6_DST_UNREACH,
					   ICMP6_TIME_EXCEEDED } };

	return family == AF_INET6 ? &v6 : &v4;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* RFC 1071, of an even number of bytes */
static unsigned int checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += get16(p + i);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return ~sum & 0xffff;
}

void icmp_echo(int family, uint16_t id, uint16_t seq, uint64_t cookie,
	       uint8_t out[ICMP_ECHO_LEN])
{
	memset(out, 0, ICMP_ECHO_LEN);
	out[0] = types_of(family)->request;
	put16(out + 4, id);
	put16(out + 6, seq);
	memcpy(out + HEADER_LEN, &cookie, sizeof(cookie));
	if (family != AF_INET6)
		put16(out + 2, checksum(out, ICMP_ECHO_LEN));
}

size_t icmp_behind_ip4(const uint8_t *packet, size_t len)
{
	size_t header;

	if (len < IP4_LEN_MIN || packet[0] >> 4 != 4 ||
	    packet[IP4_PROTOCOL] != IPPROTO_ICMP ||
	    get16(packet + 6) & FRAGMENT_START)
		return 0;
	header = (size_t)(packet[0] & 15) * 4;
	return header >= IP4_LEN_MIN && header < len ? header : 0;
}

/* Header and cookie. */
static bool echo_read(const uint8_t *p, size_t len, struct icmp_seen *seen)
{
	if (len < ICMP_ECHO_LEN)
		return false;
	seen->id = get16(p + 4);
	seen->seq = get16(p + 6);
	memcpy(&seen->cookie, p + HEADER_LEN, sizeof(seen->cookie));
	return true;
}

bool icmp_read_request(int family, const uint8_t *message, size_t len,
		       struct icmp_seen *seen)
{
	return len && message[0] == types_of(family)->request &&
	       echo_read(message, len, seen);
}

/* The IP packet that an error quotes. */
static bool quote_read(int family, const uint8_t *p, size_t len,
		       struct icmp_seen *seen)
{
	size_t header = IP6_LEN;

	seen->to.family = (uint8_t)family;
	if (family == AF_INET6) {
		if (len < IP6_LEN || p[0] >> 4 != 6 ||
		    p[IP6_NEXT] != IPPROTO_ICMPV6)
			return false;
		memcpy(seen->to.ip, p + IP6_TO, 16);
	} else {
		header = icmp_behind_ip4(p, len);
		if (!header)
			return false;
		memcpy(seen->to.ip, p + IP4_TO, 4);
	}
	return icmp_read_request(family, p + header, len - header, seen);
}

bool icmp_read(int family, const uint8_t *message, size_t len,
	       struct icmp_seen *seen)
{
	const struct types *types = types_of(family);

	memset(seen, 0, sizeof(*seen));
	if (len < HEADER_LEN)
		return false;
	if (message[0] == types->reply)
		return message[1] == 0 && echo_read(message, len, seen);
	if (message[0] != types->errors[0] && message[0] != types->errors[1])
		return false;
	seen->is_error = true;
	seen->why = get16(message);
	return quote_read(family, message + HEADER_LEN, len - HEADER_LEN, seen);
}
