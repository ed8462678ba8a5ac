/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What daemon and prober say to each other: fixed structs in host order over a
 * SOCK_SEQPACKET socketpair (one machine, one build). A packet is a header and
 * `count` records of one type. Both sides validate what they receive: length,
 * version, type, ranges; a bad packet from the prober ends the prober.
 * The prober knows jobs, not services: rise and fall are the daemon's (a job's
 * own are only for the pace of its probes).
 *
 * A job says whom to probe and when, a spec (spec.h) what to do; many jobs
 * share a spec, which was sent before the first of them.
 */
#ifndef HEALTHCHECK_PROTOCOL_H
#define HEALTHCHECK_PROTOCOL_H

#include <stdint.h>

#include "lib/words.h"

#define HC_VERSION       3
#define HC_PROBER_FD     3   /* the prober's end, by convention */
#define HC_ICMP4_FD      5   /* a raw ICMP socket, where the daemon had one */
#define HC_ICMP6_FD      6   /* the same for IPv6 */
#define HC_RECORDS_MAX   128 /* per packet */
#define HC_BLOB_MAX      (4u << 20) /* bytes of an encoded spec or run */
#define HC_PART_MAX      32768      /* bytes of it in one packet */
#define HC_NAME_MAX      63
#define HC_WEIGHT_MAX    65535
#define HC_LATENESS_BINS 16

enum hc_type {
	HC_TCP,
	HC_HTTP,
	HC_HTTPS,
	HC_ICMP,
	HC_UDP,
	HC_DNS,
	HC_SNMP,
	HC_SCRIPT,
	HC_AGENT,
	HC_FILE,
	HC_CPU, /* of feeds only: a server's CPU load by SNMP */
	HC_TYPES
};
enum hc_start { HC_START_UP, HC_START_DOWN, HC_START_UNKNOWN };

/* Why a probe ended as it did. `detail` of the result is a number that goes
 * with it, 0 where nothing is said here. */
enum hc_reason {
	HC_OK,             /* detail: HTTP status, DNS rcode, SNMP value... */
	HC_TIMEOUT,        /* no (whole) answer within timeout_ms */
	HC_REFUSED,        /* RST or ICMP port unreachable */
	HC_UNREACHABLE,    /* no route, host or network unreachable */
	HC_RESET,          /* connection reset after it was made */
	HC_CLOSED,         /* it ended in order, before the answer was whole */
	HC_TLS,            /* no TLS with this peer; detail: library's code */
	HC_CERT_EXPIRED,   /* certificate expired, or not valid yet */
	HC_CERT_NAME,      /* certificate of another name */
	HC_CERT_UNTRUSTED, /* unknown or bad issuer; detail: X509_V_ERR_* */
	HC_STATUS,         /* not the expected status; detail: HTTP status, DNS
			    * rcode, SNMP error */
	HC_CONTENT,        /* not the expected content */
	HC_TOO_LONG,       /* more than is read of an answer */
	HC_MALFORMED,      /* not the protocol */
	HC_AUTH,           /* the peer refused user or key */
	HC_RANGE,          /* value out of bounds; detail: the value, clamped */
	HC_EXIT,           /* script; detail: exit status */
	HC_SIGNAL,         /* script; detail: signal */
	HC_SAID_DOWN,      /* the agent said so */
	HC_MAINTENANCE,    /* the agent or a file says so */
	HC_LATE,           /* our own loop was not on time: counts as nothing */
	HC_LOCAL,          /* our own fault (descriptors, memory): not a failure
			    * of the backend, never counted as one */
	HC_IGNORED,        /* counts as nothing, and is nobody's fault: no word
			    * from an agent that may be silent; detail: enum
			    * hc_reason */
	HC_REASON_MAX
};

/* What a backend says of itself (agent, script, file), beside up and down. */
enum hc_says {
	HC_SAYS_READY = 1 << 0,   /* takes drain and maint back */
	HC_SAYS_DRAIN = 1 << 1,   /* no new flows */
	HC_SAYS_MAINT = 1 << 2,   /* out of service */
	HC_SAYS_PERCENT = 1 << 3, /* weight: per cent of the configured one */
	HC_SAYS_WEIGHT = 1 << 4,  /* weight: itself */
	HC_SAYS_ALL = (1 << 5) - 1
};

