/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's client: opens connections to `echo` servers through a gateway and
 * says as JSON who answered, and what failed and when. Times are
 * CLOCK_MONOTONIC, which Python's time.monotonic() reads as well. The exit
 * status is 0 whatever the connections came to: judging is the test's part.
 */
#include "tests/tools/flow.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stopped; /* the one thing a handler may write */
static double stop_at;                /* written before the first connection */

static void on_signal(int sig)
{
	stopped = 1;
}

bool flow_stop(void)
{
	return stopped || (stop_at > 0 && net_now() >= stop_at);
}

const char *flow_reason(int error)
{
	static const struct {
		int error;
		const char *reason;
	} reasons[] = {
		{ ECONNREFUSED, "refused" },
		{ ECONNRESET, "reset" },
		{ EPIPE, "reset" },
		{ ETIMEDOUT, "timeout" },
		{ EHOSTUNREACH, "unreachable" },
		{ ENETUNREACH, "unreachable" },
		{ EACCES, "prohibited" },
		{ EADDRNOTAVAIL, "no-local-port" },
		{ EADDRINUSE, "no-local-port" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	return strerror(error);
}

static int bind_source(int fd, const struct flow_options *o,
		       unsigned long ordinal)
{
	struct sockaddr_storage from = o->source;
	int one = 1;

	if (!from.ss_family)
		return 0;
	net_add(&from, (uint32_t)(ordinal % o->sources));
	if (o->local_ports)
		net_set_port(&from, (uint16_t)(1024 + ordinal % 64000));
	net_freebind(fd, from.ss_family);
	/* The port is chosen by connect(): else 28,000 for all targets. */
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&from, net_len(&from));
}

int flow_open(const struct flow_options *o, unsigned long ordinal)
{
	struct sockaddr_storage to = o->target;
	int fd = net_socket(to.ss_family, o->protocol), saved;

	if (fd < 0)
		net_die("socket");
	net_set_port(&to, o->ports.list[ordinal % o->ports.n]);
	if (o->mark &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &o->mark, sizeof(o->mark)))
		net_die("SO_MARK");
	if (bind_source(fd, o, ordinal))
		goto fail;
	if (connect(fd, (struct sockaddr *)&to, net_len(&to)) &&
	    errno != EINPROGRESS)
		goto fail;
	if (o->protocol == IPPROTO_UDP && send(fd, "?\n", 2, 0) < 0)
		goto fail;
	return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: flow [OPTIONS] ADDRESS PORTS\n"
		" -p PROTO     tcp (default), udp or sctp\n"
		" -n N         connections in all; hold: transfers\n"
		" -c N         clients, each one connection after the other\n"
		" -t SECONDS   stop then (or at SIGTERM)\n"
		" -s A[-B]     source addresses, taken in turn\n"
		" -q           source ports from 1024 up, in turn (needs -s)\n"
		" -w MS        how long a connection may take (1000)\n"
		" -M MARK      mark the packets\n"
		" -l FILE      a line for each connection\n"
		" --hold       keep transfers open until the end\n"
		" -i MS        hold: pause between messages (20)\n"
		" -m BYTES     hold: length of a message (8192)\n");
	exit(2);
}

static bool parse(int argc, char **argv, struct flow_options *o)
{
	static const struct option longs[] = {
		{ "hold", no_argument, NULL, 'H' },
		{ "log", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	bool hold = false;
	int c;

	while ((c = getopt_long(argc, argv, "p:n:c:t:s:qw:M:l:i:m:H", longs,
				NULL)) != -1) {
		if (c == 'p')
			o->protocol = net_protocol(optarg);
		else if (c == 'n')
			o->total = strtoul(optarg, NULL, 10);
		else if (c == 'c')
			o->clients = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 't')
			o->seconds = strtod(optarg, NULL);
		else if (c == 's')
			o->sources = net_range(optarg, &o->source);
		else if (c == 'q')
			o->local_ports = true;
		else if (c == 'w')
			o->timeout_s = strtod(optarg, NULL) / 1000;
		else if (c == 'M')
			o->mark = (uint32_t)strtoul(optarg, NULL, 0);
		else if (c == 'i')
			o->interval_s = strtod(optarg, NULL) / 1000;
		else if (c == 'm')
			o->message_len = strtoul(optarg, NULL, 10);
		else if (c == 'l' && !(o->log = fopen(optarg, "w")))
			net_die("%s", optarg);
		else if (c == 'H')
			hold = true;
		else if (c == '?')
			usage();
	}
	if (argc - optind != 2 || o->clients == 0 ||
	    o->message_len > FLOW_MESSAGE_MAX)
		usage();
	net_addr(argv[optind], &o->target);
	net_ports_parse(argv[optind + 1], &o->ports);
	return hold;
}

int main(int argc, char **argv)
{
	struct flow_options o = { .protocol = IPPROTO_TCP,
				  .clients = 1,
				  .timeout_s = 1,
				  .interval_s = 0.02,
				  .message_len = 8192 };
	struct sigaction sa = { .sa_handler = on_signal };
	bool hold = parse(argc, argv, &o);

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	net_many_files();
	if (o.seconds > 0)
		stop_at = net_now() + o.seconds;
	(hold ? hold_run : once_run)(&o);
	if (o.log)
		fclose(o.log);
	free(o.ports.list);
	return 0;
}
