/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlbd.conf(5) and the table of keys agree: every key has an item in a list
 * of its section, with its default, and there are no other items. Its examples
 * are good, and there is one for every type of check and of feed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "lib/xalloc.h"

/* "SECTION KEY DEFAULT\n" of each item, sorted later. */
struct lines {
	char **list;
	size_t n, cap;
};

static int line_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_sort(struct lines *l)
{
	qsort(l->list, l->n, sizeof(*l->list), line_cmp);
}

static void lines_free(struct lines *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
}

/* ".It Cm interval Ar duration Pq Cm 2s" */
static char *item_line(const char *section, const char *item)
{
	const char *fallback = strstr(item, " Pq Cm ");

	return xasprintf("%s %.*s %s", section, (int)strcspn(item, " \n"), item,
			 fallback ? fallback + 7 : "-");
}

static FILE *manual_open(void)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/man/nftlbd.conf.5", top ? top : ".");
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	free(path);
	return f;
}

static void manual_read(struct lines *out)
{
	char section[32] = "", line[256];
	FILE *f = manual_open();

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, ".\\\" keys: %31s", section) == 1)
			continue;
		if (!strcmp(line, ".El"))
			section[0] = '\0';
		if (*section && !strncmp(line, ".It Cm ", 7))
			*VEC_PUSH(out->list, out->n, out->cap) =
			    item_line(section, line + 7);
	}
	fclose(f);
}

static void table_read(struct lines *out)
{
	char *line, *rest, *section, *key, *fallback;
	struct buf keys = { 0 };

	conf_keys_print(&keys);
	for (rest = keys.data; (line = strsep(&rest, "\n")) && *line;) {
		section = strsep(&line, "\t");
		key = strsep(&line, "\t");
		strsep(&line, "\t"); /* type */
		fallback = strsep(&line, "\t");
		assert_non_null(line);
		assert_true(strlen(line) > 5); /* help */
		/* described by way of [service] */
		if (strcmp(section, "defaults"))
			*VEC_PUSH(out->list, out->n, out->cap) =
			    xasprintf("%s %s %s", section, key, fallback);
	}
	buf_free(&keys);
}

static void manual_and_table_agree(void **state)
{
	struct lines manual = { 0 }, table = { 0 };
	size_t i, k;
	int order;

	manual_read(&manual);
	table_read(&table);
	lines_sort(&manual);
	lines_sort(&table);
	assert_true(table.n > 30);
	for (i = k = 0; i < manual.n || k < table.n;) {
		order = i == manual.n  ? 1
			: k == table.n ? -1
				       : strcmp(manual.list[i], table.list[k]);
		if (order)
			fail_msg("only in the %s: %s",
				 order < 0 ? "manual" : "table",
				 order < 0 ? manual.list[i] : table.list[k]);
		i++;
		k++;
	}
	lines_free(&manual);
	lines_free(&table);
}

/* A line of an example as it is printed: \\e is a backslash. */
static void example_line(struct buf *out, const char *line)
{
	/* its file is not there */
	if (!strncmp(line, "ca-file", 7))
		return;
	for (; *line; line++) {
		buf_append(out, line, 1);
		line += !strncmp(line, "\\e", 2);
	}
}

static void examples_are_good(void **state)
{
	struct buf text = { 0 };
	unsigned int types = 0, feeds = 0;
	const struct conf *c;
	FILE *f = manual_open();
	bool inside = false;
	char line[256];
	size_t i, n = 0;

	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, ".Bd ", 4)) {
			buf_clear(&text);
			inside = true;
		} else if (strncmp(line, ".Ed", 3)) {
			if (inside)
				example_line(&text, line);
		} else {
			inside = false;
			if (*text.data != '[')
				continue;
			c = rig_good(*state, text.data);
			for (i = 0; i < c->nchecks; i++)
				types |= 1u << c->checks[i].type;
			for (i = 0; i < c->nfeeds; i++)
				feeds |= 1u << c->feeds[i].probe.type;
			n++;
		}
	}
	assert_true(n > 10);
	/* http is https without the s, and shares its section */
	assert_int_equal(types | 1u << HC_HTTP, (1u << HC_CPU) - 1);
	assert_int_equal(feeds, 1u << HC_CPU | 1u << HC_SNMP | 1u << HC_AGENT |
				    1u << HC_SCRIPT);
	fclose(f);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_and_table_agree),
		cmocka_unit_test_setup_teardown(examples_are_good, rig_setup,
						rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
