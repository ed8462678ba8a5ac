/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the DNS (RFC 1035, RFC 6891): our question, its answer. */
#ifndef HEALTHCHECK_DNS_MESSAGE_H
#define HEALTHCHECK_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define DNS_QUERY_MAX 288  /* 12 + 255 + 4, and 11 of EDNS */
#define DNS_EDNS_SIZE 1232 /* dnsflagday.net: no fragments on any path */

/* What is asked, and what is expected of the answer. */
struct dns_question {
	int type, rcode;
	const char *answer;           /* NULL = the rcode decides alone */
	uint8_t query[DNS_QUERY_MAX]; /* the message, with id 0 */
	size_t query_len;
};

enum dns_verdict {
	DNS_GOOD,
	DNS_OTHER,     /* of another id: not for us */
	DNS_MALFORMED, /* not an answer to our question */
	DNS_TRUNCATED, /* an answer that says so: ask over TCP */
	DNS_STATUS,    /* another rcode than expected */
	DNS_CONTENT    /* the expected answer is not there */
};

/**
 * dns_query_build() - fill in @q's query: recursion desired, class IN, EDNS
 * @name: without dns_name_problem(); @q's type is set
 * Return: 0, or -EINVAL.
 */
int dns_query_build(struct dns_question *q, const char *name);

/**
 * dns_judge() - is this the expected answer?
 * @id: of the query that was sent
 * @msg: whatever came, without the length that TCP puts in front
 * @rcode: the answer's, with EDNS's upper bits, once it is known to be one
 */
enum dns_verdict dns_judge(const struct dns_question *q, uint16_t id,
			   const uint8_t *msg, size_t len, int *rcode);

#endif
