/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNMP messages as bytes, and keys by the examples of the RFCs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/snmp_usm.h"
#include "healthcheck/snmp_wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SPAN(text)                                                             \
	((struct snmp_span){ (const uint8_t *)(text), sizeof(text) - 1 })

static void out_is(const struct snmp_out *out, const char *bytes, size_t len)
{
	assert_int_equal(snmp_out_len(out), len);
	assert_memory_equal(out->bytes + out->at, bytes, len);
}

/* ---- requests ---- */

static void a_get_of_version_2c(void **state)
{
	static const unsigned long uptime[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 };
	static const char bytes[] = "\x30\x26\x02\x01\x01\x04\x06public"
				    "\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01"
				    "\x00\x30\x0e\x30\x0c\x06\x08"
				    "\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";
	struct snmp_out out;

	snmp_put_get(&out, 1, uptime, COUNT(uptime));
	snmp_put_community(&out, 1, "public");
	out_is(&out, bytes, sizeof(bytes) - 1);
}

static void numbers_are_as_short_as_can_be(void **state)
{
	static const unsigned long oid[] = { 2, 999, 127, 128, 4294967295ul };
	static const char bytes[] = "\xa0\x1c\x02\x02\x00\x80\x02\x01\x00\x02"
				    "\x01\x00\x30\x10\x30\x0e\x06\x0a\x88\x37"
				    "\x7f\x81\x00\x8f\xff\xff\xff\x7f\x05\x00";
	struct snmp_out out;

	snmp_put_get(&out, 128, oid, COUNT(oid));
	out_is(&out, bytes, sizeof(bytes) - 1);
	assert_true(snmp_oid_is(
	    (struct snmp_span){ out.bytes + sizeof(out.bytes) - 12, 10 }, oid,
	    COUNT(oid)));
}

/* What the agent lacks is left out; the others stay in their order. */
static void a_get_of_several(void **state)
{
	static const unsigned long a[] = { 1, 3, 1 }, b[] = { 1, 3, 2 },
				   c[] = { 1, 3, 3 };
	static const char bytes[] = "\xa0\x1b\x02\x01\x09\x02\x01\x00\x02"
				    "\x01\x00\x30\x10"
				    "\x30\x06\x06\x02\x2b\x01\x05\x00"
				    "\x30\x06\x06\x02\x2b\x03\x05\x00";
	const struct snmp_ask ask = {
		.type = SNMP_PDU_GET,
		.names = { { a, 3 }, { b, 3 }, { c, 3 } },
		.n = 3,
		.lacking = 1 << 1,
	};
	struct snmp_out out;

	snmp_put_ask(&out, 9, &ask);
	out_is(&out, bytes, sizeof(bytes) - 1);
}

static void a_get_of_what_follows(void **state)
{
	static const unsigned long column[] = { 1, 3, 1 };
	static const char bytes[] = "\xa5\x13\x02\x01\x09\x02\x01\x00\x02"
				    "\x01\x28\x30\x08"
				    "\x30\x06\x06\x02\x2b\x01\x05\x00";
	struct snmp_ask ask = {
		.type = SNMP_PDU_BULK,
		.names = { { column, 3 } },
		.n = 1,
		.repetitions = 40,
	};
	struct snmp_out out;

	snmp_put_ask(&out, 9, &ask);
	out_is(&out, bytes, sizeof(bytes) - 1);
	ask.type = SNMP_PDU_NEXT;
	snmp_put_ask(&out, 9, &ask);
	assert_int_equal(out.bytes[out.at], 0xa1);
	assert_int_equal(out.bytes[out.at + 10], 0); /* no repetitions */
}

static void what_does_not_fit_is_no_message(void **state)
{
	static const unsigned long oid[] = { 1, 3 };
	static char community[SNMP_MESSAGE_MAX];
	struct snmp_out out;

	memset(community, 'x', sizeof(community) - 1);
	snmp_put_get(&out, 1, oid, COUNT(oid));
	snmp_put_community(&out, 1, community);
	assert_int_equal(snmp_out_len(&out), 0);
}

