/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP SYNs at a steady rate, each from another address and port of a network
 * that nobody answers to: what a flood looks like to a gateway. Knows nothing
 * of answers. At the end, or at SIGTERM, it says as JSON how many it has sent
 * and for how long.
 */
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/tools/net.h"

#define BATCH      64
#define PACKET_MAX (sizeof(struct ip6_hdr) + sizeof(struct tcphdr))

struct flood {
	struct sockaddr_storage source, target;
	uint16_t port;
	unsigned long total;
	double rate; /* packets a second */
	int fd;
	unsigned long sent;
};

static volatile sig_atomic_t stopped; /* the one thing a handler may write */

static void on_signal(int sig)
{
	stopped = 1;
}

static uint32_t sum_words(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static struct tcphdr tcp_syn(const struct flood *f, unsigned long n)
{
	struct tcphdr tcp = { .doff = sizeof(tcp) / 4, .syn = 1 };

	tcp.source = htons((uint16_t)(1024 + n % 60000));
	tcp.dest = htons(f->port);
	tcp.seq = htonl((uint32_t)n);
	tcp.window = htons(1024);
	return tcp;
}

static const void *addr_bytes(const struct sockaddr_storage *ss, size_t *len)
{
	if (ss->ss_family == AF_INET) {
		*len = sizeof(struct in_addr);
		return &((const struct sockaddr_in *)ss)->sin_addr;
	}
	*len = sizeof(struct in6_addr);
	return &((const struct sockaddr_in6 *)ss)->sin6_addr;
}

static void tcp_checksum(struct tcphdr *tcp,
			 const struct sockaddr_storage *from,
			 const struct sockaddr_storage *to)
{
	uint32_t sum = sizeof(*tcp) + IPPROTO_TCP;
	const void *bytes;
	size_t len;

	bytes = addr_bytes(from, &len);
	sum += sum_words(bytes, len);
	bytes = addr_bytes(to, &len);
	sum += sum_words(bytes, len);
	tcp->check = sum_fold(sum + sum_words(tcp, sizeof(*tcp)));
}

/* Write the IP header of a packet from @from; returns its length. */
static size_t header_write(const struct sockaddr_storage *from,
			   const struct sockaddr_storage *to, uint8_t *at)
{
	struct ip6_hdr v6 = { .ip6_src = { { { 0 } } } };
	struct ip v4 = {
		.ip_v = 4, .ip_hl = 5, .ip_ttl = 64, .ip_p = IPPROTO_TCP
	};
	size_t len;

	if (from->ss_family == AF_INET) {
		/* (the kernel sees to length and checksum) */
		memcpy(&v4.ip_src, addr_bytes(from, &len), sizeof(v4.ip_src));
		memcpy(&v4.ip_dst, addr_bytes(to, &len), sizeof(v4.ip_dst));
		memcpy(at, &v4, sizeof(v4));
		return sizeof(v4);
	}
	v6.ip6_flow = htonl(6U << 28);
	v6.ip6_plen = htons(sizeof(struct tcphdr));
	v6.ip6_nxt = IPPROTO_TCP;
	v6.ip6_hlim = 64;
	memcpy(&v6.ip6_src, addr_bytes(from, &len), sizeof(v6.ip6_src));
	memcpy(&v6.ip6_dst, addr_bytes(to, &len), sizeof(v6.ip6_dst));
	memcpy(at, &v6, sizeof(v6));
	return sizeof(v6);
}

/* Write packet number @n; returns its length. */
static size_t packet_write(const struct flood *f, unsigned long n, uint8_t *at)
{
	struct sockaddr_storage from = f->source;
	struct tcphdr tcp = tcp_syn(f, n);
	size_t len;

	net_add(&from, (uint32_t)(n % 65536));
	tcp_checksum(&tcp, &from, &f->target);
	len = header_write(&from, &f->target, at);
	memcpy(at + len, &tcp, sizeof(tcp));
	return len + sizeof(tcp);
}

/* Send up to @n packets; those that find no room in the queue are lost. */
static void batch_send(struct flood *f, unsigned int n)
{
	uint8_t data[BATCH][PACKET_MAX];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
	int done;

	memset(msgs, 0, sizeof(msgs));
	for (unsigned int i = 0; i < n; i++) {
		iov[i].iov_base = data[i];
		iov[i].iov_len = packet_write(f, f->sent + i, data[i]);
		msgs[i].msg_hdr.msg_name = &f->target;
		msgs[i].msg_hdr.msg_namelen = net_len(&f->target);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	done = sendmmsg(f->fd, msgs, n, 0);
	if (done < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
		net_die("sendmmsg");
	f->sent += done > 0 ? (unsigned long)done : 0;
}

static void flood_run(struct flood *f)
{
	static const struct timespec pause = { .tv_nsec = 200000 };
	double start = net_now();

	while (!stopped && f->sent < f->total) {
		double due = (net_now() - start) * f->rate - (double)f->sent;
		unsigned long left = f->total - f->sent;

		if (due < 1)
			nanosleep(&pause, NULL);
		else if (due > BATCH || (double)left < due)
			batch_send(f,
				   left < BATCH ? (unsigned int)left : BATCH);
		else
			batch_send(f, (unsigned int)due);
	}
	printf("{\"sent\": %lu, \"seconds\": %.3f}\n", f->sent,
	       net_now() - start);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct flood f = { .fd = -1 };

	if (argc != 6) {
		fprintf(stderr, "usage: flood SOURCE ADDRESS PORT PACKETS "
				"PACKETS-A-SECOND\n"
				"SOURCE: the first of 65,536 addresses\n");
		return 2;
	}
	net_addr(argv[1], &f.source);
	net_addr(argv[2], &f.target);
	f.port = (uint16_t)strtoul(argv[3], NULL, 10);
	f.total = strtoul(argv[4], NULL, 10);
	f.rate = strtod(argv[5], NULL);
	f.fd = socket(f.target.ss_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (f.fd < 0)
		net_die("socket");
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	flood_run(&f);
	close(f.fd);
	return 0;
}
