/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of probes: made, bound, connected, and what their errors mean. Asking
 * how far a connect() is means connect() again: 0, the error, or EALREADY.
 * This is one system call, clears the error, and is safe against spurious
 * wake-ups. Linux keeps "host unreachable" and its like from datagram sockets
 * that have no IP_RECVERR. Must not know what is said on them.
 */
#include "healthcheck/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static const struct {
	int error;
	int reason;
} reasons[] = {
	{ 0, HC_OK },
	{ EISCONN, HC_OK },
	{ EINPROGRESS, CHECK_RUNNING },
	{ EALREADY, CHECK_RUNNING },
	{ EINTR, CHECK_RUNNING }, /* goes on in the background */
	{ ECONNREFUSED, HC_REFUSED },
	{ ETIMEDOUT, HC_TIMEOUT },
	{ ECONNRESET, HC_RESET },
	{ ECONNABORTED, HC_RESET },
	{ EPIPE, HC_RESET },
	{ EMFILE, HC_LOCAL },
	{ ENFILE, HC_LOCAL },
	{ ENOMEM, HC_LOCAL },
	{ ENOBUFS, HC_LOCAL },
	{ EAGAIN, HC_LOCAL },        /* no free port */
	{ EADDRNOTAVAIL, HC_LOCAL }, /* no free port, no address */
	{ EADDRINUSE, HC_LOCAL },
	{ ENODEV, HC_LOCAL },       /* no such interface */
	{ EAFNOSUPPORT, HC_LOCAL }, /* a kernel without IPv6 */
};

int probe_reason(int error)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	/* No route, prohibited, blackholed, filtered, ICMP of all kinds: what
	 * we cannot reach, clients cannot reach through us. */
	return HC_UNREACHABLE;
}

/*
 * A connect() to a port of our own that nobody listens on, from the range of
 * ephemeral ports, can meet itself (simultaneous open). That is no server.
 */
static bool met_itself(int fd, const struct sockaddr_storage *to)
{
	struct sockaddr_storage self = { 0 };
	socklen_t len = sizeof(self);
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&self;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)to;
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)&self;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)to;

	if (getsockname(fd, (struct sockaddr *)&self, &len) < 0)
		return false;
	if (self.ss_family == AF_INET6)
		return a6->sin6_port == b6->sin6_port &&
		       !memcmp(&a6->sin6_addr, &b6->sin6_addr,
			       sizeof(a6->sin6_addr));
	return a4->sin_port == b4->sin_port &&
	       a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static struct addr address_of(const struct hc_job *job)
{
	struct addr a = { .family = job->family };

	memcpy(a.ip, job->ip, sizeof(a.ip));
	return a;
}

void probe_address(const struct hc_job *job, char text[ADDR_STRLEN])
{
	struct addr a = address_of(job);

	addr_format(&a, text);
}

static socklen_t target_of(const struct hc_job *job,
			   struct sockaddr_storage *to)
{
	struct addr a = address_of(job);

	return addr_sockaddr(&a, job->port, to);
}

int probe_connect(int fd, const struct hc_job *job)
{
	struct sockaddr_storage to;
	socklen_t len = target_of(job, &to);
	int error = 0, reason;

	if (connect(fd, (struct sockaddr *)&to, len) < 0)
		error = errno;
	reason = probe_reason(error);
	if (reason == HC_OK && met_itself(fd, &to))
		return HC_REFUSED;
	return reason;
}

/* Several probes may share an address; a port only if the job says it. */
static int bind_source(int fd, const struct spec *spec,
		       const struct hc_job *job)
{
	static const int on = 1;
	const struct addr *from =
	    job->family == AF_INET6 ? &spec->of.source6 : &spec->of.source4;
	struct addr any = { .family = job->family };
	struct sockaddr_storage ss;
	socklen_t len;

	if (!from->family && !job->source_port)
		return 0;
	len = addr_sockaddr(from->family ? from : &any, job->source_port, &ss);
	if (job->source_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
			   sizeof(on));
	return bind(fd, (struct sockaddr *)&ss, len);
}

static void errors_hear(int fd, int family)
{
	static const int on = 1;

	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

static int bind_interface(int fd, const struct spec *spec)
{
	const char *name = spec->of.interface;

	return name ? setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
				 (socklen_t)strlen(name))
		    : 0;
}

int probe_socket(const struct spec *spec, const struct hc_job *job, int type)
{
	int fd = socket(job->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (type == SOCK_DGRAM)
		errors_hear(fd, job->family);
	if (bind_interface(fd, spec) == 0 && bind_source(fd, spec, job) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

void probe_await(struct ev_loop *loop, struct ev_io *io, int events)
{
	if (ev_is_active(io) && (io->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(loop, io);
	ev_io_set(io, io->fd, events);
	ev_io_start(loop, io);
}

int probe_speaks_first(int fd)
{
	static const int off = 0;

	return setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)) < 0
		   ? -errno
		   : 0;
}

int probe_abort(int fd)
{
	static const struct linger abort_now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now));
	return close(fd);
}
