/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, ports and sockets as the lab's traffic tools need them. */
#ifndef TESTS_TOOLS_NET_H
#define TESTS_TOOLS_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_TEXTLEN 48 /* any address as text, and NUL */

struct net_ports {
	uint16_t *list; /* host order, in the order of the text */
	size_t n;
};

/** net_die() - words, and the text of errno, to stderr; exit 2 */
void net_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/** net_now() - seconds of CLOCK_MONOTONIC: Python's time.monotonic() */
double net_now(void);

/** net_addr() - read an address into @ss (port 0); ends the program if bad */
void net_addr(const char *text, struct sockaddr_storage *ss);

/**
 * net_range() - read "FIRST-LAST" or one address
 * @first: the first address. Return: how many there are (at least 1).
 */
uint32_t net_range(const char *text, struct sockaddr_storage *first);

/** net_add() - @ss plus @n, counted in its last 32 bits */
void net_add(struct sockaddr_storage *ss, uint32_t n);

/** net_ports_parse() - read "80,443,8000-8010"; ends the program if bad */
void net_ports_parse(const char *text, struct net_ports *ports);

/** net_protocol() - "tcp", "udp", "sctp" -> IPPROTO_*; ends the program */
int net_protocol(const char *word);

/** net_socket() - non-blocking, close-on-exec; -1 with errno */
int net_socket(int family, int protocol);

socklen_t net_len(const struct sockaddr_storage *ss);
uint16_t net_port(const struct sockaddr_storage *ss);
void net_set_port(struct sockaddr_storage *ss, uint16_t port);

/** net_text() - the address without port into @buf; returns @buf */
const char *net_text(const struct sockaddr_storage *ss, char buf[NET_TEXTLEN]);

/** net_freebind() - let @fd be bound to an address that no interface has */
void net_freebind(int fd, int family);

/** net_many_files() - raise the limit of descriptors as far as allowed */
void net_many_files(void);

#endif
