/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server that says who it is. Every client is told one line, "NAME ADDRESS
 * PORT": the server's name and the client's address as seen here; so a test
 * knows which backend answered and what the gateway did to the source.
 *   line    tell the line, close
 *   stream  tell the line, then send back every byte until the client closes
 *   udp     one line per datagram
 * Prints "ready" when everything listens, and counts as JSON on SIGTERM. Never
 * fails because of a client.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/tools/net.h"

#define ECHO_BUFFER 65536

enum kind { KIND_LISTEN, KIND_UDP, KIND_CLIENT, KIND_SIGNAL };

/* One descriptor in the epoll set. */
struct item {
	LIST_ENTRY(item) link;
	enum kind kind;
	int fd;
	int protocol;
	bool stream;      /* listen: clients get the echo */
	char *data;       /* client: bytes not yet sent back */
	size_t done, len; /* client: of data */
};

struct server {
	const char *name;
	int epoll;
	unsigned long tcp, udp, sctp; /* clients answered */
	LIST_HEAD(, item) items;
};

static void watch(struct server *s, struct item *it, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data.ptr = it };

	if (epoll_ctl(s->epoll, op, it->fd, &ev))
		net_die("epoll_ctl");
}

static struct item *item_new(struct server *s, enum kind kind, int fd)
{
	struct item *it = calloc(1, sizeof(*it));

	if (!it)
		net_die("out of memory");
	it->kind = kind;
	it->fd = fd;
	LIST_INSERT_HEAD(&s->items, it, link);
	return it;
}

static int tell(const struct server *s, const struct sockaddr_storage *peer,
		char *line, size_t size)
{
	char text[NET_TEXTLEN];

	return snprintf(line, size, "%s %s %u\n", s->name, net_text(peer, text),
			net_port(peer));
}

static void item_close(struct item *it)
{
	LIST_REMOVE(it, link);
	close(it->fd);
	free(it->data);
	free(it);
}

static void listen_ready(struct server *s, struct item *it)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char line[256];
	int fd, n;

	while ((fd = accept4(it->fd, (struct sockaddr *)&peer, &len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		*(it->protocol == IPPROTO_TCP ? &s->tcp : &s->sctp) += 1;
		n = tell(s, &peer, line, sizeof(line));
		if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n ||
		    !it->stream) {
			close(fd);
		} else {
			struct item *client = item_new(s, KIND_CLIENT, fd);

			client->data = malloc(ECHO_BUFFER);
			if (!client->data)
				net_die("out of memory");
			watch(s, client, EPOLLIN, EPOLL_CTL_ADD);
		}
		len = sizeof(peer);
	}
}

static void udp_ready(struct server *s, struct item *it)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char line[256], junk[64];
	int n;

	while (recvfrom(it->fd, junk, sizeof(junk), 0, (struct sockaddr *)&peer,
			&len) >= 0) {
		s->udp++;
		n = tell(s, &peer, line, sizeof(line));
		sendto(it->fd, line, (size_t)n, 0, (struct sockaddr *)&peer,
		       len);
		len = sizeof(peer);
	}
}

/* Send back what is there; read more once all of it is gone. */
static void client_ready(struct server *s, struct item *it)
{
	ssize_t n;

	if (it->done == it->len) {
		n = read(it->fd, it->data, ECHO_BUFFER);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			item_close(it);
			return;
		}
		it->done = 0;
		it->len = (size_t)n;
	}
	n = send(it->fd, it->data + it->done, it->len - it->done, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		item_close(it);
		return;
	}
	if (n > 0)
		it->done += (size_t)n;
	watch(s, it, it->done == it->len ? EPOLLIN : EPOLLOUT, EPOLL_CTL_MOD);
}

static void listen_on(struct server *s, struct sockaddr_storage *ss,
		      int protocol, bool stream)
{
	int fd = net_socket(ss->ss_family, protocol), one = 1;
	char text[NET_TEXTLEN];
	struct item *it;

	if (fd < 0)
		net_die("socket");
	if (protocol != IPPROTO_UDP) /* two UDP sockets would share the port */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ss->ss_family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	net_freebind(fd, ss->ss_family);
	if (bind(fd, (struct sockaddr *)ss, net_len(ss)) ||
	    (protocol != IPPROTO_UDP && listen(fd, 4096)))
		net_die("%s port %u", net_text(ss, text), net_port(ss));
	it = item_new(s, protocol == IPPROTO_UDP ? KIND_UDP : KIND_LISTEN, fd);
	it->protocol = protocol;
	it->stream = stream;
	watch(s, it, EPOLLIN, EPOLL_CTL_ADD);
}

/* PROTOCOL/ADDRESS/PORTS[/stream] */
static void listen_spec(struct server *s, char *spec)
{
	char *save, *proto = strtok_r(spec, "/", &save);
	char *addr = strtok_r(NULL, "/", &save);
	char *port = strtok_r(NULL, "/", &save);
	char *mode = strtok_r(NULL, "/", &save);
	struct sockaddr_storage ss;
	struct net_ports ports;

	errno = 0;
	if (!proto || !addr || !port || (mode && strcmp(mode, "stream")))
		net_die("not PROTOCOL/ADDRESS/PORTS[/stream]");
	net_addr(addr, &ss);
	net_ports_parse(port, &ports);
	for (size_t i = 0; i < ports.n; i++) {
		net_set_port(&ss, ports.list[i]);
		listen_on(s, &ss, net_protocol(proto), mode != NULL);
	}
	free(ports.list);
}

static void watch_signals(struct server *s)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		net_die("signalfd");
	watch(s, item_new(s, KIND_SIGNAL, fd), EPOLLIN, EPOLL_CTL_ADD);
}

/* Until a signal; a freed client is not touched again in the same round
 * because one descriptor has one event. */
static void serve(struct server *s)
{
	struct epoll_event ev[64];

	for (;;) {
		int n = epoll_wait(s->epoll, ev, 64, -1);

		for (int i = 0; i < n; i++) {
			struct item *it = ev[i].data.ptr;

			switch (it->kind) {
			case KIND_LISTEN:
				listen_ready(s, it);
				break;
			case KIND_UDP:
				udp_ready(s, it);
				break;
			case KIND_CLIENT:
				client_ready(s, it);
				break;
			case KIND_SIGNAL:
				return;
			}
		}
	}
}

int main(int argc, char **argv)
{
	struct server s = { .epoll = epoll_create1(EPOLL_CLOEXEC) };

	if (argc < 3) {
		fprintf(
		    stderr,
		    "usage: echo NAME PROTOCOL/ADDRESS/PORTS[/stream]...\n");
		return 2;
	}
	s.name = argv[1];
	net_many_files();
	watch_signals(&s);
	for (int i = 2; i < argc; i++)
		listen_spec(&s, argv[i]);
	puts("ready");
	fflush(stdout);
	serve(&s);
	printf(
	    "{\"name\": \"%s\", \"tcp\": %lu, \"udp\": %lu, \"sctp\": %lu}\n",
	    s.name, s.tcp, s.udp, s.sctp);
	while (!LIST_EMPTY(&s.items))
		item_close(LIST_FIRST(&s.items));
	close(s.epoll);
	return 0;
}
