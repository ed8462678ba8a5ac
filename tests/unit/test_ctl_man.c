/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlbctl(8), --help and the table of commands agree: the same commands in the
 * same order, and every example in the manual is one of its own command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/command.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

/* ".It Ic route Ar SERVICE CLIENT[:PORT]": the grammar without macros. */
static bool item_grammar(const char *line, char *out, size_t size)
{
	size_t n = 0;

	if (strncmp(line, ".It Ic ", 7) != 0)
		return false;
	for (line += 7; *line && n + 1 < size; line++) {
		if (!strncmp(line, " Ar ", 4) || !strncmp(line, " Ic ", 4))
			line += 3;
		out[n++] = *line;
	}
	out[n] = '\0';
	return true;
}

static FILE *manual_open(void)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/man/nftlbctl.8", top ? top : ".");
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	free(path);
	return f;
}

static const struct command *shown_after(const struct command *c)
{
	while (c->grammar && c->hidden)
		c++;
	return c;
}

static void test_manual_items(void **state)
{
	const struct command *c = shown_after(commands);
	char line[256], grammar[128];
	FILE *f = manual_open();

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!item_grammar(line, grammar, sizeof(grammar)))
			continue;
		if (!c->grammar)
			fail_msg("the manual has one more: %s", grammar);
		assert_string_equal(grammar, c->grammar);
		c = shown_after(c + 1);
	}
	fclose(f);
	if (c->grammar)
		fail_msg("the manual does not have: %s", c->grammar);
}

/* What comes after "nftlbctl" and its options, up to a pipe or bracket. */
static const struct command *example_command(char *text)
{
	char *at = strstr(text, "nftlbctl "), *save, *word;
	char *argv[COMMAND_WORDS_MAX + 2];
	struct call call = { 0 };
	struct err err = { "" };
	int n = 0;

	assert_non_null(at);
	at += strlen("nftlbctl ");
	if (!strncmp(at, "-o json ", 8))
		at += 8;
	if (!strncmp(at, "--dry-run ", 10))
		at += 10;
	if (!strncmp(at, "-s ", 3))
		at += 4 + strcspn(at + 3, " ");
	at[strcspn(at, "|)\"")] = '\0';
	for (word = strtok_r(at, " ", &save); word && n < COMMAND_WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	if (command_match(n, argv, &call, &err) < 0)
		fail_msg("example \"%s\": %s", text, err.msg);
	return call.command;
}

static void test_manual_examples(void **state)
{
	char line[256], grammar[128] = "";
	FILE *f = manual_open();
	size_t items = 0, examples = 0;

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		items += item_grammar(line, grammar, sizeof(grammar));
		if (strncmp(line, ".Dl ", 4) != 0)
			continue;
		examples++;
		assert_string_equal(example_command(line + 4)->grammar,
				    grammar);
	}
	fclose(f);
	assert_true(items > 0);
	assert_int_equal(examples, items);
}

/* Words of one command behind "nftlbctl", options taken out. */
static void must_parse(const char *line)
{
	char *copy = xstrdup(line), *save, *word, *argv[32];
	struct call call = { 0 };
	struct err err = { "" };
	int n = 0;

	copy[strcspn(copy, "|;&)>")] = '\0';
	for (word = strtok_r(copy, " ", &save); word && n < 32;
	     word = strtok_r(NULL, " ", &save)) {
		if (!strcmp(word, "-o") || !strcmp(word, "-s"))
			strtok_r(NULL, " ", &save);
		else if (word[0] != '-' || !strcmp(word, "--confirm"))
			argv[n++] = word;
	}
	if (command_match(n, argv, &call, &err) < 0)
		fail_msg("EXAMPLES: \"%s\": %s", line, err.msg);
	free(copy);
}

/* Every nftlbctl in the section EXAMPLES of a manual. */
static void test_manual_section(void **state)
{
	bool inside = false, literal = false;
	FILE *f = manual_open();
	size_t n = 0;
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, ".Sh ", 4))
			inside = !strcmp(line, ".Sh EXAMPLES");
		literal = !strncmp(line, ".Bd", 3) ||
			  (literal && strncmp(line, ".Ed", 3) != 0);
		for (const char *at = line;
		     inside && literal && (at = strstr(at, "nftlbctl "));) {
			at += strlen("nftlbctl ");
			must_parse(at);
			n++;
		}
	}
	fclose(f);
	assert_true(n >= 6);
}

