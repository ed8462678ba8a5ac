/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: wrong files. Those of tests/bad-conf say in their first lines what
 * must be complained of, "; expect LINE: WORDS" or, for an included file,
 * "; expect FILE:LINE: WORDS": these complaints and no others. What is too big
 * or too strange for a file in the tree is made here.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "lib/xalloc.h"

#define CORPUS_MIN 200 /* files in tests/bad-conf; a lost directory fails */
#define MUTATIONS  20000
#define WWW        "[service www]\naddress = 192.0.2.1\nport = 80\n"

static char *corpus_path(const char *name)
{
	const char *top = getenv("srcdir");

	return xasprintf("%s/tests/bad-conf/%s", top ? top : ".", name);
}

/* ---- the corpus */

/* Is there a complaint with these words at "LINE" or "FILE:LINE"? */
static bool complained(const struct rig *rig, const char *place,
		       const char *words)
{
	char at[300];
	size_t i;

	for (i = 0; i < rig->errors.n; i++) {
		const struct conf_error *e = &rig->errors.list[i];

		if (strchr(place, ':'))
			snprintf(at, sizeof(at), "%s:%u", e->file, e->line);
		else
			snprintf(at, sizeof(at), "%u", e->line);
		if (strlen(at) < strlen(place) ||
		    strcmp(at + strlen(at) - strlen(place), place))
			continue;
		if (!strchr(place, ':') && strcmp(at, place))
			continue;
		if (strstr(e->text, words))
			return true;
	}
	return false;
}

/* "; expect PLACE: WORDS" -> complaint; returns how many lines there were. */
static size_t expectations_check(const struct rig *rig, const char *path)
{
	char line[512], *place, *words;
	FILE *f = fopen(path, "r");
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && !strncmp(line, "; expect ", 9)) {
		line[strcspn(line, "\n")] = '\0';
		place = line + 9;
		words = strstr(place, ": ");
		assert_non_null(words);
		*words = '\0';
		words += 2;
		if (!complained(rig, place, words))
			fail_msg("%s: no \"%s\" at %s in:\n%s", path, words,
				 place, rig->words.data);
		n++;
	}
	fclose(f);
	return n;
}

static void corpus_is_refused_in_these_words(void **state)
{
	char *dir = corpus_path("");
	struct dirent *entry;
	struct rig *rig = *state;
	DIR *d = opendir(dir);
	size_t files = 0, n;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		const char *dot = strrchr(entry->d_name, '.');
		char *path;

		if (!dot || strcmp(dot, ".conf"))
			continue;
		path = corpus_path(entry->d_name);
		if (rig_load(rig, path) == 0)
			fail_msg("%s was accepted", path);
		n = expectations_check(rig, path);
		if (!n || n != rig->errors.n)
			fail_msg("%s: %zu complaints expected, found:\n%s",
				 path, n, rig->words.data);
		free(path);
		files++;
	}
	closedir(d);
	free(dir);
	assert_true(files >= CORPUS_MIN);
}

static void complaints_are_in_order(void **state)
{
	char *path = corpus_path("many.conf");
	struct rig *rig = *state;
	size_t i;

	rig_load(rig, path);
	assert_true(rig->errors.n > 8);
	for (i = 1; i < rig->errors.n; i++)
		assert_true(rig->errors.list[i - 1].line <=
			    rig->errors.list[i].line);
	free(path);
}

/* ---- files as such */

static void the_file_itself_is_wrong(void **state)
{
	struct rig *rig = *state;
	char *fifo = xasprintf("%s/fifo", rig->dir);

	assert_int_equal(rig_load(rig, "missing.conf"), -EINVAL);
	assert_non_null(strstr(rig->words.data,
			       "missing.conf: No such file or directory; "));
	assert_int_equal(rig_load(rig, "/"), -EINVAL);
	assert_non_null(strstr(rig->words.data, "/: is a directory; "));
	/* nobody writes to it: must not wait for that */
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(rig_load(rig, "fifo"), -EINVAL);
	assert_non_null(strstr(rig->words.data, "is a FIFO; "));
	assert_int_equal(rig->errors.n, 1);
	free(fifo);
}

static void an_include_is_a_fifo(void **state)
{
	static const char text[] = "[global]\ninclude = *.inc\n";
	struct rig *rig = *state;
	char *fifo = xasprintf("%s/x.inc", rig->dir);

	assert_int_equal(mkfifo(fifo, 0600), 0);
	rig_bad(rig, text, strlen(text), 2, "is a FIFO; allowed: regular");
	free(fifo);
}

