/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script check: exit status 0 is up, 1 is down, 2..255 is up with a weight
 * of that minus 2 (keepalived's MISC_CHECK with misc_dynamic). A script that a
 * signal ended says nothing good: down.
 *
 * A script that cannot be executed is this machine's fault, and says nothing of
 * the backend: HC_LOCAL, detail is the errno, one line in the log until it can
 * be executed again. (A package that is upgraded takes no backend down; exit
 * statuses 126 and 127, as a shell would say it, are weights here.)
 *
 * A script that is a feed has to end with status 0, and its number is the first
 * word of its standard output. Nothing else counts, no status is a weight.
 *
 * At the time-out, and when the job goes, the whole process group is told to
 * end and killed a second later, while the next probe may already run.
 *
 * Must not know how programs are started and ended (spawn.c).
 */
#include "healthcheck/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/script_output.h"
#include "healthcheck/socket.h"
#include "healthcheck/spawn.h"
#include "healthcheck/text.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define EXIT_WEIGHT 2 /* the exit status that means a weight of 0 */

/* What the checks of one spec share. */
struct scripts {
	struct spawn_leaving leaving;
	bool broken; /* its program cannot be executed; that was logged */
};

const char *script_prepare(struct spec *s, struct ev_loop *loop)
{
	struct scripts *shared;

	if (s->of.command.n == 0 || s->of.command.list[0][0] != '/')
		return "a command without an absolute path";
	shared = xcalloc(1, sizeof(*shared));
	LIST_INIT(&shared->leaving);
	s->prepared = shared;
	return NULL;
}

void script_release(struct spec *s)
{
	struct scripts *shared = s->prepared;

	spawn_forget(&shared->leaving);
	free(shared);
}

static int number_take(struct check *c)
{
	int reason = (int)script_output_judge(c->of.script.output, &c->value);

	c->has_value = reason == HC_OK;
	return reason;
}

static int script_reason(struct check *c, int status)
{
	bool feed = c->of.script.output != NULL;

	if (WIFSIGNALED(status)) {
		c->detail = WTERMSIG(status);
		return HC_SIGNAL;
	}
	c->detail = WEXITSTATUS(status);
	if (c->detail == 1 || (feed && c->detail))
		return HC_EXIT;
	if (feed)
		return number_take(c);
	if (c->detail >= EXIT_WEIGHT) {
		c->says = HC_SAYS_WEIGHT;
		c->weight = (uint16_t)(c->detail - EXIT_WEIGHT);
	}
	return HC_OK;
}

static void script_done(void *arg, int status)
{
	struct check *c = arg;

	c->of.script.running = NULL;
	check_finish(c, (enum hc_reason)script_reason(c, status));
}

/* ---- arguments and environment: one allocation for all texts ---- */

struct words {
	char *argv[SPEC_LIST_MAX + 1];
	char *env[5];
	struct buf texts;
};

static void words_fill(struct words *w, const struct check *c,
		       const struct hc_job *job)
{
	static const char *const env[] = { SPAWN_PATH,
					   "NFTLB_ADDRESS={address}",
					   "NFTLB_PORT={port}",
					   "NFTLB_BACKEND={backend}" };
	const size_t nenv = sizeof(env) / sizeof(env[0]);
	const struct spec_list *command = &c->spec->of.command;
	char address[ADDR_STRLEN];
	char *at;

	probe_address(job, address);
	for (size_t i = 0; i < command->n + nenv; i++) {
		braces_fill(i < command->n ? command->list[i]
					   : env[i - command->n],
			    address, job->port, job->name, &w->texts);
		buf_append(&w->texts, "", 1);
	}
	at = w->texts.data;
	for (size_t i = 0; i < command->n + nenv; i++) {
		*(i < command->n ? &w->argv[i] : &w->env[i - command->n]) = at;
		at += strlen(at) + 1;
	}
}

/* ---- the check ---- */

/* Our own fault of the moment (no memory, no process) is not worth a line for
 * each probe either. */
static void broken_set(const struct check *c, const char *path, int error)
{
	struct scripts *shared = c->spec->prepared;

	if (error && !shared->broken)
		log_warning("script %s cannot be run: %s", path,
			    strerror(error));
	if (!error && shared->broken)
		log_info("script %s can be run again", path);
	shared->broken = error != 0;
}

/* Its number is read from a pipe, of which the script has one end. */
static void script_spawn(struct check *c, const struct words *w, int *error)
{
	struct script_check *s = &c->of.script;
	bool feed = c->spec->of.feed == SPEC_YES;
	int out = -1;

	if (feed)
		s->output = script_output_open(c->loop, &out, error);
	if (!feed || s->output)
		s->running = spawn_start(c->loop, w->argv, w->env, out,
					 script_done, c, error);
	if (out >= 0)
		close(out);
}

int script_start(struct check *c, const struct hc_job *job)
{
	struct words w = { 0 };
	int error = 0;

	c->of.script = (struct script_check){ NULL };
	words_fill(&w, c, job);
	script_spawn(c, &w, &error);
	broken_set(c, w.argv[0], -error);
	buf_free(&w.texts);
	if (c->of.script.running)
		return CHECK_RUNNING;
	c->detail = -error;
	return HC_LOCAL;
}

int script_look(struct check *c)
{
	int status;

	return c->of.script.running && spawn_look(c->of.script.running, &status)
		   ? script_reason(c, status)
		   : CHECK_RUNNING;
}

void script_cancel(struct check *c)
{
	struct scripts *shared = c->spec->prepared;

	if (c->of.script.running)
		spawn_abandon(c->of.script.running, &shared->leaving);
	if (c->of.script.output)
		script_output_close(c->of.script.output);
	c->of.script.output = NULL;
	c->of.script.running = NULL;
}
