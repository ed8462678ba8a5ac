/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlbctl's pure parts: words to commands, tables, answers to text. Texts that
 * the daemon should not have sent must do no harm.
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
#include "ctl/render.h"
#include "ctl/terminal.h"

/* ---- grammar */

static const struct {
	const char *words;
	const char *grammar; /* or NULL: refused */
	const char *error;   /* words of the refusal */
} spoken[] = {
	{ "status", "status", NULL },
	{ "stat", "status", NULL },
	{ "sh serv", "show services", NULL },
	{ "show services www", "show services SERVICE", NULL },
	{ "show services show", "show services SERVICE", NULL },
	{ "show b www b1", "show backends SERVICE BACKEND", NULL },
	{ "b dr www b1", "backend drain SERVICE BACKEND", NULL },
	{ "backend weight www b1 0", "backend weight SERVICE BACKEND N|default",
	  NULL },
	{ "backend weight www b1 65535",
	  "backend weight SERVICE BACKEND N|default", NULL },
	{ "backend weight www b1 default",
	  "backend weight SERVICE BACKEND N|default", NULL },
	/* the agent's words make no short form of the daemon's ambiguous */
	{ "show b", "show backends", NULL },
	{ "show bi", "show bindings", NULL },
	{ "bin rem vm1", "binding remove BINDING", NULL },
	{ "binding add vm1 192.0.2.1:80/tcp", NULL, "VM expected" },
	{ "binding add ../x 192.0.2.1:80/tcp 10.0.0.1", NULL, "no name" },
	{ "config check", "config check", NULL },
	{ "config check a b", NULL, "nothing more" },
	{ "config check ./file", "config check FILE", NULL },
	{ "route www 192.0.2.1", "route SERVICE CLIENT[:PORT]", NULL },
	{ "route www 192.0.2.1:7", "route SERVICE CLIENT[:PORT]", NULL },
	{ "route www [2001:db8::1]:7", "route SERVICE CLIENT[:PORT]", NULL },
	{ "route www 2001:db8::1", "route SERVICE CLIENT[:PORT]", NULL },
	{ "complete-names services", "complete-names services", NULL },
	{ "complete", NULL, "\"complete\" is unknown" }, /* hidden */
	{ "route www pub", NULL, "no client" },
	{ "route www 192.0.2.1:0", NULL, "no client" },
	{ "route www", NULL, "CLIENT[:PORT] expected" },
	{ "session delete www all", "session delete SERVICE CLIENT|all", NULL },
	{ "sess del www 10.0.0.0/24", "session delete SERVICE CLIENT|all",
	  NULL },
	{ "session delete www pub", NULL, "no client" },
	{ "list add bad 10.0.0.1", "list add LIST ENTRY...", NULL },
	{ "list rem bad 10.0.0.0/8 ::1 ::5-::9 1.2.3.4 1.2.3.5",
	  "list remove LIST ENTRY...", NULL },
	{ "list add bad", NULL, "ENTRY... expected" },
	{ "list add bad 10.0.0.1 10.0.0.1/33", NULL,
	  "\"33\" is not a prefix length of 0..32" },
	{ "list test bad ::1", "list test LIST ADDRESS", NULL },
	{ "list test bad 10.0.0.0/8", NULL, "\"10.0.0.0/8\" is no address" },
	{ "session delete www", NULL, "CLIENT|all expected" },
	{ "backend weight www b1 -1", NULL, "no weight" },
	{ "backend weight www b1 65536", NULL, "no weight" },
	{ "backend weight www b1 1.5", NULL, "no weight" },
	{ "backend weight www b1", NULL, "N|default expected" },
	{ "backend enable www ../x", NULL, "no name" },
	{ "backend", NULL,
	  "enable, disable, drain, weight, add or remove expected" },
	{ "s", NULL, "status, show, service, session or sync" },
	{ "show", NULL, "expected" },
	{ "stauts", NULL, "did you mean \"status\"" },
	{ "config relaod", NULL, "did you mean \"reload\"" },
	{ "xyzzy", NULL, "expected: status" },
	{ "status now", NULL, "nothing more" },
	{ "a b c d e f g h i j", NULL, "unknown" },
	{ "backend weight a b 1 2 3 4 5 6", NULL, "nothing more" },
};

