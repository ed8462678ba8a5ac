/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What daemon and prober say to each other: fixed structs in host order over a
 * SOCK_SEQPACKET socketpair (one machine, one build). A packet is a header and
 * `count` records of one type. Both sides validate what they receive: length,
 * version, type, ranges; a bad packet from the prober ends the prober.
 * The prober knows jobs, not services: rise and fall are the daemon's.
 */
#ifndef HEALTHCHECK_PROTOCOL_H
#define HEALTHCHECK_PROTOCOL_H

#include <stdint.h>

#include "lib/words.h"

#define HC_VERSION     1
#define HC_PROBER_FD   3   /* the prober's end, by convention */
#define HC_RECORDS_MAX 128 /* per packet */

enum hc_type { HC_TCP };
enum hc_start { HC_START_UP, HC_START_DOWN, HC_START_UNKNOWN };

enum hc_reason {
	HC_OK,
	HC_TIMEOUT,     /* no answer within timeout_ms */
	HC_REFUSED,     /* RST or ICMP port unreachable */
	HC_UNREACHABLE, /* no route, host or network unreachable */
	HC_RESET,       /* connection reset after it was made */
	HC_LOCAL,       /* our own fault (descriptors, memory): not a failure of
			 * the backend, never counted as one */
	HC_REASON_MAX
};

enum hc_msg_type {
	HC_MSG_JOB =
	    1,        /* daemon -> prober: add or replace the job of this id */
	HC_MSG_STOP,  /* daemon -> prober: forget the job */
	HC_MSG_HELLO, /* prober -> daemon: ready (no records) */
	HC_MSG_RESULT /* prober -> daemon */
};

struct hc_header {
	uint16_t version;
	uint16_t type; /* enum hc_msg_type */
	uint32_t count;
};

struct hc_job {
	uint32_t id;          /* chosen by the daemon, unique while it lives */
	uint32_t interval_ms; /* 100 .. 3600000 */
	uint32_t timeout_ms;  /* 10 .. interval_ms */
	uint32_t first_ms;    /* delay of the first probe; 0 = at once */
	uint16_t jitter_pct;  /* 0..50, shortens only */
	uint16_t port;        /* host order, not 0 */
	uint8_t type;         /* enum hc_type */
	uint8_t family;       /* AF_INET, AF_INET6 */
	uint8_t ip[16];
	uint8_t pad[2]; /* zero */
};

struct hc_stop {
	uint32_t id;
};

struct hc_result {
	uint32_t id;
	uint32_t duration_us;
	uint8_t reason; /* enum hc_reason; HC_OK = success */
	uint8_t pad[3];
};

extern const struct word hc_type_words[];   /* tcp */
extern const struct word hc_start_words[];  /* up down unknown */
extern const struct word hc_reason_words[]; /* ok timeout refused ... */

#endif
