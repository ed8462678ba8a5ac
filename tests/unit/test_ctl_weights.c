/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weights that follow the load as text: columns that are there only where a
 * service needs them, so that what static services show stays as it is; feeds,
 * phases, drains; and texts that the daemon should not have sent.
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

typedef void render_fn(struct render *r, const json_t *answer);

/* @answer as text is @wanted; @extra may be NULL. */
static void is_text(render_fn *text, const char *answer, const char *extra,
		    const char *wanted)
{
	json_t *a = parse(answer), *e = extra ? parse(extra) : NULL;
	struct buf out = { 0 };
	struct render r = { .out = &out, .extra = e };

	text(&r, a);
	assert_string_equal(out.data, wanted);
	buf_free(&out);
	json_decref(a);
	json_decref(e);
}

/* ---- static */

#define STATIC_BACKEND                                                         \
	"{'name':'b1','service':'www','address':'10.0.0.1','port':80,"         \
	"'admin':'enabled','said':'enabled','health':'up','state':'active',"   \
	"'weight':{'configured':2,'set':null,'dynamic':null,'effective':2,"    \
	"'why':null},'load':[],'slots':2,'share':1.0,'connections':7,"         \
	"'max_connections':null,'check':null}"

#define SERVICE(backends, weights)                                             \
	"{'name':'www','addresses':['192.0.2.10'],'protocol':['tcp'],"         \
	"'ports':['80'],'mode':'dnat','scheduler':'weighted','state':'up',"    \
	"'weights':" weights ",'slots':2,'backends':[" backends "]}"

static const char status[] =
    "{'version':'9','uptime_s':9,'revision':3,'table':'nftlb',"
    "'hash_seed':'0x1','services':{'total':1,'up':1},'backends':{'total':1,"
    "'active':1},'prober':null,'tracking':null}";

static void test_static(void **state)
{
	is_text(render_backends, "[" STATIC_BACKEND "]", NULL,
		"SERVICE  BACKEND  ADDRESS      ADMIN    HEALTH  STATE   "
		"WEIGHT  EFFECTIVE  SLOTS   SHARE  CONNECTIONS  CHECK\n"
		"www      b1       10.0.0.1:80  enabled  up      active  "
		"     2          2      2  100.0%            7  -\n");
	is_text(render_services, "[" SERVICE(STATIC_BACKEND, "null") "]", NULL,
		"SERVICE  ADDRESSES   PROTOCOL  PORTS  MODE  SCHEDULER  STATE  "
		"BACKENDS  SLOTS  CONNECTIONS\n"
		"www      192.0.2.10  tcp       80     dnat  weighted   up     "
		"     1/1      2            7\n");
	is_text(render_status, status, "[" SERVICE(STATIC_BACKEND, "null") "]",
		"nftlbd    9, up 9s, revision 3, table nftlb, hash-seed 0x1\n"
		"services  1: 1 up\n"
		"backends  1: 1 active\n"
		"\n"
		"SERVICE  ADDRESS            STATE   WEIGHT   SHARE  "
		"CONNECTIONS  CHECK\n"
		"www      192.0.2.10 tcp 80  up\n"
		"  b1     10.0.0.1:80        active       2  100.0%  "
		"          7  -\n");
}

/* The head of the screen has the time of day. */
static void test_static_top(void **state)
{
	json_t *a = parse(status);
	json_t *e = parse("{'backends':[" STATIC_BACKEND "],'events':[]}");
	struct buf out = { 0 };
	struct render r = { .out = &out, .extra = e };

	render_top(&r, a, 24, TOP_STATE);
	assert_string_equal(strchr(out.data, '\n') + 1,
			    "SERVICE  BACKEND  ADDRESS      STATE   WEIGHT   "
			    "SHARE  CONNECTIONS  CHECK\n"
			    "www      b1       10.0.0.1:80  active       2  "
			    "100.0%            7  -\n");
	buf_free(&out);
	json_decref(a);
	json_decref(e);
}

/* ---- dynamic */

