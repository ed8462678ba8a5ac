/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthcheck/status.c: the texts of HTTP checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "healthcheck/text.h"

typedef const char *problem(const char *text);

static void assert_good(problem *f, const char *text)
{
	const char *wrong = f(text);

	if (wrong)
		fail_msg("\"%s\": %s", text, wrong);
}

/* @words: part of what it says */
static void assert_bad(problem *f, const char *text, const char *words)
{
	const char *wrong = f(text);

	if (!wrong || !strstr(wrong, words))
		fail_msg("\"%s\": %s, not %s", text, wrong ? wrong : "good",
			 words);
}

/* @len bytes of @c behind @head */
static const char *longer(const char *head, char c, size_t len)
{
	static char text[8192];
	size_t at = strlen(head);

	assert_true(at + len < sizeof(text));
	memcpy(text, head, at);
	memset(text + at, c, len);
	text[at + len] = '\0';
	return text;
}

static void statuses_are_numbers_and_ranges(void **state)
{
	assert_good(status_problem, "200");
	assert_good(status_problem, "100-599");
	assert_good(status_problem, "200-299, 304");
	assert_good(status_problem, " 200 - 204 ,304,\t500 ");
	assert_bad(status_problem, "", "not a status");
	assert_bad(status_problem, ",", "not a status");
	assert_bad(status_problem, "200,", "not a status");
	assert_bad(status_problem, "200,,300", "not a status");
	assert_bad(status_problem, "20", "not a status");
	assert_bad(status_problem, "2000", "not a status");
	assert_bad(status_problem, "600", "not a status");
	assert_bad(status_problem, "099", "not a status");
	assert_bad(status_problem, "2xx", "not a status");
	assert_bad(status_problem, "-200", "not a status");
	assert_bad(status_problem, "200-", "without end");
	assert_bad(status_problem, "200-600", "without end");
	assert_bad(status_problem, "300-200", "backwards");
	assert_bad(status_problem, "200 201", "comma");
	assert_bad(status_problem, "200-201-202", "comma");
	assert_bad(status_problem, "200;", "comma");
}

static void a_status_matches_its_list(void **state)
{
	assert_true(status_match("200", 200));
	assert_false(status_match("200", 201));
	assert_true(status_match("200-299, 304", 200));
	assert_true(status_match("200-299, 304", 299));
	assert_true(status_match("200-299, 304", 304));
	assert_false(status_match("200-299, 304", 199));
	assert_false(status_match("200-299, 304", 300));
	assert_false(status_match("200-299, 304", 0));
	assert_false(status_match("nonsense", 200));
}

static void expressions_have_a_bounded_cost(void **state)
{
	assert_good(regex_problem, "^OK$");
	assert_good(regex_problem, "\"status\": *\"(up|green)\"");
	assert_good(regex_problem, "([0-9]{1,3}\\.){3}[0-9]{1,3}");
	assert_good(regex_problem, "a\\{9999\\}");
	assert_good(regex_problem, "\\\\1");
	assert_good(regex_problem, longer("", 'x', 1024));
	assert_bad(regex_problem, "", "empty");
	assert_bad(regex_problem, longer("", 'x', 1025), "longer");
	assert_bad(regex_problem, "(a", "(");
	assert_bad(regex_problem, "[a", "[");
	assert_bad(regex_problem, "a)", ")");
	assert_bad(regex_problem, "a)|(b", "(");
	assert_good(regex_problem, "a\\)|[)]");
	assert_bad(regex_problem, "[[:nothing:]]", "class");
	assert_bad(regex_problem, "[z-a]", "backwards");
	assert_bad(regex_problem, "a\\", "backslash");
	assert_bad(regex_problem, "*a", "nothing to repeat");
	assert_bad(regex_problem, "a{2,1}", "repetitions");
	assert_bad(regex_problem, "(a*)\\1", "for ever");
	assert_bad(regex_problem, "a{1001}", "too many");
	assert_bad(regex_problem, "a{1,99999999999999999999}", "too many");
	assert_bad(regex_problem, "((a{100}){100}){100}", "too many");
	assert_bad(regex_problem, "((a{20,}){100}){1,3}", "too many");
}

static bool matches(const char *expression, const char *text, size_t len)
{
	regmatch_t whole = { 0, (regoff_t)len };
	regex_t regex;
	int rc;

	assert_null(regex_problem(expression));
	assert_int_equal(regex_compile(expression, &regex), 0);
	rc = regexec(&regex, text, 1, &whole, REG_STARTEND);
	regfree(&regex);
	return rc == 0;
}