static int split(char *words, char **argv)
{
	char *save, *word = strtok_r(words, " ", &save);
	int n = 0;

	for (; word; word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	return n;
}

static void test_grammar(void **state)
{
	for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
		struct call call = { 0 };
		struct err err = { "" };
		char words[128], *argv[16];
		int ret;

		strcpy(words, spoken[i].words);
		ret = command_match(split(words, argv), argv, &call, &err);
		if ((ret == 0) != (spoken[i].grammar != NULL))
			fail_msg("\"%s\": %d %s", spoken[i].words, ret,
				 err.msg);
		if (ret == 0)
			assert_string_equal(call.command->grammar,
					    spoken[i].grammar);
		else if (!strstr(err.msg, spoken[i].error))
			fail_msg("\"%s\": %s", spoken[i].words, err.msg);
	}
}

static void test_empty_words(void **state)
{
	char empty[] = "", show[] = "show";
	char *argv[] = { show, empty };
	struct call call = { 0 };
	struct err err = { "" };

	assert_true(command_match(1, argv + 1, &call, &err) < 0);
	assert_true(command_match(2, argv, &call, &err) < 0);
	assert_true(command_match(0, argv, &call, &err) < 0);
}

/* Every row can be said, and has what it needs. */
static void test_rows(void **state)
{
	for (const struct command *c = commands; c->grammar; c++) {
		struct grammar_word words[COMMAND_WORDS_MAX];
		size_t n = grammar_split(c->grammar, words);
		static char values[PLACES][24] = {
			"svc",       "be",
			"192.0.2.1", "default",
			"f",         "all",
			"bad",       "::1",
			"vm1",       "192.0.2.1:80/tcp",
			"10.0.0.1",  "fd00::1",
			"web",       "b9",
			"10.0.0.9",  "3",
			"60s",       "weight=2",
			"10.0.0.0/8"
		};
		char *argv[COMMAND_WORDS_MAX];
		struct call call = { 0 };
		struct err err = { "" };

		assert_true(n > 0 && n <= COMMAND_WORDS_MAX);
		for (size_t i = 0; i < n; i++)
			argv[i] = words[i].place < 0 ? words[i].text
						     : values[words[i].place];
		if (command_match((int)n, argv, &call, &err) < 0)
			fail_msg("%s: %s", c->grammar, err.msg);
		assert_ptr_equal(call.command, c);
		assert_true(c->local ||
			    (c->method && c->path && (c->text || c->live)));
		assert_true(c->help && c->help[0]);
	}
}

/* ---- tables */

static void no_trailing_blanks(const struct buf *b)
{
	assert_null(strstr(b->data, " \n"));
	assert_int_equal(b->data[b->len - 1], '\n');
}

static void test_table(void **state)
{
	static const struct column columns[] = { { "NAME", LEFT },
						 { "N", RIGHT },
						 { "LAST", LEFT } };
	struct buf out = { 0 };
	struct table t;

	table_begin(&t, columns, 3);
	table_cell(&t, GOOD, "long-name");
	table_cell(&t, PLAIN, "7");
	table_cell(&t, PLAIN, "%s", "");
	table_cell(&t, BAD, "\xc3\xa4"); /* one character of two bytes */
	table_cell(&t, PLAIN, "1234");
	table_cell(&t, PLAIN, "x\033[2Jy");
	table_end(&t, &out, false);
	assert_string_equal(out.data, "NAME          N  LAST\n"
				      "long-name     7\n"
				      "\xc3\xa4          1234  x?[2Jy\n");
	no_trailing_blanks(&out);
	buf_free(&out);
}

static void test_table_colours(void **state)
{
	static const struct column columns[] = { { "A", LEFT }, { "B", LEFT } };
	struct buf out = { 0 };
	struct table t;

	table_begin(&t, columns, 2);
	table_cell(&t, BAD, "down");
	table_cell(&t, PLAIN, "x");
	table_end(&t, &out, true);
	assert_non_null(strstr(out.data, "\033[31mdown\033[0m  x\n"));
	buf_free(&out);
}

/* ---- answers */