#define DYNAMIC_BACKEND                                                        \
	"{'name':'d1','service':'cpu','address':'10.0.0.2','port':80,"         \
	"'admin':'drain','said':'enabled','health':'up','state':'drain',"      \
	"'weight':{'configured':2,'set':null,'dynamic':1.275,"                 \
	"'effective':2.55,'why':'one-reporter'},'load':[{'name':"              \
	"'connections','unit':'connections','value':12.0,'age_ms':5},"         \
	"{'name':'http','unit':'ms','value':3.25,'age_ms':5},"                 \
	"{'name':'cpu','unit':'load','value':null,'age_ms':null}],"            \
	"'slots':2,'share':1.0,'connections':3,'max_connections':null,"        \
	"'check':null}"

static void test_backends(void **state)
{
	is_text(render_backends, "[" STATIC_BACKEND "," DYNAMIC_BACKEND "]",
		NULL,
		"SERVICE  BACKEND  ADDRESS      ADMIN    HEALTH  STATE         "
		"  WEIGHT  EFFECTIVE  DYNAMIC  WHY                   LOAD      "
		"                           SLOTS   SHARE  CONNECTIONS  CHECK\n"
		"www      b1       10.0.0.1:80  enabled  up      active        "
		"       2          2                                           "
		"                               2  100.0%            7  -\n"
		"cpu      d1       10.0.0.2:80  drain    up      drain (3 left)"
		"       2       2.55    1.275  frozen: one reporter  "
		"connections 12, http 3.25 ms, cpu -      2  100.0%"
		"            3  -\n");
}

static void test_services(void **state)
{
	is_text(render_services,
		"[" SERVICE(DYNAMIC_BACKEND, "{'why':'saturated'}") "]", NULL,
		"SERVICE  ADDRESSES   PROTOCOL  PORTS  MODE  SCHEDULER  "
		"WEIGHTS    STATE  BACKENDS  SLOTS  CONNECTIONS\n"
		"www      192.0.2.10  tcp       80     dnat  weighted   "
		"saturated  up          0/1      2            3\n");
}

static void test_status(void **state)
{
	json_t *a = parse(status);
	json_t *e = parse("[" SERVICE(DYNAMIC_BACKEND, "{'why':'moving'}") "]");
	struct buf out = { 0 };
	struct render r = { .out = &out, .extra = e };

	json_object_set_new(a, "tracking",
			    parse("{'entries':9,'events':5,'lost':1,'dumps':2,"
				  "'drift':0,'blind':true}"));
	render_status(&r, a);
	assert_string_equal(
	    out.data,
	    "nftlbd    9, up 9s, revision 3, table nftlb, hash-seed 0x1\n"
	    "services  1: 1 up\n"
	    "backends  1: 1 active\n"
	    "tracking  9 flows, 5 events, lost 1 time, 2 dumps put 0 right"
	    "; no events (nf_conntrack_events is 0)\n"
	    "\n"
	    "SERVICE  ADDRESS            STATE           WEIGHT  DYNAMIC  WHY "
	    "                   SHARE  CONNECTIONS  CHECK\n"
	    "www      192.0.2.10 tcp 80  up                               "
	    "moving\n"
	    "  d1     10.0.0.2:80        drain (3 left)    2.55    1.275  "
	    "frozen: one reporter  100.0%            3  -\n");
	buf_free(&out);
	json_decref(a);
	json_decref(e);
}

static void test_top(void **state)
{
	json_t *a = parse(status);
	json_t *e = parse("{'backends':[" DYNAMIC_BACKEND "],'events':[],"
			  "'traffic':{'gate':{'local':true,'rate':null,"
			  "'bytes':4}}}");
	struct buf out = { 0 };
	struct render r = { .out = &out, .extra = e };

	render_top(&r, a, 24, TOP_STATE);
	assert_string_equal(
	    strchr(out.data, '\n') + 1,
	    "SERVICE  BACKEND  ADDRESS      STATE           WEIGHT  DYNAMIC  "
	    "WHY                    SHARE  CONNECTIONS  CHECK  NEW/S  "
	    "PACKETS/S  BITS/S  BYTES\n"
	    "cpu      d1       10.0.0.2:80  drain (3 left)    2.55    1.275  "
	    "frozen: one reporter  100.0%            3  -          -  "
	    "        -       -      -\n"
	    "gate     -        -            -                    -           "
	    "                           -            -  -          -  "
	    "        -       -      4\n");
	buf_free(&out);
	json_decref(a);
	json_decref(e);
}

