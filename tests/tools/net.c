/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, ports and sockets for programs that a test starts: whatever is
 * wrong with an argument ends the program with a word to the tester. Knows
 * nothing of backends or connections.
 */
#include "tests/tools/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void net_die(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, saved ? ": %s\n" : "\n", strerror(saved));
	exit(2);
}

double net_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void net_addr(const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	errno = 0;
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		ss->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
		ss->ss_family = AF_INET6;
	else
		net_die("not an address: %s", text);
}

/* The last four bytes of the address: what a range counts in. */
static uint8_t *addr_tail(struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET)
		return (uint8_t *)&((struct sockaddr_in *)ss)->sin_addr;
	return (uint8_t *)&((struct sockaddr_in6 *)ss)->sin6_addr + 12;
}

static uint32_t tail_get(struct sockaddr_storage *ss)
{
	uint32_t be;

	memcpy(&be, addr_tail(ss), sizeof(be));
	return ntohl(be);
}

void net_add(struct sockaddr_storage *ss, uint32_t n)
{
	uint32_t be = htonl(tail_get(ss) + n);

	memcpy(addr_tail(ss), &be, sizeof(be));
}

uint32_t net_range(const char *text, struct sockaddr_storage *first)
{
	const char *dash = strchr(text, '-');
	struct sockaddr_storage last;
	char *head;

	if (!dash) {
		net_addr(text, first);
		return 1;
	}
	head = strndup(text, (size_t)(dash - text));
	net_addr(head, first);
	net_addr(dash + 1, &last);
	free(head);
	errno = 0;
	if (last.ss_family != first->ss_family ||
	    tail_get(&last) < tail_get(first))
		net_die("not a range of addresses: %s", text);
	return tail_get(&last) - tail_get(first) + 1;
}

static unsigned long port_parse(const char *p, char **end)
{
	unsigned long port = strtoul(p, end, 10);

	errno = 0;
	if (*end == p || port < 1 || port > 65535)
		net_die("not a port: %s", p);
	return port;
}

void net_ports_parse(const char *text, struct net_ports *ports)
{
	const char *p = text;
	char *end;

	ports->list = calloc(65536, sizeof(*ports->list));
	ports->n = 0;
	for (;;) {
		unsigned long lo = port_parse(p, &end), hi = lo;

		if (*end == '-')
			hi = port_parse(end + 1, &end);
		for (; lo <= hi && ports->n < 65536; lo++)
			ports->list[ports->n++] = (uint16_t)lo;
		if (*end == '\0')
			return;
		if (*end != ',')
			net_die("not a list of ports: %s", text);
		p = end + 1;
	}
}

int net_protocol(const char *word)
{
	static const struct {
		const char *word;
		int protocol;
	} words[] = { { "tcp", IPPROTO_TCP },
		      { "udp", IPPROTO_UDP },
		      { "sctp", IPPROTO_SCTP } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i].word))
			return words[i].protocol;
	errno = 0;
	net_die("not a protocol: %s (tcp, udp or sctp)", word);
}

int net_socket(int family, int protocol)
{
	int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;

	return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

socklen_t net_len(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					: sizeof(struct sockaddr_in6);
}

uint16_t net_port(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)ss)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
}

void net_set_port(struct sockaddr_storage *ss, uint16_t port)
{
	if (ss->ss_family == AF_INET)
		((struct sockaddr_in *)ss)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)ss)->sin6_port = htons(port);
}

const char *net_text(const struct sockaddr_storage *ss, char buf[NET_TEXTLEN])
{
	const void *ip =
	    ss->ss_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)ss)->sin_addr
		: &((const struct sockaddr_in6 *)ss)->sin6_addr;

	if (!inet_ntop(ss->ss_family, ip, buf, NET_TEXTLEN))
		strcpy(buf, "?");
	return buf;
}

void net_freebind(int fd, int family)
{
	int one = 1;

	if (family == AF_INET)
		setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof(one));
	else
		setsockopt(fd, SOL_IPV6, IPV6_FREEBIND, &one, sizeof(one));
}

void net_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