static const char one_service[] =
    "[{'name':'www','addresses':['192.0.2.10','2001:db8::10'],"
    "'protocol':['tcp'],'ports':['80','8000-8010'],'mode':'dnat',"
    "'scheduler':'weighted','state':'degraded','panic':true,'backups':false,"
    "'quorum_lost':false,'slots':4,'backends':["
    "{'name':'b1','service':'www','address':'10.0.0.1','port':8080,"
    "'admin':'enabled','said':'enabled','health':'up','state':'active',"
    "'weight':"
    "{'configured':2,'dynamic':null,'effective':2},'slots':4,'share':1.0,"
    "'connections':7,'check':{'name':'tcp','type':'tcp','last_ms':0.25,"
    "'reason':'ok','says':['ready'],'weight':'50%'}},"
    "{'name':'b2','service':'www','address':'2001:db8::2','port':null,"
    "'admin':'drain','said':'disabled','health':'unknown',"
    "'state':'drain','weight':"
    "{'configured':1,'dynamic':null,'effective':0},'slots':0,'share':0.0,"
    "'connections':null,'check':null}]}]";

static const char status[] =
    "{'version':'9.9','uptime_s':93784,'revision':3,'table':'nftlb',"
    "'hash_seed':'0x1','flushed':true,'services':{'total':1,'up':0,"
    "'degraded':1,'down':0,'disabled':0},'backends':{'total':2,'active':1,"
    "'drain':1,'down':0,'disabled':0},'prober':{'pid':null,'restarts':2,"
    "'results':5,'jobs':1},'last_reload_ok':false,'last_error':'kaputt'}";