static void version_3_there_and_back(void **state)
{
	static const unsigned long oid[] = { 1, 3, 6 };
	const struct snmp_v3 h = {
		.id = 0x7fffffff,
		.flags = SNMP_FLAG_AUTH | SNMP_FLAG_REPORT,
		.engine = SPAN("engine"),
		.user = SPAN("user"),
		.mac = { NULL, 12 },
		.boots = 300,
		.time_s = 70000,
	};
	struct snmp_message m;
	struct snmp_out out;

	snmp_put_get(&out, 1, oid, COUNT(oid));
	snmp_put_scope(&out, h.engine, "context");
	snmp_put_v3(&out, &h);
	assert_true(snmp_take(out.bytes + out.at, snmp_out_len(&out), &m));
	assert_int_equal(m.version, 3);
	assert_int_equal(m.v3.id, h.id);
	assert_int_equal(m.v3.flags, h.flags);
	assert_int_equal(m.v3.boots, 300);
	assert_int_equal(m.v3.time_s, 70000);
	assert_int_equal(m.v3.engine.len, 6);
	assert_memory_equal(m.v3.user.at, "user", 4);
	assert_int_equal(m.v3.mac.len, 12);
	assert_ptr_equal(m.v3.mac.at, out.bytes + out.mac_at);
	/* not one byte of it can be missing */
	for (size_t n = 0; n < snmp_out_len(&out); n++)
		assert_false(snmp_take(out.bytes + out.at, n, &m));
}

/* ---- answers ---- */

/* A response that has @value, which is the encoded one, in version 2c. */
static bool response_of(const uint8_t *value, size_t len, struct snmp_pdu *pdu)
{
	uint8_t bytes[64] = { 0xa2, 0,    0x02, 0x01, 0x07, 0x02, 0x01,
			      0x00, 0x02, 0x01, 0x00, 0x30, 0,    0x30,
			      0,    0x06, 0x02, 0x2b, 0x06 };

	memcpy(bytes + 19, value, len);
	bytes[1] = (uint8_t)(17 + len);
	bytes[12] = (uint8_t)(6 + len);
	bytes[14] = (uint8_t)(4 + len);
	return snmp_take_pdu((struct snmp_span){ bytes, 19 + len }, pdu);
}

static void values(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum snmp_kind kind;
		int64_t number;
	} rows[] = {
#define ROW(bytes, kind, number) { bytes, sizeof(bytes) - 1, kind, number }
		ROW("\x02\x01\x48", SNMP_NUMBER, 72),
		ROW("\x02\x01\xff", SNMP_NUMBER, -1),
		ROW("\x02\x04\x80\x00\x00\x00", SNMP_NUMBER, INT32_MIN),
		ROW("\x02\x00", SNMP_OTHER, 0),
		ROW("\x02\x09\0\0\0\0\0\0\0\0\1", SNMP_OTHER, 0),
		ROW("\x41\x05\x00\xff\xff\xff\xff", SNMP_NUMBER, 4294967295),
		ROW("\x42\x01\xff", SNMP_NUMBER, 255),
		ROW("\x43\x02\x01\x00", SNMP_NUMBER, 256),
		ROW("\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", SNMP_NUMBER,
		    INT64_MAX),
		ROW("\x46\x09\x01\xff\xff\xff\xff\xff\xff\xff\xff", SNMP_OTHER,
		    0),
		ROW("\x04\x04"
		    "0.15",
		    SNMP_NUMBER, 0),
		ROW("\x04\x06"
		    " -3.9\n",
		    SNMP_NUMBER, -3),
		ROW("\x04\x02"
		    "12",
		    SNMP_NUMBER, 12),
		ROW("\x04\x03"
		    "12x",
		    SNMP_OTHER, 0),
		ROW("\x04\x02"
		    "1\0",
		    SNMP_OTHER, 0),
		ROW("\x04\x01"
		    "-",
		    SNMP_OTHER, 0),
		ROW("\x04\x00", SNMP_OTHER, 0),
		ROW("\x44\x07\x9f\x78\x04\xc0\x60\x00\x00", SNMP_NUMBER, -3),
		ROW("\x44\x07\x9f\x78\x04\x7f\x80\x00\x00", SNMP_NUMBER,
		    INT64_MAX),
		ROW("\x44\x07\x9f\x78\x04\x7f\xc0\x00\x00", SNMP_OTHER, 0),
		ROW("\x44\x0b\x9f\x79\x08\x40\x45\0\0\0\0\0\0", SNMP_NUMBER,
		    42),
		ROW("\x44\x07\x9f\x79\x04\x40\x45\0\0", SNMP_OTHER, 0),
		ROW("\x44\x02\x9f\x78", SNMP_OTHER, 0),
		ROW("\x05\x00", SNMP_OTHER, 0),
		ROW("\x40\x04\xc0\x00\x02\x01", SNMP_OTHER, 0),
		ROW("\x80\x00", SNMP_NOTHING, 0),
		ROW("\x81\x00", SNMP_NOTHING, 0),
		ROW("\x82\x00", SNMP_NOTHING, 0),
#undef ROW
	};
	struct snmp_pdu pdu;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(response_of((const uint8_t *)rows[i].bytes,
					rows[i].len, &pdu));
		assert_int_equal(pdu.request, 7);
		assert_int_equal(pdu.value.kind, rows[i].kind);
		if (rows[i].kind == SNMP_NUMBER)
			assert_int_equal(pdu.value.number, rows[i].number);
	}
}

