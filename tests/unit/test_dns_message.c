/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthcheck/dns_message: our query, and what is said of answers to it. */
#include <arpa/nameser.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/dns_message.h"
#include "healthcheck/text.h"
#include "lib/buf.h"

#define ID 0x4a11

/* Made of words: header, then records. */
struct message {
	struct dns_question q;
	struct buf b;
};

static void put(struct message *m, const void *data, size_t len)
{
	buf_append(&m->b, data, len);
}

static void put16(struct message *m, unsigned int v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(m, bytes, sizeof(bytes));
}

static void count(struct message *m, size_t offset, unsigned int n)
{
	m->b.data[offset] = (char)(n >> 8);
	m->b.data[offset + 1] = (char)n;
}

/* An answer to the question with these flags, and no records yet. */
static void answer(struct message *m, const char *type, const char *expected,
		   unsigned int flags)
{
	memset(m, 0, sizeof(*m));
	m->q.type = dns_type(type);
	m->q.answer = expected;
	assert_int_equal(dns_query_build(&m->q, "www.Example.org"), 0);
	put16(m, ID);
	put16(m, flags);
	put16(m, 1);
	put16(m, 0);
	put16(m, 0);
	put16(m, 0);
	put(m, m->q.query + 12, m->q.query_len - 12 - 11);
}

/* A record whose name is the question's. */
static void record(struct message *m, unsigned int type, const void *data,
		   size_t len)
{
	count(m, 6, (unsigned int)(uint8_t)m->b.data[7] + 1);
	put16(m, 0xc00c);
	put16(m, type);
	put16(m, ns_c_in);
	put16(m, 0);
	put16(m, 60);
	put16(m, (unsigned int)len);
	put(m, data, len);
}

static int rcode_seen;

static enum dns_verdict verdict(struct message *m)
{
	enum dns_verdict v;
	/* a copy of just this size: the sanitizer sees who reads beyond */
	uint8_t *copy = malloc(m->b.len ? m->b.len : 1);

	if (m->b.len)
		memcpy(copy, m->b.data, m->b.len);
	rcode_seen = -1;
	v = dns_judge(&m->q, ID, copy, m->b.len, &rcode_seen);
	free(copy);
	return v;
}

static void assert_verdict(struct message *m, enum dns_verdict expected)
{
	assert_int_equal(verdict(m), expected);
	buf_free(&m->b);
}

static void asks_for_recursion_and_says_its_size(void **state)
{
	static const uint8_t expected[] = "\0\0\1\0\0\1\0\0\0\0\0\1"
					  "\3www\7example\3org\0\0\34\0\1"
					  "\0\0\51\4\320\0\0\0\0\0\0";
	struct dns_question q = { .type = ns_t_aaaa };

	assert_int_equal(dns_query_build(&q, "www.example.org"), 0);
	assert_int_equal(q.query_len, sizeof(expected) - 1);
	assert_memory_equal(q.query, expected, q.query_len);
	assert_int_equal(dns_query_build(&q, "."), 0);
	assert_int_equal(q.query_len, 12 + 1 + 4 + 11);
	assert_int_equal(dns_query_build(&q, "a..b"), -EINVAL);
}

static void the_rcode_decides_alone(void **state)
{
	struct message m;

	answer(&m, "A", NULL, 0x8180);
	assert_verdict(&m, DNS_GOOD);
	assert_int_equal(rcode_seen, 0);
	answer(&m, "A", NULL, 0x8183);
	assert_verdict(&m, DNS_STATUS);
	assert_int_equal(rcode_seen, 3);
	answer(&m, "A", NULL, 0x8183);
	m.q.rcode = ns_r_nxdomain;
	assert_verdict(&m, DNS_GOOD);
	/* EDNS has the upper bits: BADVERS is 16 */
	answer(&m, "A", NULL, 0x8180);
	count(&m, 10, 1);
	put(&m, "\0\0\51\4\320\1\0\0\0\0\0", 11);
	assert_verdict(&m, DNS_STATUS);
	assert_int_equal(rcode_seen, 16);
}

static void the_question_is_ours(void **state)
{
	struct message m;

	answer(&m, "A", NULL, 0x8180);
	memcpy(m.b.data + 13, "WWW", 3); /* in any case of letters */
	assert_verdict(&m, DNS_GOOD);
	answer(&m, "A", NULL, 0x8180);
	memcpy(m.b.data + 13, "ftp", 3);
	assert_verdict(&m, DNS_MALFORMED);
	answer(&m, "A", NULL, 0x8180);
	m.b.data[m.b.len - 3] = ns_t_mx;
	assert_verdict(&m, DNS_MALFORMED);
	answer(&m, "A", NULL, 0x8180);
	m.b.data[m.b.len - 1] = ns_c_hs;
	assert_verdict(&m, DNS_MALFORMED);
	/* left out: only with an error */
	answer(&m, "A", NULL, 0x8180);
	count(&m, 4, 0);
	m.b.len = 12;
	assert_verdict(&m, DNS_MALFORMED);
	answer(&m, "A", NULL, 0x8185);
	count(&m, 4, 0);
	m.b.len = 12;
	assert_verdict(&m, DNS_STATUS);
	assert_int_equal(rcode_seen, 5);
}

