/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvagent.conf: what is read, all mistakes at once with file and line, and a
 * manual that has every key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hvagent/conf.h"
#include "lib/xalloc.h"

static int load(const char *text, struct hv_conf **conf, struct buf *errors)
{
	char path[] = "/tmp/test_hv_conf.XXXXXX";
	struct conf_errors e;
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	ret = hv_conf_read(path, conf, &e);
	conf_errors_print(&e, errors);
	conf_errors_free(&e);
	unlink(path);
	return ret;
}

static void test_good(void **state)
{
	struct buf errors = { 0 };
	struct hv_conf *c;

	(void)state;
	assert_int_equal(
	    load("[global]\nuplink = eth0, eth1\n"
		 "gateways = 192.0.2.1, 2001:db8::1\n"
		 "listen = [::1]:9443\n"
		 "[export]\ntype = file\ntarget = /var/x\ninterval = 5s\n"
		 "[binding web.1]\nservice = 198.51.100.1:80/tcp\n"
		 "vm = 10.0.0.1:8080\n"
		 "[binding dns]\nservice = [2001:db8::53]:53/udp\n"
		 "vm = fd00::1\n",
		 &c, &errors),
	    0);
	assert_int_equal(c->nuplinks, 2);
	assert_string_equal(c->uplinks[1], "eth1");
	assert_int_equal(c->ngateways, 2);
	assert_int_equal(c->gateways[1].family, AF_INET6);
	assert_string_equal(c->listen, "[::1]:9443");
	assert_string_equal(c->control_socket, "/run/nftlb/hvagent.sock");
	assert_int_equal(c->export.type, HV_EXPORT_FILE);
	assert_int_equal(c->export.interval_ms, 5000);
	assert_int_equal(c->bindings.n, 2);
	assert_int_equal(bindings_find(&c->bindings, "web.1")->vm_port, 8080);
	assert_int_equal(bindings_find(&c->bindings, "dns")->vm_port, 0);
	hv_conf_free(c);
	buf_free(&errors);
}

#define HEAD "[global]\nuplink = eth0\ngateways = 192.0.2.1\n"

static void test_bad(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "found no uplink; allowed: names of interfaces" },
		{ "[global]\nuplink = eth0\n",
		  ":1: [global]: found no gateways" },
		{ HEAD "uplnk = x\n",
		  ":4: [global]: found \"uplnk\": unknown key, did you mean "
		  "\"uplink\"?" },
		{ HEAD "[bindings x]\n",
		  "unknown section, did you mean \"binding\"?; allowed: "
		  "[global], [export], [binding NAME]" },
		{ HEAD "gateways = 192.0.2.2\n", "found a second time" },
		{ "[global]\nuplink = eth0\ngateways = 192.0.2.1, moon\n",
		  ":3: [global] gateways: found \"192.0.2.1, moon\": not an "
		  "address" },
		{ "[global]\nuplink = a/b\ngateways = 192.0.2.1\n",
		  ":2: [global] uplink: found \"a/b\"" },
		{ HEAD "[export]\ntype = kafka\n",
		  "[export]: target: found none" },
		{ HEAD "[export]\ntype = pigeon\n",
		  "allowed: none, file, http or kafka" },
		{ HEAD "[binding a]\nvm = 10.0.0.1\n",
		  ":4: [binding a]: found no service; allowed: ADDRESS:PORT" },
		{ HEAD "[binding a]\nservice = 1.2.3.4:80\nvm = 10.0.0.1\n",
		  ":5: [binding a] service: found \"1.2.3.4:80\"" },
		{ HEAD "[binding a]\nservice = 1.2.3.4:80/tcp\nvm = fd00::1\n",
		  ":4: [binding a] vm: found fd00::1: not of the service's "
		  "family" },
		{ HEAD
		  "[binding a]\nservice = 1.2.3.4:80/tcp\nvm = 10.0.0.1\n"
		  "[binding b]\nservice = 1.2.3.4:80/tcp\nvm = 10.0.0.1:8\n",
		  ":7: [binding b] service: found 1.2.3.4:80/tcp for the "
		  "machine 10.0.0.1 a second time, first in a" },
		{ HEAD "[binding a]\nservice = 1.2.3.4:80/tcp\nvm = 10.0.0.1\n"
		       "[binding a]\nservice = 1.2.3.4:81/tcp\nvm = 10.0.0.1\n",
		  "[binding a]: found a second time, first at" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf errors = { 0 };
		struct hv_conf *c;

		assert_int_equal(load(cases[i].text, &c, &errors), -EINVAL);
		assert_null(c);
		if (!strstr(errors.data, cases[i].words))
			fail_msg("case %zu: \"%s\" is not in: %s", i,
				 cases[i].words, errors.data);
		buf_free(&errors);
	}
}

static void test_all_at_once(void **state)
{
	struct buf errors = { 0 };
	struct hv_conf *c;
	size_t lines = 0;

	(void)state;
	assert_int_equal(load("[global]\nuplink = eth0\ngateways = x\nfoo = 1\n"
			      "[binding -]\n[binding a]\nservice = y\nvm = z\n",
			      &c, &errors),
			 -EINVAL);
	for (const char *p = errors.data; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 5);
	buf_free(&errors);
}

static void test_manual(void **state)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/man/hvagent.conf.5", top ? top : "."), *line;
	struct buf keys = { 0 };
	static char text[65536];
	FILE *f = fopen(path, "r");

	(void)state;
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	free(path);
	hv_conf_keys_print(&keys);
	for (line = strtok(keys.data, "\n"); line; line = strtok(NULL, "\n")) {
		char *key = strchr(line, '\t') + 1;
		char *item;

		key[strcspn(key, "\t")] = '\0';
		item = xasprintf("\n.It Cm %s ", key);
		if (!strstr(text, item))
			fail_msg("the manual has no \"%s\"", item + 1);
		free(item);
	}
	buf_free(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
