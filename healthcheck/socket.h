/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of probes: what spec and job say of where to send from. */
#ifndef HEALTHCHECK_SOCKET_H
#define HEALTHCHECK_SOCKET_H

#include "healthcheck/checks.h"
#include "lib/addr.h"

/**
 * probe_socket() - a non-blocking socket for a probe of @job
 * Bound to the spec's source address and interface and to the job's source
 * port, where these are said; not connected.
 * @type: SOCK_STREAM or SOCK_DGRAM, whose wait ICMP's errors end at once: the
 * soft ones too, since no route behind a router is worth knowing now
 * Return: the descriptor, the caller's; -errno (EADDRNOTAVAIL, EADDRINUSE,
 * ENODEV: the fault is this machine's).
 */
int probe_socket(const struct spec *spec, const struct hc_job *job, int type);

/** probe_address() - the job's address as text */
void probe_address(const struct hc_job *job, char text[ADDR_STRLEN]);

/**
 * probe_reason() - what an errno of a socket says of the backend
 * @error: positive errno; 0 = connected
 * Return: enum hc_reason, HC_LOCAL where the fault is this machine's;
 * CHECK_RUNNING where it is under way.
 */
int probe_reason(int error);

/**
 * probe_connect() - connect, or ask how far it is (EALREADY and so on)
 * @fd: of probe_socket()
 * Return: as probe_reason(); HC_REFUSED where it met itself (simultaneous
 * open with a port of our own that nobody listens on).
 */
int probe_connect(int fd, const struct hc_job *job);

/** probe_await() - the loop waits for these @events of @io's descriptor only */
void probe_await(struct ev_loop *loop, struct ev_io *io, int events);

/**
 * probe_speaks_first() - the end of the handshake may wait for what we send
 * A TCP socket that is not connected yet. The ACK of the handshake leaves with
 * our first bytes: one packet less, and the server's process is woken once and
 * not twice. Not where the server speaks first: it would wait for up to 200 ms.
 * Return: 0 or -errno.
 */
int probe_speaks_first(int fd);

/**
 * probe_abort() - close a TCP socket with RST
 * At once, and without TIME_WAIT; what was not read or sent is lost.
 */
int probe_abort(int fd);

#endif