static void output_of(const char *option, struct buf *out)
{
	char *command = xasprintf("%s %s", NFTLBCTL, option), line[256];
	FILE *f = popen(command, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		buf_append(out, line, strlen(line));
	assert_int_equal(pclose(f), 0);
	free(command);
}

static void test_help(void **state)
{
	struct buf help = { 0 }, list = { 0 }, wanted = { 0 };

	output_of("--help", &help);
	output_of("--commands", &list);
	for (const struct command *c = commands; c->grammar; c++) {
		char *row = xasprintf("\n  %-41s %s\n", c->grammar, c->help);

		if (!strstr(help.data, row) != c->hidden)
			fail_msg("--help: %s", c->grammar);
		if (!c->hidden)
			buf_printf(&wanted, "%s\n", c->grammar);
		free(row);
	}
	assert_string_equal(list.data, wanted.data);
	buf_free(&help);
	buf_free(&list);
	buf_free(&wanted);
}

static void manual_text(struct buf *out)
{
	FILE *f = manual_open();
	char line[256];

	while (fgets(line, sizeof(line), f))
		buf_append(out, line, strlen(line));
	fclose(f);
}

/* Options and exit statuses: --help and the manual have the same. */
static void test_options(void **state)
{
	struct buf help = { 0 }, manual = { 0 };
	char name[32], item[48];
	const char *at;
	size_t n = 0;

	output_of("--help", &help);
	manual_text(&manual);
	for (at = strstr(help.data, "\noptions"); (at = strstr(at, "--"));) {
		at += 2;
		snprintf(name, sizeof(name), "%.*s",
			 (int)strspn(at, "abcdefghijklmnopqrstuvwxyz-"), at);
		snprintf(item, sizeof(item), "Fl -%s", name);
		if (!strstr(manual.data, item))
			fail_msg("not in the manual: --%s", name);
		n++;
	}
	assert_true(n >= 5);
	for (at = manual.data; (at = strstr(at, "\n.It Fl "));) {
		snprintf(item, sizeof(item), "%c%.1s", '-', at + 8);
		at += 8;
		if (*at == '-')
			snprintf(item, sizeof(item), "-%.*s",
				 (int)strspn(at, "abcdefghijklmnopqrstuvwxyz-"),
				 at);
		if (!strstr(help.data, item))
			fail_msg("not in --help: %s", item);
	}
	for (int status = 0; status <= 3; status++) {
		snprintf(item, sizeof(item), "\n.It %d\n", status);
		if (!strstr(manual.data, item))
			fail_msg("no exit status %d in the manual", status);
	}
	assert_non_null(strstr(help.data, "0 done, 1 refused,\n2 usage, 3 no "
					  "daemon"));
	buf_free(&help);
	buf_free(&manual);
}

/* What bash offers after @words, one a line, in @out. Names come from a
 * function that stands for nftlbctl. */
static void complete(const char *words, struct buf *out)
{
	char *script =
	    xasprintf("eval \"$(%s completion bash)\"\n"
		      "nftlbctl() { case $4 in services) echo svc-of-$2 ;; "
		      "*) echo be-of-$5 ;; esac; }\n"
		      "COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
		      "_nftlbctl; echo ${COMPREPLY[@]}\n",
		      NFTLBCTL, words);
	char line[256];
	FILE *f;

	setenv("SCRIPT", script, 1);
	f = popen("bash -c \"$SCRIPT\"", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		buf_append(out, line, strlen(line));
	assert_int_equal(pclose(f), 0);
	free(script);
}

static void test_completion(void **state)
{
	static const struct {
		const char *words, *offered;
	} asks[] = {
		{ "nftlbctl st", "status\n" },
		{ "nftlbctl backend ''",
		  "enable disable drain weight add remove\n" },
		{ "nftlbctl -o ''", "text json\n" },
		{ "nftlbctl backend weight www b1 ''", "default\n" },
		{ "nftlbctl backend drain www ''", "be-of-www\n" },
		{ "nftlbctl -s /x route ''", "svc-of-/x\n" },
		{ "nftlbctl status ''", "\n" },
	};

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct buf out = { 0 };

		complete(asks[i].words, &out);
		assert_string_equal(out.data, asks[i].offered);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual_items),
		cmocka_unit_test(test_manual_examples),
		cmocka_unit_test(test_manual_section),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
