/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket for the echo requests of all probes of one family. */
#ifndef HEALTHCHECK_ICMP_SOCKET_H
#define HEALTHCHECK_ICMP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "healthcheck/icmp_message.h"

struct hc_spec;

struct icmp_socket {
	int fd;
	int family;
	bool raw;    /* the daemon's; else a ping socket of our own */
	uint16_t id; /* of our requests; a ping socket's is the kernel's */
};

/* @about: the target that a reply came from, or whom an error is about */
typedef void icmp_on_message(void *arg, const struct icmp_seen *seen,
			     const struct addr *about);

/**
 * icmp_socket_open() - take over the daemon's raw socket, or open a ping socket
 * Return: 0, or -errno (EACCES: the user is not in net.ipv4.ping_group_range).
 */
int icmp_socket_open(struct icmp_socket *s, int family);

/** icmp_socket_close() - the daemon's is kept, deaf, for the next time */
void icmp_socket_close(struct icmp_socket *s);

/**
 * icmp_socket_send() - an echo request
 * @spec: source address and interface
 * Return: 0, or -errno (EOPNOTSUPP: a ping socket of IPv6 cannot send from a
 * given address).
 */
int icmp_socket_send(const struct icmp_socket *s, const struct hc_spec *spec,
		     const struct addr *to, uint16_t seq, uint64_t cookie);

/**
 * icmp_socket_receive() - read a batch of packets; never blocks
 * @on_message: is called for each that is about an echo request
 * Return: whether there may be more.
 */
bool icmp_socket_receive(const struct icmp_socket *s,
			 icmp_on_message *on_message, void *arg);

#endif