static void an_include_may_not_be_read(void **state)
{
	static const char text[] = "[global]\ninclude = x.inc\n";
	struct rig *rig = *state;
	char *path = xasprintf("%s/x.inc", rig->dir);

	rig_write(rig, "x.inc", "", 0);
	assert_int_equal(chmod(path, 0), 0);
	/* root may read everything: then as somebody else */
	if (!geteuid())
		assert_int_equal(chmod(rig->dir, 0755) | seteuid(65534), 0);
	assert_true(access(path, R_OK) || geteuid());
	if (!getuid()) {
		assert_int_equal(seteuid(0), 0);
		rig_write(rig, "bad.conf", text, strlen(text));
		assert_int_equal(seteuid(65534), 0);
		assert_int_equal(rig_load(rig, "bad.conf"), -EINVAL);
		assert_int_equal(seteuid(0), 0);
		assert_non_null(strstr(rig->words.data,
				       "bad.conf:2: [global] include: found "
				       "\"x.inc\""));
		assert_non_null(strstr(rig->words.data, "Permission denied"));
	} else {
		rig_bad(rig, text, strlen(text), 2, "Permission denied");
	}
	free(path);
}

/* ---- big and strange text */

static void nul_bytes(void **state)
{
	static const char text[] = WWW "on-empty = re\0ject\n";

	rig_bad(*state, text, sizeof(text) - 1, 4,
		"NUL byte at column 14; allowed: text and tabs");
	rig_bad(*state, "\0\0\0\n\0", 5, 1, "NUL byte at column 1");
}

static void a_line_of_a_megabyte(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };

	buf_printf(&b, WWW "pool = %0*d\nmode = x\n", 1 << 20, 7);
	rig_bad(rig, b.data, b.len, 4,
		"line of 1048583 bytes is too long; allowed: lines of up to "
		"8192 bytes");
	/* and reading goes on behind it */
	rig_bad(rig, b.data, b.len, 5, "[service www] mode: found \"x\"");
	assert_int_equal(rig->errors.n, 2);
	buf_free(&b);
}

static void a_line_of_one_byte_too_many(void **state)
{
	struct buf b = { 0 };

	buf_printf(&b, WWW "scheduler = weighted ;%0*d", 8193 - 22, 0);
	rig_bad(*state, b.data, b.len, 4, "line of 8193 bytes is too long");
	buf_free(&b);
}

static void too_many_backends(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };
	unsigned int i;

	buf_printf(&b, WWW);
	for (i = 0; i < 65536; i++)
		buf_printf(&b, "backend.b%u = 10.%u.%u.%u\n", i, i >> 14,
			   i >> 7 & 127, (i & 127) + 1);
	rig_bad(rig, b.data, b.len, 4 + 4096,
		"backend number 4097\": too many backends; allowed: at most "
		"4096");
	assert_int_equal(rig->errors.n, 1);
	buf_free(&b);
}

static void too_many_with_the_pool(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };
	unsigned int i;

	buf_printf(&b, WWW "pool = p\nbackend.last = 10.0.0.1\n[pool p]\n");
	for (i = 0; i < 4096; i++)
		buf_printf(&b, "backend.b%u = 10.1.%u.%u\n", i, i >> 7,
			   (i & 127) + 1);
	rig_bad(rig, b.data, b.len, 4, "found \"4097 backends\"");
	assert_int_equal(rig->errors.n, 1);
	buf_free(&b);
}

static void complaints_are_bounded(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };
	unsigned int i;

	for (i = 0; i < 50000; i++)
		buf_printf(&b, "garbage %u\n", i);
	rig_write(rig, "bad.conf", b.data, b.len);
	rig_load(rig, "bad.conf");
	assert_int_equal(rig->errors.n, 1001);
	assert_string_equal(rig->errors.list[1000].text,
			    "and 49000 more errors");
	buf_free(&b);
}

static void too_many_addresses_and_ports(void **state)
{
	struct buf b = { 0 };
	unsigned int i;

	buf_printf(&b, "[service www]\nport = 80\naddress = 192.0.2.1");
	for (i = 0; i < 256; i++)
		buf_printf(&b, ", 10.0.%u.1", i);
	rig_bad(*state, b.data, b.len, 3, "too many addresses; allowed: ");
	buf_clear(&b);
	buf_printf(&b, "[service www]\naddress = 192.0.2.1\nport = 1");
	for (i = 1; i < 513; i++)
		buf_printf(&b, ", %u", i * 2 + 1);
	rig_bad(*state, b.data, b.len, 3, "too many ranges; allowed: ");
	buf_free(&b);
}

/* An overlap must be found among many, and each service blamed once. */
static void one_overlap_of_many(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };
	unsigned int i;

	for (i = 0; i < 5000; i++)
		buf_printf(&b,
			   "[service s%u]\naddress = 192.0.2.1, 2001:db8::%x\n"
			   "port = %u-%u\n",
			   i, i + 1, i * 10 + 1, i * 10 + 10);
	buf_printf(&b, "[service late]\naddress = 192.0.2.1\nport = 10-25\n");
	rig_bad(rig, b.data, b.len, 15001,
		"[service late] port: found ports 10-25 of 192.0.2.1/tcp: "
		"overlaps with ports ");
	assert_int_equal(rig->errors.n, 1);
	buf_free(&b);
}

/* ---- mutations: nothing that is done to a good file may crash */