static void test_lines(void **state)
{
	is_text(render_backend_line, DYNAMIC_BACKEND, NULL,
		"cpu/d1: drain, admin drain, health up, weight 2.55 (dynamic "
		"1.275, frozen: one reporter), share 100.0%\n");
	is_text(render_backend_line, STATIC_BACKEND, NULL,
		"www/b1: active, admin enabled, health up, weight 2, share "
		"100.0%\n");
}

static void test_route(void **state)
{
	is_text(render_route,
		"{'service':'www','by':'slot','scheduler':'least-cpu',"
		"'backend':null,'reason':'R','shares':[{'name':'b1','slots':2,"
		"'share':0.5,'weight':{'dynamic':0.5,'effective':1.5,"
		"'why':'moving'}}]}",
		NULL,
		"www (least-cpu): R\n"
		"BACKEND  SLOTS  SHARE  WEIGHT  DYNAMIC  WHY\n"
		"b1           2  50.0%     1.5      0.5  moving\n");
	is_text(render_route,
		"{'service':'www','by':'slot','scheduler':'weighted',"
		"'backend':null,'reason':'R','shares':[{'name':'b1','slots':2,"
		"'share':0.5,'weight':{'dynamic':null,'effective':1,"
		"'why':null}}]}",
		NULL,
		"www (weighted): R\n"
		"BACKEND  SLOTS  SHARE\n"
		"b1           2  50.0%\n");
}

/* ---- feeds and phases */

static void test_feeds(void **state)
{
	is_text(
	    render_feeds,
	    "[{'service':'cpu','backend':'p1','feed':'queue','type':"
	    "'agent','low':0.0,'high':40.0,'load':0.25,'age_ms':1234,"
	    "'reason':'ignored','detail':1,'value':10.5,'last_at':'T'},"
	    "{'service':'cpu','backend':'p2','feed':'cpu','type':'cpu',"
	    "'low':0.0,'high':1.0,'load':null,'age_ms':null,"
	    "'reason':'status','detail':2,'value':null,'last_at':null},"
	    "{'service':'cpu','backend':'p3','feed':'cpu','type':'cpu',"
	    "'low':0.0,'high':1.0,'load':null,'age_ms':null,"
	    "'reason':null,'detail':0,'value':null,'last_at':null}]",
	    NULL,
	    "SERVICE  BACKEND  FEED   TYPE   VALUE  LOAD    AGE  LAST\n"
	    "cpu      p1       queue  agent   10.5  0.25  1.2 s  nothing new\n"
	    "cpu      p2       cpu    cpu        -     -      -  status 2\n"
	    "cpu      p3       cpu    cpu        -     -      -  -\n");
}

#define PROBE(phases)                                                          \
	"[{'service':'www','backend':'b1','check':'web','type':'https',"       \
	"'address':'10.0.0.1','port':443,'via':'backend','health':'up',"       \
	"'reason':'ok','detail':0,'last_ms':9.5,'successes':2,'failures':0,"   \
	"'rise':2,'fall':3,'says':[],'weight':null," phases "}]"

/* One phase is the whole of it: nothing more to say. */
static void test_phases(void **state)
{
	is_text(render_probes,
		PROBE("'connect_ms':1.25,'tls_ms':4.0,'first_byte_ms':3.5"),
		NULL,
		"SERVICE  BACKEND  CHECK  TYPE   TARGET        HEALTH  LAST    "
		"TIME  PHASES                                STREAK    SAYS\n"
		"www      b1       web    https  10.0.0.1:443  up      ok    "
		"9.5 ms  connect 1.2, TLS 4.0, first byte 3.5  2/2 good  -\n");
	is_text(render_probes,
		PROBE("'connect_ms':9.5,'tls_ms':null,'first_byte_ms':null"),
		NULL,
		"SERVICE  BACKEND  CHECK  TYPE   TARGET        HEALTH  LAST    "
		"TIME  STREAK    SAYS\n"
		"www      b1       web    https  10.0.0.1:443  up      ok    "
		"9.5 ms  2/2 good  -\n");
}