static void expressions_match_any_part(void **state)
{
	static const char text[] = "all\0is\xff\nwell (or so)\n";
	static const struct {
		const char *expression;
		bool found;
	} rows[] = {
		{ "well", true },      { "^well", true },
		{ "^all", true },      { "^is", false },
		{ "well$", false },    { "so\\)$", true },
		{ "bad|well", true },  { "bad|worse", false },
		{ "l.*well", false },  { "a[^x]*is", true },
		{ "(w|e|l)+ ", true }, { "^$", true },
		{ "[(]or", true },     { "x*", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches(rows[i].expression, text, sizeof(text) - 1) !=
		    rows[i].found)
			fail_msg("%s", rows[i].expression);
}

/* Eight seconds each, where every letter is tried as a beginning. */
static void expressions_take_linear_time(void **state)
{
	static char page[(1 << 20) + 1]; /* a 0 at its end */
	static const char *const expressions[] = { "x+y", "[a-z]+: ok",
						   "(x|xx)+y", "^x.*y$" };
	clock_t begun = clock();

	memset(page, 'x', sizeof(page) - 1);
	for (size_t i = 0; i < 4; i++)
		assert_false(matches(expressions[i], page, sizeof(page) - 1));
	assert_true(clock() - begun < 5 * CLOCKS_PER_SEC);
}

static void headers_end_no_line(void **state)
{
	assert_good(header_problem, "Accept: text/html");
	assert_good(header_problem, "X-Empty:");
	assert_good(header_problem, "X-Word:  a\tb \xc3\xa4");
	assert_good(header_problem, longer("X:", 'x', 4094));
	assert_bad(header_problem, longer("X:", 'x', 4095), "longer");
	assert_bad(header_problem, "", "not a header");
	assert_bad(header_problem, ": value", "not a header");
	assert_bad(header_problem, "Name", "not a header");
	assert_bad(header_problem, "Name ; value", "not a header");
	assert_bad(header_problem, "Na me: value", "not a header");
	assert_bad(header_problem, "Name : value", "not a header");
	assert_bad(header_problem, "N\xc3\xa4me: value", "not a header");
	assert_bad(header_problem, "A: b\r\nC: d", "control");
	assert_bad(header_problem, "A: b\nC: d", "control");
	assert_bad(header_problem, "A: \x7f", "control");
	assert_bad(header_problem, "hOST: a", "key host");
	assert_bad(header_problem, "content-length: 4", "body");
	assert_bad(header_problem, "Transfer-Encoding: chunked", "body");
	assert_good(header_problem, "Hosts: a");
}

static void methods_and_paths_are_one_word(void **state)
{
	assert_good(method_problem, "GET");
	assert_good(method_problem, "M-SEARCH");
	assert_bad(method_problem, "", "not a method");
	assert_bad(method_problem, "GET /", "not a method");
	assert_bad(method_problem, "GET\n", "not a method");
	assert_bad(method_problem, "CONNECT", "proxies");
	assert_bad(method_problem, longer("", 'A', 33), "longer");
	assert_good(path_problem, "/");
	assert_good(path_problem, "/health?a=b&c=%20;x/../y");
	assert_bad(path_problem, "", "begins");
	assert_bad(path_problem, "health", "begins");
	assert_bad(path_problem, "/a b", "ASCII");
	assert_bad(path_problem, "/a\r\nX: y", "ASCII");
	assert_bad(path_problem, "/\xc3\xa4", "ASCII");
	assert_bad(path_problem, "/\x7f", "ASCII");
	assert_bad(path_problem, "/a#b", "never sent");
	assert_bad(path_problem, longer("/", 'a', 2048), "longer");
}

static void hosts_are_names_or_addresses(void **state)
{
	assert_good(host_problem, "www.example.org");
	assert_good(host_problem, "www.example.org.");
	assert_good(host_problem, "my_host:8080");
	assert_good(host_problem, "10.0.0.1:65535");
	assert_good(host_problem, "[2001:db8::1]");
	assert_good(host_problem, "[::1]:80");
	assert_good(host_problem, longer("a.", 'x', 63));
	assert_bad(host_problem, longer("a.", 'x', 64), "63");
	assert_bad(host_problem, longer("", 'x', 254), "253");
	assert_bad(host_problem, "", "no name");
	assert_bad(host_problem, ":80", "no name");
	assert_bad(host_problem, "a..b", "empty part");
	assert_bad(host_problem, ".a", "empty part");
	assert_bad(host_problem, "a b", "not a name");
	assert_bad(host_problem, "a/b", "not a name");
	assert_bad(host_problem, "u@a", "not a name");
	assert_bad(host_problem,
		   "b\xc3\xbc"
		   "cher",
		   "not a name");
	assert_bad(host_problem, "a:", "port");
	assert_bad(host_problem, "a:0", "port");
	assert_bad(host_problem, "a:65536", "port");
	assert_bad(host_problem, "a:8o", "port");
	assert_bad(host_problem, "::1", "no name");
	assert_bad(host_problem, "[::1", "brackets");
	assert_bad(host_problem, "[]", "brackets");
	assert_bad(host_problem, "[::1]x", "colon");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_are_numbers_and_ranges),
		cmocka_unit_test(a_status_matches_its_list),
		cmocka_unit_test(expressions_have_a_bounded_cost),
		cmocka_unit_test(expressions_match_any_part),
		cmocka_unit_test(expressions_take_linear_time),
		cmocka_unit_test(headers_end_no_line),
		cmocka_unit_test(methods_and_paths_are_one_word),
		cmocka_unit_test(hosts_are_names_or_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
