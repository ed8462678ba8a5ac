/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers with several values: of a GET, and of columns of tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/snmp_run.h"
#include "healthcheck/snmp_walk.h"

/* Rows of tables: .1.3.6.COLUMN.ROW = VALUE */

struct table_row {
	uint8_t column, row, value;
};

static void rows_of(const struct table_row *rows, size_t n, uint8_t *bytes,
		    struct snmp_pdu *pdu)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t variable[] = {
			0x30,           9,           6, 4, 0x2b,         6,
			rows[i].column, rows[i].row, 2, 1, rows[i].value
		};

		memcpy(bytes + i * sizeof(variable), variable,
		       sizeof(variable));
	}
	*pdu = (struct snmp_pdu){ .type = SNMP_PDU_RESPONSE,
				  .variables = { bytes, n * 11 } };
}

static int rows_taken(struct snmp_walk *w, struct snmp_run *r,
		      const struct table_row *rows, size_t n)
{
	struct snmp_pdu pdu;
	uint8_t bytes[256];

	rows_of(rows, n, bytes, &pdu);
	return snmp_walk_take(w, r, &pdu);
}

static const unsigned long nine[] = { 1, 3, 6, 9 };

static void walk_begin(struct snmp_walk *w, struct snmp_run *r)
{
	*w = (struct snmp_walk){ .column = { nine, 4 }, .high = 100 };
	*r = (struct snmp_run){ .verdict = 0 };
	snmp_walk_begin(w, r, true);
}

static void a_column_in_pieces(void **state)
{
	static const struct table_row first[] = { { 9, 1, 10 }, { 9, 2, 20 } };
	static const struct table_row last[] = { { 9, 5, 120 }, { 10, 1, 50 } };
	struct snmp_walk w;
	struct snmp_run r;

	walk_begin(&w, &r);
	assert_int_equal(r.ask.type, SNMP_PDU_BULK);
	assert_int_equal(rows_taken(&w, &r, first, 2), CHECK_RUNNING);
	/* from the last row on */
	assert_int_equal(r.ask.names[0].n, 5);
	assert_int_equal(r.ask.names[0].at[4], 2);
	assert_int_equal(rows_taken(&w, &r, last, 2), HC_OK);
	assert_int_equal(w.rows, 3);
	assert_int_equal(w.numbers, 3);
	assert_true(fabs(w.sum - 130) <= 1e-9); /* 120 is no percentage */
}

static void columns_that_have_no_end(void **state)
{
	static const struct table_row circle[] = { { 9, 1, 10 },
						   { 9, 2, 20 },
						   { 9, 1, 10 } };
	static const struct table_row still[] = { { 9, 2, 10 }, { 9, 2, 20 } };
	static const struct table_row other[] = { { 8, 1, 10 } };
	struct snmp_walk w;
	struct snmp_run r;

	walk_begin(&w, &r);
	assert_int_equal(rows_taken(&w, &r, circle, 3), HC_OK);
	assert_int_equal(w.rows, 2);
	walk_begin(&w, &r);
	assert_int_equal(rows_taken(&w, &r, still, 2), HC_OK);
	assert_int_equal(w.rows, 1);
	walk_begin(&w, &r);
	assert_int_equal(rows_taken(&w, &r, other, 1), HC_OK);
	assert_int_equal(w.rows, 0);
	walk_begin(&w, &r);
	assert_int_equal(rows_taken(&w, &r, NULL, 0), HC_OK);
}

static void columns_that_are_none(void **state)
{
	static const uint8_t bytes[] = { 0x30, 5, 6, 1 };
	const struct snmp_pdu cut = { .type = SNMP_PDU_RESPONSE,
				      .variables = { bytes, 4 } };
	struct snmp_walk w;
	struct snmp_run r;

	walk_begin(&w, &r);
	assert_int_equal(snmp_walk_take(&w, &r, &cut), SNMP_UNREADABLE);
}

/* The values of a GET are those of its names, in order, or none. */
static void answers_are_to_what_was_asked(void **state)
{
	static const unsigned long a[] = { 1, 3, 6, 9, 1 },
				   b[] = { 1, 3, 6, 9, 2 };
	static const struct table_row rows[] = { { 9, 1, 10 }, { 9, 2, 20 } };
	struct snmp_run r = {
		.ask = { .names = { { a, 5 }, { b, 5 } }, .n = 2 },
	};
	struct snmp_value values[SNMP_NAMES_MAX];
	struct snmp_pdu pdu;
	uint8_t bytes[64];

	rows_of(rows, 2, bytes, &pdu);
	assert_true(snmp_answers(&r, &pdu, values));
	assert_int_equal(values[0].number, 10);
	assert_int_equal(values[1].number, 20);
	rows_of(rows, 1, bytes, &pdu);
	assert_false(snmp_answers(&r, &pdu, values));
	rows_of(rows + 1, 1, bytes, &pdu);
	assert_false(snmp_answers(&r, &pdu, values));
	r.ask.lacking = 1;
	assert_true(snmp_answers(&r, &pdu, values));
	assert_int_equal(values[0].kind, SNMP_NOTHING);
	assert_int_equal(values[1].number, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_in_pieces),
		cmocka_unit_test(columns_that_have_no_end),
		cmocka_unit_test(columns_that_are_none),
		cmocka_unit_test(answers_are_to_what_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