static const char good[] =
    "[global]\ntable = lb\nhash-seed = 0x12\ncontrol-group = adm\n"
    "script-user = nobody\non-change = /bin/hook\n"
    "[defaults]\nscheduler = weighted\ncheck = c\ncheck-require = any\n"
    "slow-start = 30s\non-change = /bin/other\n"
    "[check c]\ninterval = 5s\ntimeout = 200ms\njitter = 5%\nport = 80\n"
    "tls = yes\nsni = a.b\nsend = x\\r\\n\\x3b\nexpect = 2?? *\\*\n"
    "[check w]\ntype = https\npath = /x\nhost = a:8\nheader = A: b\n"
    "header = C: d\nexpect-status = 200, 300-399\nexpect-body = ^(a|b)*$\n"
    "http-version = 2\nbody-limit = 9\nfast-interval = 1s\n"
    "[check d]\ntype = dns\nquery = a.example\nquery-type = MX\n"
    "expect-rcode = NXDOMAIN\nexpect-answer = b.example\nvia = service\n"
    "source-address = 10.0.0.1, ::7\ninterface = eth0\n"
    "[check s]\ntype = snmp\nversion = 3\nuser = u\nauth = sha\n"
    "auth-password = 12345678\noid = .1.3.6.1\nmin = -7\nmax = none\n"
    "[check x]\ntype = script\ncommand = /x \"a b\\\"\" {port} {{\n"
    "[check f]\ntype = file\nfile = /run/{backend}\npresent = down\n"
    "[check g]\ntype = agent\nport = 9\nsend = x\\n\n"
    "[pool p]\nbackend.a = 10.0.0.1:80 weight=3 check=tcp\n"
    "backend.b = [2001:db8::2]:80 check-address=10.0.0.9 check-port=1\n"
    "[service www]\naddress = 192.0.2.1, 2001:db8::1\n"
    "port = 80, 8000-8010\nprotocol = tcp, udp\npool = p\n"
    "backend.c = 10.0.0.3 weight=0 disabled ; last\nslots = auto\n"
    "backend.d = 10.0.0.4 backup check=c,w,s,x,f,g check-port=2\n"
    "backup-when = 2\nminimum-usable = 30%\nquorum = 5\n"
    "quorum-hysteresis = 2\nflap-hold = 10s\nflap-hold-max = 1h\n"
    "drain-timeout = 5m\non-down = cut\n"
    "[service dns]\naddress = 192.0.2.53\nport = any\nmode = snat\n"
    "source-address = 10.1.1.1\nscheduler = source-hash\n"
    "hash-key = 5-tuple\nslots = 1009\non-empty = drop\n";

/* xorshift: the same mutations on every machine */
static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* One edit of @text, of @len bytes in room for more; returns the new length. */
static size_t mutate(char *text, size_t len, uint32_t *seed)
{
	static const char nasty[] = "\0\n\r\t []=:;#,.-%/\"\\{}$0x9\xff\xc3";
	size_t at = next_random(seed) % len, n, from;

	switch (next_random(seed) % 6) {
	case 0: /* another byte */
		text[at] = (char)next_random(seed);
		return len;
	case 1: /* a byte that means something */
		text[at] = nasty[next_random(seed) % (sizeof(nasty) - 1)];
		return len;
	case 2: /* the end is lost */
		return at ? at : 1;
	case 3: /* something is lost */
		n = 1 + next_random(seed) % 20;
		if (n >= len - at)
			return len;
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 4: /* something is there twice */
		n = 1 + next_random(seed) % 60;
		from = next_random(seed) % len;
		if (n > len - from)
			n = len - from;
		memmove(text + at + n, text + at, len - at);
		memmove(text + at, good + from % (sizeof(good) - 61), n);
		return len + n;
	default: /* bytes change places */
		from = next_random(seed) % len;
		text[at] ^= text[from];
		return len;
	}
}

static void mutations_never_crash(void **state)
{
	struct rig *rig = *state;
	char text[sizeof(good) + 8 * 64];
	size_t len, refused = 0, i;
	uint32_t seed = 1, edits;

	for (i = 0; i < MUTATIONS; i++) {
		memcpy(text, good, sizeof(good));
		len = sizeof(good) - 1;
		for (edits = 1 + next_random(&seed) % 4; edits; edits--)
			len = mutate(text, len, &seed);
		rig_write(rig, "bad.conf", text, len);
		refused += rig_load(rig, "bad.conf") != 0;
	}
	/* the mutations do something, and not always harm */
	assert_true(refused > MUTATIONS / 3);
	assert_true(refused < MUTATIONS);
}

static void the_unmutated_file_is_good(void **state)
{
	rig_good(*state, good);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(corpus_is_refused_in_these_words),
		T(complaints_are_in_order),
		T(the_file_itself_is_wrong),
		T(an_include_is_a_fifo),
		T(an_include_may_not_be_read),
		T(nul_bytes),
		T(a_line_of_a_megabyte),
		T(a_line_of_one_byte_too_many),
		T(too_many_backends),
		T(too_many_with_the_pool),
		T(complaints_are_bounded),
		T(too_many_addresses_and_ports),
		T(one_overlap_of_many),
		T(the_unmutated_file_is_good),
		T(mutations_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
