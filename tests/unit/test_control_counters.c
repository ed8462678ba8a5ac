/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's counters: what is counted, what is not, and that the kernel was
 * asked before. And what `top` makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/traffic.h"
#include "tests/unit/control_rig.h"
#include "tests/unit/fake_counters.h"
#include "tests/unit/netns.h"

static const char services[] = "[service www]\n"
			       "address = 192.0.2.10\n"
			       "port = 80\n"
			       "check = none\n"
			       "counters = yes\n"
			       "backend.b1 = 10.0.0.11:8080\n"
			       "backend.b2 = 10.0.0.12:8080\n"
			       "[service quiet]\n"
			       "address = 192.0.2.11\n"
			       "port = 80\n"
			       "check = none\n"
			       "backend.b1 = 10.0.0.11:8080\n";

struct world {
	struct control_rig *rig;
	struct counters fake;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->rig = control_rig_open(services);
	w->fake.loop = w->rig->d.loop;
	w->rig->d.counters = &w->fake;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	control_rig_close(w->rig);
	totals_free(&w->fake.totals);
	free(w);
	return 0;
}

static void is(const json_t *v, const char *wanted)
{
	char *text =
		 json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY),
	     *p;

	assert_non_null(text);
	for (p = text; *p; p++)
		if (*p == '"')
			*p = '\'';
	assert_string_equal(text, wanted);
	free(text);
}

static void answers(struct world *w, const char *path, const char *wanted)
{
	struct exchange x;

	rig_ask(w->rig, "GET", path, NULL, &x);
	if (x.status != 200)
		fail_msg("%s: %s", path, x.body);
	is(x.json, wanted);
	exchange_free(&x);
}

#define QUIET                                                                  \
	"{'backends':[{'in':null,'name':'b1','new':null,'out':null}],"         \
	"'counters':false,'denied':null,'in':null,'limited':null,"             \
	"'name':'quiet','new':null,'out':null,'overflow':{'connections':null," \
	"'flows':null,'new':null,'sessions':null},'refused':null}"
#define NOTHING "{'bytes':0,'packets':0}"
#define WWW_ZERO                                                               \
	"{'backends':[{'in':" NOTHING ",'name':'b1','new':0,'out':" NOTHING    \
	"},{'in':" NOTHING ",'name':'b2','new':0,'out':" NOTHING "}],"         \
	"'counters':true,'denied':0,'in':" NOTHING ",'limited':0,"             \
	"'name':'www','new':0,'out':" NOTHING ",'overflow':{'connections':"    \
	"null,'flows':null,'new':null,'sessions':null},'refused':0}"

static void test_shape(void **state)
{
	struct world *w = *state;

	answers(w, "/v1/services/quiet/counters", QUIET);
	assert_string_equal(w->fake.asked, "quiet");
	answers(w, "/v1/services/www/counters", WWW_ZERO);
	answers(w, "/v1/counters", "[" WWW_ZERO "," QUIET "]");
	assert_string_equal(w->fake.asked, "");
	assert_int_equal(w->fake.reads, 3);
}

static void test_values(void **state)
{
	struct world *w = *state;

	fake_count(&w->fake, "in.www/b1", 3);
	fake_count(&w->fake, "in.www", 2); /* of backends that are gone */
	fake_count(&w->fake, "out.www/b1", 4);
	fake_count(&w->fake, "new.www/b1", 1);
	fake_count(&w->fake, "refused.www", 5);
	fake_count(&w->fake, "limited.www", 6);
	fake_count(&w->fake, "denied.www", 7);
	fake_count(&w->fake, "full-sessions.www", 8);
	fake_count(&w->fake, "full-new.www", 0);
	answers(
	    w, "/v1/services/www/counters",
	    "{'backends':[{'in':{'bytes':300,'packets':3},'name':'b1',"
	    "'new':1,'out':{'bytes':400,'packets':4}},{'in':" NOTHING
	    ",'name':'b2','new':0,'out':" NOTHING "}],'counters':true,"
	    "'denied':7,'in':{'bytes':500,'packets':5},'limited':6,"
	    "'name':'www','new':1,'out':{'bytes':400,'packets':4},"
	    "'overflow':{'connections':null,'flows':null,'new':0,'sessions':8},"
	    "'refused':5}");
	answers(w, "/v1/services/www/backends/b1/counters",
		"{'in':{'bytes':300,'packets':3},'name':'b1','new':1,"
		"'out':{'bytes':400,'packets':4},'service':'www'}");
}

static void test_unknown(void **state)
{
	struct world *w = *state;

	rig_refused(w->rig, "GET", "/v1/services/none/counters", NULL, 404,
		    "no service \"none\"");
	rig_refused(w->rig, "GET", "/v1/services/www/backends/b9/counters",
		    NULL, 404, "service \"www\" has no backend \"b9\"");
}

static void test_client_goes(void **state)
{
	static const char request[] = "GET /v1/counters HTTP/1.1\r\n"
				      "Host: x\r\n\r\n";
	struct world *w = *state;
	struct client c;

	client_open(&c, w->rig);
	client_send(&c, request, sizeof(request) - 1);
	while (w->fake.reads == 0)
		ev_run(w->rig->d.loop, EVRUN_ONCE);
	client_close(&c);
	answers(w, "/v1/services/www/counters", WWW_ZERO);
}

static void test_status(void **state)
{
	struct world *w = *state;
	struct exchange x;

	w->fake.overflow =
	    (struct counters_overflow){ .full = 1, .packets = { 5, 6, 7, 8 } };
	rig_ask(w->rig, "GET", "/v1/status", NULL, &x);
	is(json_object_get(x.json, "overflow"),
	   "{'connections':7,'flows':8,'full':1,'new':6,'sessions':5}");
	exchange_free(&x);
}

/* ---- top */

static json_t *counted(int packets, int fresh)
{
	return json_pack(
	    "[{s:s, s:i, s:{s:i, s:i}, s:{s:i, s:i}, s:[{s:s, "
	    "s:i, s:{s:i, s:i}, s:{s:i, s:i}}]}, {s:s, s:n, s:[]}]",
	    "name", "www", "new", fresh, "in", "packets", packets, "bytes",
	    10 * packets, "out", "packets", 0, "bytes", 0, "backends", "name",
	    "b1", "new", fresh, "in", "packets", packets, "bytes", 10 * packets,
	    "out", "packets", packets, "bytes", 30 * packets, "name", "quiet",
	    "in", "backends");
}

static void test_traffic(void **state)
{
	json_t *before = counted(100, 5), *now = counted(200, 7);
	json_t *t = traffic_make(NULL, before, 0);

	is(t, "{'www':{'bytes':1000,'new':5,'packets':100,'rate':null},"
	      "'www/b1':{'bytes':4000,'new':5,'packets':200,'rate':null}}");
	json_decref(t);
	t = traffic_make(before, now, 2);
	is(t, "{'www':{'bytes':2000,'new':7,'packets':200,'rate':{'bits':"
	      "4000.0,'new':1.0,'packets':50.0}},'www/b1':{'bytes':8000,"
	      "'new':7,'packets':400,'rate':{'bits':16000.0,'new':1.0,"
	      "'packets':100.0}}}");
	json_decref(t);
	json_decref(before);
	json_decref(now);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shape),   TEST(test_values),
		TEST(test_unknown), TEST(test_client_goes),
		TEST(test_status),  cmocka_unit_test(test_traffic),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