static void a_long_text_of_digits_stays_large(void **state)
{
	uint8_t value[32] = { 0x04, 30 };
	struct snmp_pdu pdu;

	memset(value + 2, '9', 30);
	assert_true(response_of(value, sizeof(value), &pdu));
	assert_int_equal(pdu.value.kind, SNMP_NUMBER);
	assert_true(pdu.value.number > INT64_MAX / 2);
}

static void fractions_and_counters(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		double real;
		unsigned int counts;
		uint64_t count;
	} rows[] = {
#define ROW(bytes, real, counts, count)                                        \
	{ bytes, sizeof(bytes) - 1, real, counts, count }
		ROW("\x04\x04"
		    "0.15",
		    0.15, 0, 0),
		ROW("\x04\x06"
		    " -3.5\n",
		    -3.5, 0, 0),
		ROW("\x44\x07\x9f\x78\x04\xc0\x60\x00\x00", -3.5, 0, 0),
		ROW("\x02\x01\xff", -1, 0, 0),
		ROW("\x41\x05\x00\xff\xff\xff\xff", 4294967295., 32,
		    4294967295),
		ROW("\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff",
		    18446744073709551615., 64, UINT64_MAX),
		ROW("\x42\x01\x07", 7, 0, 7),
#undef ROW
	};
	struct snmp_pdu pdu;

	for (size_t i = 0; i < COUNT(rows); i++) {
		double real;

		assert_true(response_of((const uint8_t *)rows[i].bytes,
					rows[i].len, &pdu));
		assert_int_equal(pdu.value.kind, SNMP_NUMBER);
		real = pdu.value.real;
		assert_true(fabs(real - rows[i].real) <= 1e-9);
		assert_int_equal(pdu.value.counts, rows[i].counts);
		if (rows[i].counts)
			assert_true(pdu.value.count == rows[i].count);
	}
}

static void oids_are_read(void **state)
{
	unsigned long oid[OID_MAX];
	uint8_t longest[OID_MAX + 1];

	assert_int_equal(snmp_take_oid(SPAN("\x2b\x06\x82\x2c"), oid), 4);
	assert_int_equal(oid[0], 1);
	assert_int_equal(oid[1], 3);
	assert_int_equal(oid[3], 300);
	assert_int_equal(snmp_take_oid(SPAN("\x88\x37"), oid), 2);
	assert_int_equal(oid[0], 2);
	assert_int_equal(oid[1], 999);
	assert_int_equal(snmp_take_oid(SPAN(""), oid), 0);
	assert_int_equal(snmp_take_oid(SPAN("\x2b\x82"), oid), 0);
	memset(longest, 1, sizeof(longest));
	assert_int_equal(
	    snmp_take_oid((struct snmp_span){ longest, OID_MAX - 1 }, oid),
	    OID_MAX);
	assert_int_equal(
	    snmp_take_oid((struct snmp_span){ longest, OID_MAX }, oid), 0);
}

static void oids_are_compared_whole(void **state)
{
	static const unsigned long oid[] = { 1, 3, 6, 300 };

	assert_true(snmp_oid_is(SPAN("\x2b\x06\x82\x2c"), oid, 4));
	assert_false(snmp_oid_is(SPAN("\x2b\x06\x82\x2c\x00"), oid, 4));
	assert_false(snmp_oid_is(SPAN("\x2b\x06\x82"), oid, 4));
	assert_false(snmp_oid_is(SPAN("\x2b\x06"), oid, 4));
	assert_false(snmp_oid_is(SPAN(""), oid, 4));
	assert_false(
	    snmp_oid_is(SPAN("\x2b\x06\xff\xff\xff\xff\xff\xff\x2c"), oid, 4));
}

/* ---- keys: RFC 3414, A.3 ---- */