/* ---- what it should not have sent */

static void test_drain(void **state)
{
	static const struct {
		const char *connections, *text;
	} drains[] = {
		{ "0", "drain (0 left)\n" },
		{ "3", "drain (3 left)\n" },
		{ "null", "drain\n" },
		{ "'3'", "drain\n" },
	};
	static const struct column column = { "STATE", LEFT };

	for (size_t i = 0; i < sizeof(drains) / sizeof(drains[0]); i++) {
		char json[128];
		struct buf out = { 0 };
		struct table t;
		json_t *b;

		snprintf(json, sizeof(json),
			 "{'state':'drain','connections':%s}",
			 drains[i].connections);
		b = parse(json);
		table_begin(&t, &column, 1);
		cell_backend_state(&t, b);
		table_end(&t, &out, false);
		assert_string_equal(strchr(out.data, '\n') + 1, drains[i].text);
		buf_free(&out);
		json_decref(b);
	}
}

static void test_decimals(void **state)
{
	static const struct {
		const char *json, *text;
	} numbers[] = {
		{ "2", "2" },        { "2.0", "2" },
		{ "2.5", "2.5" },    { "0.1234567", "0.123" },
		{ "100.0", "100" },  { "0.0", "0" },
		{ "-1.50", "-1.5" }, { "1e300", "-" },
		{ "'2'", "-" },      { "null", "-" },
		{ "[1]", "-" },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char json[64], text[DECIMAL_MAX];
		json_t *o;

		snprintf(json, sizeof(json), "{'n':%s}", numbers[i].json);
		o = parse(json);
		assert_string_equal(field_decimal(o, "n", text),
				    numbers[i].text);
		json_decref(o);
	}
}

/* Names and words of any length and with any bytes, and values of other types:
 * one line for each object, nothing that moves a cursor. */
static void test_foreign(void **state)
{
	static const char *const values[] = {
		"'\\u001b[2Jx\\n\\ty'",
		"'%s%n%s'",
		"null",
		"1e308",
		"-1",
		"[[]]",
		"{'why':{}}",
	};
	static const char *const keys[] = { "name",  "why",    "dynamic",
					    "unit",  "value",  "weights",
					    "state", "reason", "feed" };
	static render_fn *const renderers[] = { render_backends,
						render_services, render_feeds,
						render_probes };
	json_t *o = json_object(), *list, *load;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			json_object_set_new(o, keys[k], parse(values[i]));
		load = json_array();
		for (int n = 0; n < 100; n++)
			json_array_append_new(load, json_copy(o));
		list =
		    json_pack("[{s:O, s:O, s:O, s:O, s:O, s:o}]", "weight", o,
			      "weights", o, "name", json_object_get(o, "name"),
			      "feed", json_object_get(o, "feed"), "reason",
			      json_object_get(o, "reason"), "load", load);
		for (size_t k = 0; k < sizeof(renderers) / sizeof(renderers[0]);
		     k++) {
			struct buf out = { 0 };
			struct render r = { .out = &out };
			size_t lines = 0;

			renderers[k](&r, list);
			for (const char *p = out.data; *p; p++) {
				lines += *p == '\n';
				assert_true(*p == '\n' || *p >= ' ' || *p < 0);
			}
			assert_int_equal(lines, 2);
			buf_free(&out);
		}
		json_decref(list);
	}
	json_decref(o);
}

/* What a monitor shows of events about weights and feeds. */
static void test_events(void **state)
{
	is_text(render_event,
		"{'id':1,'time':'T','kind':'weights','service':'www',"
		"'backend':null,'old':'steady','new':'one-reporter',"
		"'reason':'measured=1/4 that serve'}",
		NULL,
		"T weights www steady -> one-reporter: measured=1/4 that "
		"serve\n");
	is_text(render_event,
		"{'id':1,'time':'T','kind':'feed','service':'www',"
		"'backend':'b1','old':'fresh','new':'silent',"
		"'reason':'feed=cpu no value for 6.0s, last=timeout'}",
		NULL,
		"T feed www/b1 fresh -> silent: feed=cpu no value for 6.0s, "
		"last=timeout\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_static_top),
		cmocka_unit_test(test_backends),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_feeds),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