static void other_messages(void **state)
{
	struct message m;

	answer(&m, "A", NULL, 0x8180);
	m.b.data[0] ^= 1;
	assert_verdict(&m, DNS_OTHER);
	answer(&m, "A", NULL, 0x0100); /* our own query, echoed */
	assert_verdict(&m, DNS_MALFORMED);
	answer(&m, "A", NULL, 0xa180); /* a NOTIFY */
	assert_verdict(&m, DNS_MALFORMED);
	answer(&m, "A", NULL, 0x8380);
	assert_verdict(&m, DNS_TRUNCATED);
	answer(&m, "A", NULL, 0x8180);
	put(&m, "more", 4);
	assert_verdict(&m, DNS_MALFORMED);
}

static void cut_anywhere_is_no_answer(void **state)
{
	struct message m;

	answer(&m, "A", "192.0.2.7", 0x8180);
	record(&m, ns_t_a, "\300\0\2\7", 4);
	assert_int_equal(verdict(&m), DNS_GOOD);
	while (m.b.len > 0) {
		m.b.len--;
		assert_int_equal(verdict(&m), DNS_MALFORMED);
	}
	buf_free(&m.b);
}

#define ROW(type, expected, data, v)                                           \
	{                                                                      \
		type, expected, data, sizeof(data) - 1, v                      \
	}

static void answers_of_each_type(void **state)
{
	static const struct {
		const char *type, *expected, *data;
		size_t len;
		enum dns_verdict verdict;
	} rows[] = {
		ROW("A", "192.0.2.7", "\300\0\2\7", DNS_GOOD),
		ROW("A", "192.0.2.8", "\300\0\2\7", DNS_CONTENT),
		ROW("A", "192.0.2.7", "\300\0\2\7\0", DNS_CONTENT),
		ROW("A", "192.0.2.7", "", DNS_CONTENT),
		ROW("AAAA", "::7", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7",
		    DNS_GOOD),
		ROW("AAAA", "::7", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\6",
		    DNS_CONTENT),
		ROW("CNAME", "a.EXAMPLE.org.", "\1a\300\20", DNS_GOOD),
		ROW("NS", "a.example.org", "\1a\300\20", DNS_GOOD),
		ROW("NS", "a.example.or", "\1a\300\20", DNS_CONTENT),
		ROW("PTR", ".", "\0", DNS_GOOD),
		ROW("PTR", "a", "\0", DNS_CONTENT),
		ROW("MX", "www.example.org", "\0\12\300\14", DNS_GOOD),
		ROW("MX", "www.example.org", "\0\12", DNS_CONTENT),
		ROW("SRV", "example.org", "\0\1\0\2\0\65\300\20", DNS_GOOD),
		ROW("SOA", "b.", "\1b\0\300\20....................", DNS_GOOD),
		ROW("TXT", "hello world", "\13hello world", DNS_GOOD),
		ROW("TXT", "hello world", "\5hello\6 world", DNS_GOOD),
		ROW("TXT", "hello world", "\5hello", DNS_CONTENT),
		ROW("TXT", "hello", "\5hello\6 world", DNS_CONTENT),
		ROW("TXT", "hello", "\6hello", DNS_CONTENT),
		ROW("TXT", "Hello", "\5hello", DNS_CONTENT),
		/* a name that leads to itself, and out of the message */
		ROW("NS", "a", "\300\53", DNS_CONTENT),
		ROW("NS", "a", "\377\377", DNS_CONTENT),
	};
	struct message m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer(&m, rows[i].type, rows[i].expected, 0x8180);
		record(&m, (unsigned int)m.q.type, rows[i].data, rows[i].len);
		if (verdict(&m) != rows[i].verdict)
			fail_msg("row %zu: %d", i, verdict(&m));
		buf_free(&m.b);
	}
}

static void one_of_many_answers(void **state)
{
	struct message m;

	answer(&m, "A", "192.0.2.7", 0x8180);
	assert_verdict(&m, DNS_CONTENT);
	answer(&m, "A", "192.0.2.7", 0x8180);
	record(&m, ns_t_cname, "\1a\300\20", 4);
	record(&m, ns_t_a, "\300\0\2\6", 4);
	record(&m, ns_t_a, "\300\0\2\7", 4);
	assert_verdict(&m, DNS_GOOD);
	/* of another type than asked for */
	answer(&m, "A", "a.example.org", 0x8180);
	record(&m, ns_t_cname, "\1a\300\20", 4);
	assert_verdict(&m, DNS_CONTENT);
	answer(&m, "ANY", "a.example.org", 0x8180);
	record(&m, ns_t_a, "\300\0\2\6", 4);
	record(&m, ns_t_cname, "\1a\300\20", 4);
	assert_verdict(&m, DNS_GOOD);
	/* more records said than there are */
	answer(&m, "A", "192.0.2.7", 0x8180);
	record(&m, ns_t_a, "\300\0\2\7", 4);
	count(&m, 6, 2);
	assert_verdict(&m, DNS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_recursion_and_says_its_size),
		cmocka_unit_test(the_rcode_decides_alone),
		cmocka_unit_test(the_question_is_ours),
		cmocka_unit_test(other_messages),
		cmocka_unit_test(cut_anywhere_is_no_answer),
		cmocka_unit_test(answers_of_each_type),
		cmocka_unit_test(one_of_many_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
