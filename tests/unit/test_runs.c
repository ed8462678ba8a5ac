/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of hooks, by the prober that is for scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "healthcheck/runs.h"
#include "lib/xalloc.h"
#include "prober_rig.h"

struct fixture {
	struct rig rig;
	char dir[32];
	int status[2048]; /* by id, of runs that are over */
	bool over[2048];
	unsigned int nover;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/nftlb-runs-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	rig_open_role(&f->rig, "scripts");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char *command = xasprintf("rm -r %s", f->dir);

	if (f->rig.fd >= 0)
		rig_close(&f->rig);
	assert_int_equal(system(command), 0);
	free(command);
	free(f);
	return 0;
}

/* `sh -c TEXT` with DIR in its environment; TEXT of NULL: no such program */
static void run(struct fixture *f, uint32_t id, const char *text,
		uint32_t timeout_ms)
{
	char *dir = xasprintf("DIR=%s", f->dir);
	char *argv[] = { (char *)(text ? "/bin/sh" : "/no/such/program"),
			 (char *)"-c", (char *)text };
	struct hc_spec spec = { .command = { argv, text ? 3 : 1 },
				.env = { &dir, 1 },
				.timeout_ms = timeout_ms };
	struct hc_part part = { .id = id, .type = HC_SCRIPT };
	struct buf blob = { 0 };

	spec_encode(&spec, &blob);
	part.total = part.len = (uint32_t)blob.len;
	rig_part(&f->rig, HC_MSG_RUN, &part, blob.data);
	buf_free(&blob);
	free(dir);
}

/* Take one packet of whatever kind. */
static void packet_take(struct fixture *f)
{
	struct {
		struct hc_header head;
		union {
			struct hc_ran rans[HC_RECORDS_MAX];
			struct hc_stats stats;
		} of;
	} packet;

	assert_true(rig_recv(&f->rig, &packet, sizeof(packet)) > 0);
	if (packet.head.type == HC_MSG_STATS)
		f->rig.nstats++;
	if (packet.head.type != HC_MSG_RAN)
		return;
	for (uint32_t i = 0; i < packet.head.count; i++) {
		uint32_t id = packet.of.rans[i].id;

		assert_true(id < 2048 && !f->over[id]);
		f->over[id] = true;
		f->status[id] = packet.of.rans[i].status;
		f->nover++;
	}
}

static int status_of(struct fixture *f, uint32_t id)
{
	while (!f->over[id])
		packet_take(f);
	return f->status[id];
}

static char *path_of(const struct fixture *f, const char *name)
{
	return xasprintf("%s/%s", f->dir, name);
}

/* Lines in a file of the fixture's. */
static unsigned int lines(const struct fixture *f, const char *name)
{
	char *path = path_of(f, name);
	FILE *file = fopen(path, "r");
	unsigned int n = 0;
	int c;

	while (file && (c = fgetc(file)) != EOF)
		n += c == '\n';
	if (file)
		fclose(file);
	free(path);
	return n;
}

static void file_make(const struct fixture *f, const char *name)
{
	char *path = path_of(f, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fclose(file);
	free(path);
}

static void ends_are_told(void **state)
{
	struct fixture *f = *state;

	run(f, 1, "exit 0", 0);
	run(f, 2, "exit 7", 0);
	run(f, 3, "kill -9 $$", 0);
	run(f, 4, NULL, 0);
	assert_int_equal(status_of(f, 1), 0);
	assert_int_equal(WEXITSTATUS(status_of(f, 2)), 7);
	assert_int_equal(WTERMSIG(status_of(f, 3)), SIGKILL);
	assert_int_equal(status_of(f, 4), -ENOENT);
}

static void what_a_run_is_given(void **state)
{
	struct fixture *f = *state;

	run(f, 1,
	    "[ \"$PATH\" = /usr/sbin:/usr/bin:/sbin:/bin ] && [ $# = 0 ] && "
	    "[ \"$(env | grep -cv -e ^PWD= -e ^_= -e ^SHLVL=)\" = 2 ] && "
	    "[ -d \"$DIR\" ]",
	    0);
	assert_int_equal(status_of(f, 1), 0);
}

static void a_run_has_a_limit(void **state)
{
	struct fixture *f = *state;

	run(f, 1, "sleep 600", 100);
	run(f, 2, "trap '' TERM; while :; do sleep 0.05; done", 100);
	assert_int_equal(WTERMSIG(status_of(f, 1)), SIGTERM);
	assert_false(f->over[2]);
	assert_int_equal(WTERMSIG(status_of(f, 2)), SIGKILL);
}

#define UNTIL_GO                                                               \
	"echo >> $DIR/begun; while [ ! -e $DIR/go ]; do sleep 0.02; done"

static void so_many_at_once(void **state)
{
	struct fixture *f = *state;
	unsigned int stats;

	for (uint32_t i = 0; i < RUNS_AT_ONCE + 8; i++)
		run(f, i, UNTIL_GO, 0);
	WAIT_FOR(lines(f, "begun") == RUNS_AT_ONCE);
	/* a second of the prober's: no other one has begun */
	stats = f->rig.nstats;
	while (f->rig.nstats < stats + 2)
		packet_take(f);
	assert_int_equal(lines(f, "begun"), RUNS_AT_ONCE);
	assert_int_equal(f->nover, 0);
	file_make(f, "go");
	while (f->nover < RUNS_AT_ONCE + 8)
		packet_take(f);
	assert_int_equal(lines(f, "begun"), RUNS_AT_ONCE + 8);
}

static void so_many_wait(void **state)
{
	struct fixture *f = *state;
	const uint32_t all = RUNS_AT_ONCE + RUNS_WAITING + 5;

	for (uint32_t i = 0; i < all; i++)
		run(f, i, i < RUNS_AT_ONCE ? UNTIL_GO : "exit 0", 0);
	while (f->nover < 5)
		packet_take(f);
	/* those that waited longest */
	for (uint32_t i = RUNS_AT_ONCE; i < RUNS_AT_ONCE + 5; i++)
		assert_int_equal(status_of(f, i), -EBUSY);
	file_make(f, "go");
	while (f->nover < all)
		packet_take(f);
	for (uint32_t i = RUNS_AT_ONCE + 5; i < all; i++)
		assert_int_equal(f->status[i], 0);
}

static void they_end_with_the_prober(void **state)
{
	struct fixture *f = *state;
	char *path = path_of(f, "pid");
	FILE *file;
	int pid;

	run(f, 1, "trap '' TERM; echo $$ > $DIR/pid; sleep 600; sleep 600", 0);
	WAIT_FOR(lines(f, "pid") == 1);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	free(path);
	rig_close(&f->rig);
	WAIT_FOR(kill(-pid, 0) < 0 && errno == ESRCH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(ends_are_told),     TEST(what_a_run_is_given),
		TEST(a_run_has_a_limit), TEST(so_many_at_once),
		TEST(so_many_wait),      TEST(they_end_with_the_prober),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
