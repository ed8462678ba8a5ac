/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthcheck/dns_text: the texts of a dns check. */
#include <arpa/nameser.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/text.h"

#define LABEL_63                                                               \
	"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"
#define NAME_253                                                               \
	LABEL_63                                                               \
	"." LABEL_63 "." LABEL_63 "."                                          \
	"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwx"

static void names(void **state)
{
	static const char *const good[] = {
		".",
		"a",
		"a.",
		"example.org",
		"EXAMPLE.org.",
		"_sip._tcp.example.org",
		"0/25.2.0.192.in-addr.arpa",
		"*.example.org",
		LABEL_63,
		NAME_253,
		NAME_253 ".",
	};
	static const char *const bad[] = {
		"",           "..",           "a..b",     ".a",
		"a..",        "a b",          "a\tb",     "a\\.b",
		"b\xc3\xbc.", LABEL_63 "a.b", "a\"b.org", NAME_253 "a",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(dns_name_problem(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(dns_name_problem(bad[i]));
}

static void types_and_rcodes(void **state)
{
	assert_int_equal(dns_type("A"), ns_t_a);
	assert_int_equal(dns_type("aaaa"), ns_t_aaaa);
	assert_int_equal(dns_type("SRV"), ns_t_srv);
	assert_int_equal(dns_type("ANY"), ns_t_any);
	assert_int_equal(dns_type(""), -1);
	assert_int_equal(dns_type("AXFR"), -1);
	assert_null(dns_type_problem("soa"));
	assert_non_null(dns_type_problem("A "));
	assert_int_equal(dns_rcode("NOERROR"), 0);
	assert_int_equal(dns_rcode("nxdomain"), 3);
	assert_int_equal(dns_rcode("REFUSED"), 5);
	assert_int_equal(dns_rcode("OK"), -1);
	assert_null(dns_rcode_problem("ServFail"));
	assert_non_null(dns_rcode_problem("0"));
}

static void answers(void **state)
{
	static const struct {
		int type;
		const char *text;
		bool good;
	} rows[] = {
		{ ns_t_a, "192.0.2.1", true },
		{ ns_t_a, "2001:db8::1", false },
		{ ns_t_a, "example.org", false },
		{ ns_t_aaaa, "2001:DB8:0::1", true },
		{ ns_t_aaaa, "192.0.2.1", false },
		{ ns_t_txt, "any text \"at\" all", true },
		{ ns_t_txt, "", false },
		{ ns_t_any, "192.0.2.1", true },
		{ ns_t_any, "", false },
		{ ns_t_mx, "mail.example.org", true },
		{ ns_t_mx, "10 mail.example.org", false },
		{ ns_t_soa, "ns.example.org.", true },
		{ ns_t_cname, "a..b", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    dns_answer_problem(rows[i].type, rows[i].text) == NULL,
		    rows[i].good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(types_and_rcodes),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
