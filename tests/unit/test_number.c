/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that agents and scripts say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/agent_text.h"
#include "healthcheck/number.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NONE     (-12345.) /* of these tests, no number */

/* In memory of its own, so that not a byte after it is looked at. */
static double read_by(bool (*reader)(const char *, size_t, double *),
		      const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	double value = NONE;
	bool is_number;

	memcpy(copy, text, len);
	is_number = reader(copy, len, &value);
	free(copy);
	return is_number ? value : NONE;
}

static const struct row {
	const char *text;
	double value;
} words[] = {
	{ "0", 0 },
	{ "12", 12 },
	{ "-3.5", -3.5 },
	{ "+7", 7 },
	{ "0.15", 0.15 },
	{ ".5", 0.5 },
	{ "5.", 5 },
	{ "75%", 75 },
	{ "1e3", 1000 },
	{ "2.5E-1%", 0.25 },
	{ "00012", 12 },
	{ "", NONE },
	{ ".", NONE },
	{ "-", NONE },
	{ "%", NONE },
	{ "1e", NONE },
	{ "1e+", NONE },
	{ "e5", NONE },
	{ "12x", NONE },
	{ "1,5", NONE },
	{ "0x10", NONE },
	{ "inf", NONE },
	{ "nan", NONE },
	{ "1e999", NONE },
	{ "1%%", NONE },
	{ "1 2", NONE },
	{ "--1", NONE },
	{ "1.2.3", NONE },
	{ "1e5e5", NONE },
	{ "- 1", NONE },
	/* 64 digits are read, 65 are not */
	{ "0000000000000000000000000000000000000000000000000000000000000042",
	  42 },
	{ "00000000000000000000000000000000000000000000000000000000000000042",
	  NONE },
};

static const struct row lines[] = {
	{ "0.42 0.40 0.38 1/200 4711\n", 0.42 },
	{ " \t12\r\n", 12 },
	{ "12", 12 },
	{ "75%\nerror", 75 },
	{ "error 5\n", NONE },
	{ "up 5\n", NONE },
	{ "\n5\n", NONE },
	{ "", NONE },
	{ "12,5\n", NONE },
};

static const struct row agents[] = {
	{ "75%\n", 75 },           { "0.5\r\n", 0.5 },
	{ "up ready 12%\n", 12 },  { "up,12 13\n", 12 },
	{ "maxconn:30 12\n", 12 }, { "12 # requests\n", 12 },
	{ "# 12\n", NONE },        { "up # 12\n", NONE },
	{ "up\n12\n", NONE },      { "load 12\n", NONE },
	{ "up down\n", NONE },     { "\n", NONE },
};

static void all(bool (*reader)(const char *, size_t, double *),
		const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double value = read_by(reader, rows[i].text);

		if (value < rows[i].value - 1e-12 ||
		    value > rows[i].value + 1e-12)
			fail_msg("\"%s\": %f", rows[i].text, value);
	}
}

static void a_word(void **state)
{
	all(number_of, words, COUNT(words));
}

static void the_first_word_of_a_line(void **state)
{
	all(number_first_of, lines, COUNT(lines));
}

static void what_an_agent_says(void **state)
{
	all(agent_number, agents, COUNT(agents));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word),
		cmocka_unit_test(the_first_word_of_a_line),
		cmocka_unit_test(what_an_agent_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
