/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 or IPv6 address, network byte order, without port or scope. */
#ifndef NFTLB_LIB_ADDR_H
#define NFTLB_LIB_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDR_STRLEN     48 /* "ffff:...:ffff" and NUL */
#define ENDPOINT_STRLEN 64 /* "[v6]:65535" and NUL */

struct addr {
	uint8_t family; /* AF_INET, AF_INET6, or 0 = none */
	uint8_t ip[16]; /* network order; bytes after the address are 0 */
};

/** addr_len() - 4, 16, or 0 for none */
unsigned int addr_len(const struct addr *a);

/**
 * addr_parse() - read "192.0.2.1" or "2001:db8::1" (no brackets, port, prefix)
 * Return: 0, or -EINVAL; @a is untouched then.
 */
int addr_parse(const char *text, struct addr *a);

/** addr_format() - canonical text (RFC 5952) into @buf; returns @buf */
const char *addr_format(const struct addr *a, char buf[ADDR_STRLEN]);

/** addr_is_loopback() - 127.0.0.0/8 or ::1 */
bool addr_is_loopback(const struct addr *a);

/** addr_cmp() - total order: family, then bytes; <0, 0, >0 */
int addr_cmp(const struct addr *a, const struct addr *b);

/**
 * endpoint_parse() - read ADDRESS[:PORT], IPv6 with port in brackets
 * @port: host order; 0 where the text has none. Port 0 in the text is refused.
 * Return: 0 or -EINVAL.
 */
int endpoint_parse(const char *text, struct addr *a, uint16_t *port);

/** endpoint_format() - "a.b.c.d:p", "[v6]:p"; without ":p" where @port is 0 */
const char *endpoint_format(const struct addr *a, uint16_t port,
			    char buf[ENDPOINT_STRLEN]);

/**
 * addr_sockaddr() - fill @ss for bind/connect; returns its length
 * @port: host order.
 */
socklen_t addr_sockaddr(const struct addr *a, uint16_t port,
			struct sockaddr_storage *ss);

#endif
