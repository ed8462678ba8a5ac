/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of name servers, to questions of every type with an expected answer.
 * The id is always the right one: whoever sends garbage may guess it.
 */
#include <stdlib.h>

#include "healthcheck/dns_message.h"
#include "healthcheck/text.h"
#include "tests/fuzz/fuzz.h"

static const struct {
	const char *type, *answer;
} questions[] = {
	{ "ANY", "192.0.2.7" },
	{ "A", "192.0.2.7" },
	{ "AAAA", "2001:db8::7" },
	{ "CNAME", "a.example.org" },
	{ "MX", "mail.example.org" },
	{ "SRV", "a.example.org." },
	{ "SOA", "ns.example.org" },
	{ "TXT", "hello world" },
	{ "NS", NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t id = size < 2 ? 0 : (uint16_t)(data[0] << 8 | data[1]);

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct dns_question q = { .type = dns_type(questions[i].type),
					  .answer = questions[i].answer };
		enum dns_verdict verdict;
		int rcode = -1;

		if (dns_query_build(&q, "example.org") < 0)
			abort();
		verdict = dns_judge(&q, id, data, size, &rcode);
		if (verdict == DNS_OTHER || (verdict == DNS_GOOD && rcode != 0))
			abort();
	}
	return 0;
}
