/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `monitor`: server-sent events, line by line. Only "data:" lines matter: they
 * hold the whole event.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/live.h"
#include "ctl/render.h"
#include "ctl/run.h"

struct monitor {
	bool json;
	struct buf line; /* not whole yet */
	int error;       /* errno of stdout */
};

static void event_print(struct monitor *m, const json_t *event,
			const char *text)
{
	struct buf out = { 0 };
	struct render r = { .out = &out, .colours = run_colours() };

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
	if (event)
		event_print(m, event, text + 6);
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

int live_monitor(const struct call *c, struct api *api, const char *path)
{
	struct monitor m = { .json = c->json };
	struct api_answer answer = { 0 };
	struct err err = { "" };
	int ret = api_follow(api, path, on_data, &m, &answer, &err);

	if (ret == -EPROTO) {
		run_problem(&answer);
		ret = EXIT_REFUSED;
	} else if (ret < 0) {
		ret = run_failed(ret, &err);
	} else {
		fprintf(stderr, "nftlbctl: stdout: %s\n", strerror(m.error));
		ret = EXIT_REFUSED;
	}
	buf_free(&m.line);
	buf_free(&answer.body);
	return ret;
}
