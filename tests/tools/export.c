/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The export by itself, for the lab: export TYPE TARGET TOPIC TOKEN-FILE N, "-"
 * for none. It exports N made-up bindings every second, and one more after each
 * SIGUSR1. Whenever its status is another one it prints it, with the longest
 * turn of the loop so far.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hvagent/export.h"

#define TICK_S 0.005

static const struct {
	const char *word;
	int type;
} types[] = {
	{ "file", HV_EXPORT_FILE },
	{ "http", HV_EXPORT_HTTP },
	{ "kafka", HV_EXPORT_KAFKA },
};

struct tool {
	struct agent a;
	struct hv_conf conf;
	ev_timer tick;
	ev_signal more, end;
	ev_tstamp ticked, longest;
	uint64_t said; /* exports that were spoken of */
};

static void add_binding(struct tool *t)
{
	size_t i = t->a.bindings.n + 1;
	char name[16], vm[32];
	struct binding b = { .name = name };
	struct err err;

	snprintf(name, sizeof(name), "b%05zu", i);
	snprintf(vm, sizeof(vm), "10.1.%zu.%zu:8080", i >> 8 & 255, i & 255);
	if (binding_service_parse("192.0.2.1:80/tcp", &b) < 0 ||
	    binding_vm_parse(vm, &b) < 0 ||
	    bindings_put(&t->a.bindings, &b, &err) < 0)
		abort();
	t->a.status.revision++;
}

static void say(struct tool *t)
{
	const struct export_status *st = export_status(&t->a);

	printf("{\"good\": %" PRIu64 ", \"failed\": %" PRIu64
	       ", \"bindings\": %zu, \"longest_s\": %.3f, \"error\": \"%s\"}\n",
	       st->good, st->failed, st->bindings, t->longest, st->error);
	fflush(stdout);
}

static void tick_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct tool *t = w->data;
	const struct export_status *st = export_status(&t->a);
	ev_tstamp now = ev_time();

	if (t->ticked != 0 && now - t->ticked > t->longest)
		t->longest = now - t->ticked;
	t->ticked = now;
	if (st->good + st->failed != t->said) {
		t->said = st->good + st->failed;
		say(t);
	}
}

static void more_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	add_binding(w->data);
}

static void end_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	ev_break(loop, EVBREAK_ALL);
}

static char *word_or_none(char *word)
{
	return strcmp(word, "-") ? word : NULL;
}

static int configure(struct tool *t, char **argv)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].word, argv[1]))
			t->conf.export.type = types[i].type;
	t->conf.export.target = argv[2];
	t->conf.export.topic = word_or_none(argv[3]);
	t->conf.export.token_file = word_or_none(argv[4]);
	t->conf.export.interval_ms = 1000;
	return t->conf.export.type ? 0 : -1;
}

static void watch(struct tool *t)
{
	ev_timer_init(&t->tick, tick_cb, TICK_S, TICK_S);
	ev_signal_init(&t->more, more_cb, SIGUSR1);
	ev_signal_init(&t->end, end_cb, SIGTERM);
	t->tick.data = t->more.data = t;
	ev_timer_start(t->a.loop, &t->tick);
	ev_signal_start(t->a.loop, &t->more);
	ev_signal_start(t->a.loop, &t->end);
}

int main(int argc, char **argv)
{
	static struct tool t;
	struct err err = { "" };

	t.a.conf = &t.conf;
	t.a.loop = ev_default_loop(0);
	if (argc != 6 || configure(&t, argv) < 0)
		return 2;
	for (int n = atoi(argv[5]); n > 0; n--)
		add_binding(&t);
	signal(SIGPIPE, SIG_IGN);
	watch(&t);
	if (export_open(&t.a, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	ev_run(t.a.loop, 0);
	export_close(&t.a);
	bindings_free(&t.a.bindings);
	return 0;
}
