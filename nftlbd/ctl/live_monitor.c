/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `monitor`: server-sent events, line by line. Only "data:" lines matter: they
 * hold the whole event. A daemon that goes is waited for: of the same one no
 * event is missed, of one that was started anew all are shown.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/live.h"
#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/terminal.h"

#define AGAIN_NS 300000000L

struct monitor {
	bool json;
	json_int_t last; /* id of the last event that is dealt with */
	struct buf line; /* not whole yet */
	int error;       /* errno of stdout */
};

static void event_print(struct monitor *m, const json_t *event,
			const char *text)
{
	struct buf out = { 0 };
	struct render r = { .out = &out, .colours = terminal_colours() };

	if (m->json)
		buf_printf(&out, "%s\n", text);
	else
		render_event(&r, event);
	if (fwrite(out.data, 1, out.len, stdout) != out.len ||
	    fflush(stdout) != 0)
		m->error = errno;
	buf_free(&out);
}

static void line_take(struct monitor *m)
{
	const char *text = m->line.data;
	json_t *event;

	if (!text || strncmp(text, "data: ", 6) != 0)
		return;
	event = json_loads(text + 6, 0, NULL);
	if (event) {
		m->last = field_int(event, "id");
		event_print(m, event, text + 6);
	}
	json_decref(event);
}

static bool on_data(void *arg, const char *text, size_t len)
{
	struct monitor *m = arg;

	while (len > 0 && !m->error) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		buf_append(&m->line, text, n);
		if (!end)
			break;
		line_take(m);
		buf_clear(&m->line);
		text += n + 1;
		len -= n + 1;
	}
	return !m->error;
}

/* Where do we begin? Again: is it still the one that counts our ids? Its own
 * count is at least ours. */
static int find_place(struct monitor *m, struct api *api, bool again)
{
	json_t *events = NULL;
	json_int_t newest;
	int ret = run_ask(api, "GET", "/v1/events?limit=1", NULL, &events);

	newest = field_int(json_array_get(events, 0), "id");
	if (ret == EXIT_DONE && (!again || newest < m->last))
		m->last = again ? 0 : newest;
	json_decref(events);
	return ret;
}

/* One connection; -EAGAIN: the daemon ended it, or is not there any more. */
static int follow(struct monitor *m, struct api *api, const char *path)
{
	struct api_answer answer = { 0 };
	struct err err = { "" };
	struct buf url = { 0 };
	int ret;

	buf_printf(&url, "%s&since=%lld", path, (long long)m->last);
	ret = api_follow(api, url.data, on_data, m, &answer, &err);
	if (ret == -ECONNRESET || ret == -ENOTCONN) {
		ret = -EAGAIN;
	} else if (ret == -EPROTO) {
		run_problem(&answer);
		ret = EXIT_REFUSED;
	} else if (ret < 0) {
		ret = run_failed(ret, &err);
	} else {
		fprintf(stderr, "nftlbctl: stdout: %s\n", strerror(m->error));
		ret = EXIT_REFUSED;
	}
	buf_free(&url);
	buf_free(&answer.body);
	buf_clear(&m->line);
	return ret;
}

static void wait_for_daemon(struct monitor *m, struct api *api)
{
	const struct timespec pause = { .tv_nsec = AGAIN_NS };
	struct buf words = { 0 };
	int ret;

	fputs("nftlbctl: the daemon has gone; waiting for it\n", stderr);
	run_mute(&words);
	do {
		nanosleep(&pause, NULL);
		ret = find_place(m, api, true);
	} while (ret == EXIT_NO_DAEMON);
	run_mute(NULL);
	buf_free(&words);
}

int live_monitor(const struct call *c, struct api *api, const char *path)
{
	struct monitor m = { .json = c->json };
	int ret;

	api_quiet(api);
	ret = find_place(&m, api, false);
	while (ret == EXIT_DONE && (ret = follow(&m, api, path)) == -EAGAIN) {
		wait_for_daemon(&m, api);
		ret = EXIT_DONE;
	}
	buf_free(&m.line);
	return ret;
}