/* JSON with ' for " */
static json_t *parse(const char *text)
{
	char *copy = strdup(text), *p;
	json_t *v;

	for (p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(copy, JSON_DECODE_ANY, NULL);
	free(copy);
	assert_non_null(v);
	return v;
}

static void renders(void (*text)(struct render *r, const json_t *answer),
		    const char *answer, const char *extra,
		    const char *const *words)
{
	json_t *a = parse(answer), *e = extra ? parse(extra) : NULL;
	struct buf out = { 0 };
	struct render r = { .out = &out, .extra = e };

	text(&r, a);
	for (; *words; words++)
		if (!strstr(out.data, *words))
			fail_msg("\"%s\" is not in:\n%s", *words, out.data);
	no_trailing_blanks(&out);
	buf_free(&out);
	json_decref(a);
	json_decref(e);
}

static void test_render_status(void **state)
{
	renders(render_status, status, one_service,
		(const char *const[]){
		    "9.9, up 1d 2h", "services  1: 1 degraded",
		    "backends  2: 1 active, 1 drain", "not running",
		    "our tables were removed", "was refused", "kaputt",
		    "192.0.2.10,2001:db8::10 tcp 80,8000-8010", "  b1 ",
		    "10.0.0.1:8080", "100.0%", "degraded, panic",
		    "tcp: ok, ready weight 50%, 0.2 ms", NULL });
}

/* With a great many only those that are not well are asked for. */
static void test_status_asks_for_little(void **state)
{
	static const char many[] =
	    "{'services':{'total':100,'up':99},'backends':{'total':%d}}";
	char text[128];
	json_t *a;

	snprintf(text, sizeof(text), many, 100);
	a = parse(text);
	assert_string_equal(status_services(a), "/v1/services");
	json_decref(a);
	snprintf(text, sizeof(text), many, 101);
	a = parse(text);
	assert_string_equal(status_services(a), "/v1/services?state=not-up");
	json_decref(a);
	renders(render_status, text, one_service,
		(const char *const[]){ "degraded, panic",
				       "99 services that are up are not shown",
				       NULL });
}

static void test_render_lists(void **state)
{
	renders(render_services, one_service, NULL,
		(const char *const[]){ "www", "weighted", "degraded", "1/2",
				       "\n", NULL });
	renders(render_names, one_service, NULL,
		(const char *const[]){ "www\n", NULL });
	renders(render_slots,
		"[{'service':'www','family':'ipv4','slots':3,"
		"'owners':['b1','b2',null]}]",
		NULL,
		(const char *const[]){ "service www ipv4: 3 slots",
				       "0  b1 b2 -", NULL });
	renders(render_events,
		"[{'id':1,'time':'T','kind':'health','service':'www',"
		"'backend':'b1','old':'up','new':'down','reason':'timeout'}]",
		NULL, (const char *const[]){ "up -> down  timeout", NULL });
}

static void test_render_backend_line(void **state)
{
	renders(render_backend_line,
		"{'service':'www','name':'b1','state':'drain',"
		"'admin':'enabled','said':'drain','health':'up',"
		"'weight':{'effective':0},'share':0.0}",
		NULL,
		(const char *const[]){ "www/b1: drain, admin enabled, its "
				       "checks say drain, health up, weight 0",
				       NULL });
}

static void test_render_plan(void **state)
{
	renders(render_plan, "{'empty':true,'text':'','price':{}}", NULL,
		(const char *const[]){ "nothing to change", NULL });
	renders(render_plan,
		"{'empty':false,'text':'+ service new\\n','price':{"
		"'services_added':1,'slots_moved':5,'slots_total':50,"
		"'clients_moved':0.1,'flows_ended':null,'flows_moved':0.25}}",
		NULL,
		(const char *const[]){ "+ service new", "1 added", "5 of 50",
				       "10.0%", "25.0%", "not known", NULL });
}

static void test_render_route(void **state)
{
	renders(render_route,
		"{'service':'www','by':'slot','client':'192.0.2.1',"
		"'scheduler':'source-hash','hash_key':'source','slot':3,'slots'"
		":509,"
		"'backend':{'name':'b2','address':'10.0.0.2','port':80,"
		"'state':'active'},'shares':[]}",
		NULL,
		(const char *const[]){ "-> b2, 10.0.0.2 port 80",
				       "slot 3 of 509", NULL });
	renders(render_route,
		"{'service':'www','by':'slot','scheduler':'weighted',"
		"'backend':null,"
		"'reason':'the next backend depends on the counter',"
		"'shares':[{'name':'b1','slots':2,'share':0.5}]}",
		NULL, (const char *const[]){ "counter", "b1", "50.0%", NULL });
	renders(render_route,
		"{'service':'www','by':'pin','client':'192.0.2.1','scheduler':"
		"'source-hash','hash_key':'source','slot':null,'slots':509,"
		"'backend':{'name':'b2','address':'10.0.0.2','port':80,"
		"'state':'active'},'shares':[],'reason':'pinned to it'}",
		NULL,
		(const char *const[]){ "-> b2, 10.0.0.2 port 80",
				       "www: pinned to it", NULL });
}

/* Another version's daemon, or none of ours: no crash, something is said. */
static void test_render_anything(void **state)
{
	static const char *const answers[] = { "{}",     "[]",        "[{}]",
					       "null",   "7",         "'x'",
					       "[[],1]", "{'text':1}" };

	for (const struct command *c = commands; c->grammar; c++) {
		for (size_t i = 0; c->text && i < 8; i++) {
			json_t *a = parse(answers[i]);
			struct buf out = { 0 };
			struct render r = { .out = &out, .extra = a };

			c->text(&r, a);
			buf_free(&out);
			json_decref(a);
		}
	}
}

/* ---- widths */

static void test_widths(void **state)
{
	static const struct {
		const char *text;
		size_t width, cut_to;
		const char *cut;
	} texts[] = {
		{ "abc", 3, 3, "abc" },
		{ "abcd", 4, 3, "ab\xe2\x80\xa6" },
		{ "\xe6\xbc\xa2\xe5\xad\x97", 4, 3,
		  "\xe6\xbc\xa2\xe2\x80\xa6" }, /* two columns each */
		{ "\xe6\xbc\xa2\xe5\xad\x97", 4, 2, "\xe2\x80\xa6" },
		{ "e\xcc\x81x", 2, 2, "e\xcc\x81x" }, /* combining */
		{ "\033[31mdown\033[0m", 4, 2, "\033[31md\xe2\x80\xa6\033[0m" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf out = { 0 };

		assert_int_equal(text_width(texts[i].text), texts[i].width);
		assert_true(text_cut(&out, texts[i].text, texts[i].cut_to) <=
			    texts[i].cut_to);
		assert_string_equal(out.data, texts[i].cut);
		buf_free(&out);
	}
}

/* What could move a cursor, and what is no UTF-8. */
static void test_clean(void **state)
{
	char text[] = "a\033[2J\x7f\xc2\x9b\xff\xe6\xbc";

	text_clean(text);
	assert_string_equal(text, "a?[2J??????");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_empty_words),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_colours),
		cmocka_unit_test(test_render_status),
		cmocka_unit_test(test_status_asks_for_little),
		cmocka_unit_test(test_render_lists),
		cmocka_unit_test(test_render_backend_line),
		cmocka_unit_test(test_render_plan),
		cmocka_unit_test(test_render_route),
		cmocka_unit_test(test_render_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
