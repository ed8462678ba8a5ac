/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the client `flow`: what it was told, what it saw. */
#ifndef TESTS_TOOLS_FLOW_H
#define TESTS_TOOLS_FLOW_H

#include <stdio.h>

#include "tests/tools/net.h"

#define FLOW_NAME_MAX    64     /* of a server, with NUL */
#define FLOW_MESSAGE_MAX 262144 /* bytes */

struct flow_options {
	struct sockaddr_storage target;
	struct net_ports ports;         /* taken in turn */
	struct sockaddr_storage source; /* family 0 = the kernel's choice */
	uint32_t sources;               /* taken in turn, counted from source */
	int protocol;
	unsigned long total;  /* connections; 0 = no end */
	unsigned int clients; /* at the same time */
	double seconds;       /* 0 = no end */
	double timeout_s;     /* of a connection; hold: of its progress */
	double interval_s;    /* hold: between two messages */
	size_t message_len;   /* hold: bytes, up to FLOW_MESSAGE_MAX */
	bool local_ports;     /* source ports from 1024 up, in turn */
	uint32_t mark;        /* of the packets; 0 = none */
	FILE *log;            /* NULL = none */
};

/* ---- tally.c: one connection after the other becomes numbers */

struct tally;

struct flow_result {
	const char *server; /* NULL = failed */
	const char *reason; /* a literal; of a failure */
	double start, end;
};

struct tally *tally_new(void);
void tally_add(struct tally *t, const struct flow_result *r);
/** tally_print() - all of it as one JSON object; @seconds: it took so long */
void tally_print(const struct tally *t, double seconds, FILE *out);

/* ---- flow.c */

/** flow_open() - socket of connection number @ordinal, connecting; or -1 */
int flow_open(const struct flow_options *o, unsigned long ordinal);
/** flow_stop() - has SIGTERM or SIGINT come, or is the time over? */
bool flow_stop(void);
/** flow_reason() - the word for a failed connection's errno */
const char *flow_reason(int error);

/** once_run() - one connection after the other in each of the clients */
void once_run(const struct flow_options *o);
/** hold_run() - o->total transfers at the same time, kept open */
void hold_run(const struct flow_options *o);

#endif