static void keys_of_the_rfc(void **state)
{
	static const uint8_t engine[12] = { [11] = 2 };
	static const struct {
		int auth;
		const char *key;
		size_t len, mac;
	} rows[] = {
		{ SPEC_AUTH_MD5,
		  "\x52\x6f\x5e\xed\x9f\xcc\xe2\x6f\x89\x64\xc2\x93\x07\x87"
		  "\xd8\x2b",
		  16, 12 },
		{ SPEC_AUTH_SHA,
		  "\x66\x95\xfe\xbc\x92\x88\xe3\x62\x82\x23\x5f\xc7\x15\x1f"
		  "\x12\x84\x97\xb3\x8f\x3f",
		  20, 12 },
		{ SPEC_AUTH_SHA224, NULL, 28, 16 },
		{ SPEC_AUTH_SHA256, NULL, 32, 24 },
		{ SPEC_AUTH_SHA384, NULL, 48, 32 },
		{ SPEC_AUTH_SHA512, NULL, 64, 48 },
	};
	struct hc_spec spec = { .auth_password = (char *)"maplesyrup" };
	struct usm_keys user, keys;

	for (size_t i = 0; i < COUNT(rows); i++) {
		spec.snmp_auth = rows[i].auth;
		assert_null(usm_user_keys(&spec, &user));
		assert_true(usm_engine_keys(&spec, &user, engine,
					    sizeof(engine), &keys));
		assert_int_equal(keys.auth.len, rows[i].len);
		if (rows[i].key)
			assert_memory_equal(keys.auth.bytes, rows[i].key,
					    rows[i].len);
		assert_int_equal(usm_mac_len(&spec), rows[i].mac);
	}
}

static void ciphers_there_and_back(void **state)
{
	static const uint8_t engine[8] = "engine", salt[8] = "12345678";
	struct hc_spec spec = { .auth_password = (char *)"maplesyrup",
				.priv_password = (char *)"birchsyrup",
				.snmp_auth = SPEC_AUTH_SHA };
	uint8_t secret[40], clear[40];
	struct usm_keys user, keys;
	size_t n, back;

	for (int priv = SPEC_PRIV_DES; priv <= SPEC_PRIV_AES; priv++) {
		spec.snmp_priv = priv;
		assert_null(usm_user_keys(&spec, &user));
		assert_true(usm_engine_keys(&spec, &user, engine, 8, &keys));
		assert_true(usm_encrypt(
		    &spec, &keys, 1, 2, salt,
		    (const uint8_t *)"a scoped PDU, 21 long", 21, secret, &n));
		assert_true(n >= 21 && n <= 29);
		assert_memory_not_equal(secret, "a scoped", 8);
		assert_true(usm_decrypt(&spec, &keys, 1, 2, salt, secret, n,
					clear, &back));
		assert_memory_equal(clear, "a scoped PDU, 21 long", 21);
	}
	/* of a length that no DES text has */
	spec.snmp_priv = SPEC_PRIV_DES;
	assert_false(
	    usm_decrypt(&spec, &keys, 1, 2, salt, secret, 9, clear, &back));
	assert_false(
	    usm_decrypt(&spec, &keys, 1, 2, salt, secret, 0, clear, &back));
}

static void passwords_that_no_key_is_made_of(void **state)
{
	struct hc_spec spec = { .snmp_auth = SPEC_AUTH_SHA };
	struct usm_keys keys;

	assert_non_null(usm_user_keys(&spec, &keys));
	spec.auth_password = (char *)"short";
	assert_non_null(usm_user_keys(&spec, &keys));
	spec.auth_password = (char *)"long enough";
	assert_null(usm_user_keys(&spec, &keys));
	spec.snmp_priv = SPEC_PRIV_AES;
	assert_non_null(usm_user_keys(&spec, &keys));
	spec.priv_password = spec.auth_password;
	assert_null(usm_user_keys(&spec, &keys));
	spec.snmp_auth = SPEC_AUTH_NONE;
	assert_non_null(usm_user_keys(&spec, &keys));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_get_of_version_2c),
		cmocka_unit_test(numbers_are_as_short_as_can_be),
		cmocka_unit_test(a_get_of_several),
		cmocka_unit_test(a_get_of_what_follows),
		cmocka_unit_test(fractions_and_counters),
		cmocka_unit_test(oids_are_read),
		cmocka_unit_test(what_does_not_fit_is_no_message),
		cmocka_unit_test(version_3_there_and_back),
		cmocka_unit_test(values),
		cmocka_unit_test(a_long_text_of_digits_stays_large),
		cmocka_unit_test(oids_are_compared_whole),
		cmocka_unit_test(keys_of_the_rfc),
		cmocka_unit_test(ciphers_there_and_back),
		cmocka_unit_test(passwords_that_no_key_is_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
