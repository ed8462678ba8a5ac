/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses and endpoints as text, as bytes, as sockaddr. Invariant: the bytes
 * after an IPv4 address are 0, so that memcmp() over the struct is equality.
 * Never resolves names.
 */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

unsigned int addr_len(const struct addr *a)
{
	switch (a->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

int addr_parse(const char *text, struct addr *a)
{
	struct addr parsed = { 0 };

	parsed.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(parsed.family, text, parsed.ip) != 1)
		return -EINVAL;
	*a = parsed;
	return 0;
}

const char *addr_format(const struct addr *a, char buf[ADDR_STRLEN])
{
	if (!addr_len(a) || !inet_ntop(a->family, a->ip, buf, ADDR_STRLEN))
		snprintf(buf, ADDR_STRLEN, "none");
	return buf;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == AF_INET6 ? !memcmp(a->ip, one, sizeof(one))
				     : a->family == AF_INET && a->ip[0] == 127;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	/* AF_INET sorts before AF_INET6, whatever their numbers are */
	if (a->family != b->family)
		return addr_len(a) < addr_len(b) ? -1 : 1;
	return memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* decimal digits only: no sign, no space, 1..65535 */
static int port_parse(const char *text, uint16_t *port)
{
	uint32_t n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (uint32_t)(*text - '0');
		if (n > UINT16_MAX)
			return -EINVAL;
	}
	if (!n)
		return -EINVAL;
	*port = (uint16_t)n;
	return 0;
}

int endpoint_parse(const char *text, struct addr *a, uint16_t *port)
{
	const char *end, *colon = NULL, *start = text;
	char host[ADDR_STRLEN];
	struct addr parsed;
	uint16_t number = 0;

	if (*text == '[') {
		start = text + 1;
		end = strchr(start, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		colon = end[1] ? end + 1 : NULL;
	} else {
		end = strchr(text, ':');
		if (end && !strchr(end + 1, ':'))
			colon = end; /* just one: a port, not IPv6 */
		else
			end = text + strlen(text);
	}
	if ((size_t)(end - start) >= sizeof(host))
		return -EINVAL;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	if (addr_parse(host, &parsed) < 0)
		return -EINVAL;
	if (start != text && parsed.family != AF_INET6)
		return -EINVAL; /* [192.0.2.1] */
	if (colon && port_parse(colon + 1, &number) < 0)
		return -EINVAL;
	*a = parsed;
	*port = number;
	return 0;
}

const char *endpoint_format(const struct addr *a, uint16_t port,
			    char buf[ENDPOINT_STRLEN])
{
	char host[ADDR_STRLEN];

	addr_format(a, host);
	if (!port)
		snprintf(buf, ENDPOINT_STRLEN, "%s", host);
	else
		snprintf(buf, ENDPOINT_STRLEN,
			 a->family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
			 port);
	return buf;
}

socklen_t addr_sockaddr(const struct addr *a, uint16_t port,
			struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = a->family;
	if (a->family == AF_INET6) {
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->ip, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, a->ip, sizeof(in->sin_addr));
	return sizeof(*in);
}