enum hc_msg_type {
	HC_MSG_JOB =
	    1,         /* daemon -> prober: add or replace the job of this id */
	HC_MSG_STOP,   /* daemon -> prober: forget the job */
	HC_MSG_HELLO,  /* prober -> daemon: ready (no records) */
	HC_MSG_RESULT, /* prober -> daemon */
	HC_MSG_SPEC,   /* daemon -> prober: part of a spec (one record) */
	HC_MSG_SPEC_STOP, /* daemon -> prober: forget the spec; no job uses it
			   */
	HC_MSG_RUN,       /* daemon -> prober: part of a run, as of a spec: its
			   * `command` is run once (hooks) */
	HC_MSG_RAN,       /* prober -> daemon: that is over */
	HC_MSG_STATS      /* prober -> daemon: each second (one record) */
};

struct hc_header {
	uint16_t version;
	uint16_t type; /* enum hc_msg_type */
	uint32_t count;
};

struct hc_job {
	uint32_t id;          /* chosen by the daemon, unique while it lives */
	uint32_t spec;        /* id of a spec that is known by now */
	uint32_t interval_ms; /* while up: 100 .. 3600000 */
	uint32_t fast_ms;     /* while rise or fall are counted: the same */
	uint32_t down_ms;     /* while down: the same */
	uint32_t timeout_ms;  /* 10 .. the smallest of the three */
	uint32_t first_ms;    /* delay of the first probe; 0 = at once */
	uint16_t rise, fall;  /* 1..1000 */
	uint16_t jitter_pct;  /* 0..50, shortens only */
	uint16_t port;        /* host order; 0 where the type needs none */
	uint16_t source_port; /* to send from; 0 = any */
	uint8_t type;         /* enum hc_type, that of the spec */
	uint8_t family;       /* AF_INET, AF_INET6 */
	uint8_t ip[16];
	char name[HC_NAME_MAX + 1]; /* the backend's, for scripts and files,
				     * else ""; padded with zeros */
};

struct hc_stop {
	uint32_t id; /* of a job or a spec */
};

/* A piece of an encoded struct hc_spec (spec.h); `len` bytes follow. Pieces of
 * one blob come in order, without anything else between them. */
struct hc_part {
	uint32_t id;
	uint32_t type;   /* enum hc_type */
	uint32_t total;  /* bytes of the blob, 1 .. HC_BLOB_MAX */
	uint32_t offset; /* of this piece */
	uint32_t len;    /* 1 .. HC_PART_MAX */
};

struct hc_result {
	uint64_t ended_us; /* CLOCK_MONOTONIC, when the probe was over */
	double value; /* with has_value: what a feed found, in its own units;
		       * finite. HC_CPU: 0..1 */
	uint32_t id;
	uint32_t duration_us;
	/* of what it had, one after the other; 0 = there was no such phase, or
	 * it did not end: */
	uint32_t connect_us; /* until the connection was made */
	uint32_t tls_us;     /* TLS handshake */
	uint32_t first_us;   /* until the first byte of the answer */
	int32_t detail;
	uint16_t weight;   /* with HC_SAYS_PERCENT or _WEIGHT, else 0 */
	uint8_t reason;    /* enum hc_reason; HC_OK = success */
	uint8_t says;      /* enum hc_says, bits */
	uint8_t has_value; /* 0 or 1; only of feeds (spec.h) */
};

struct hc_ran {
	uint32_t id;
	int32_t status; /* as wait() says it, or -errno: it did not begin */
};

/* Counts since the prober began. */
struct hc_stats {
	uint64_t probes;     /* begun */
	uint64_t stalls;     /* times that the loop was late */
	uint64_t stalled_us; /* all of them together */
	uint64_t extended;   /* time-outs put off because of that */
	/* probes begun less than 1, 2, 4 ... ms later than planned; the last
	 * one: all others */
	uint64_t lateness[HC_LATENESS_BINS];
};

extern const struct word hc_type_words[];   /* tcp http ... */
extern const struct word hc_start_words[];  /* up down unknown */
extern const struct word hc_reason_words[]; /* ok timeout refused ... */

#endif
