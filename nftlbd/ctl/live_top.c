/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `top`: a screen of state, drawn anew each second in one write, so that it
 * does not flicker. Without a terminal it is drawn once: for scripts and cron.
 *
 * Invariant: the terminal is left as it was found.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ctl/live.h"
#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/traffic.h"

#define TURN_MS       1000
#define EVENTS_PATH   "/v1/events?limit=8"
#define COUNTERS_PATH "/v1/counters"
#define LINES_ONCE    1000

#define SCREEN_ENTER "\033[?1049h\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_HOME  "\033[H"
#define LINE_END     "\033[K\n" /* clear what was there before */
#define SCREEN_REST  "\033[J"

static volatile sig_atomic_t ended;

static void on_signal(int signum)
{
	ended = 1;
}

/* What counters said at the look before, so that there are rates. */
struct past {
	json_t *counters; /* NULL: this is the first look */
	struct timespec when;
};

static double seconds_since(struct timespec *then)
{
	struct timespec before = *then;

	clock_gettime(CLOCK_MONOTONIC, then);
	return (double)(then->tv_sec - before.tv_sec) +
	       (double)(then->tv_nsec - before.tv_nsec) / 1e9;
}

/* Traffic by service and backend, from what is counted now and was before. */
static int look_at_counters(struct api *api, struct past *past,
			    json_t **traffic)
{
	json_t *counters;
	int ret = run_ask(api, "GET", COUNTERS_PATH, NULL, &counters);
	double seconds = seconds_since(&past->when);

	*traffic = NULL;
	if (ret != EXIT_DONE)
		return ret;
	*traffic = traffic_make(past->counters, counters, seconds);
	json_decref(past->counters);
	past->counters = counters;
	return ret;
}

/* {"status", "backends", "events", "traffic"} */
static int look(struct api *api, const char *path, struct past *past,
		json_t **all)
{
	json_t *status, *backends = NULL, *events = NULL, *traffic = NULL;
	int ret = run_ask(api, "GET", path, NULL, &status);

	if (ret == EXIT_DONE)
		ret = run_ask(api, "GET", "/v1/backends", NULL, &backends);
	if (ret == EXIT_DONE)
		ret = run_ask(api, "GET", EVENTS_PATH, NULL, &events);
	if (ret == EXIT_DONE)
		ret = look_at_counters(api, past, &traffic);
	*all = ret ? NULL
		   : json_pack("{s:O?, s:O?, s:O?, s:O?}", "status", status,
			       "backends", backends, "events", events,
			       "traffic", traffic);
	json_decref(traffic);
	json_decref(status);
	json_decref(backends);
	json_decref(events);
	return ret;
}

static unsigned int screen_lines(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 8)
		return 24;
	return size.ws_row;
}

static void draw(const json_t *all, bool tty)
{
	struct buf text = { 0 }, screen = { 0 };
	struct render r = { .out = &text,
			    .colours = tty && run_colours(),
			    .extra = all };
	char *save = NULL, *line;

	render_top(&r, json_object_get(all, "status"),
		   tty ? screen_lines() : LINES_ONCE);
	if (!tty) {
		fwrite(text.data, 1, text.len, stdout);
	} else {
		buf_printf(&screen, SCREEN_HOME);
		for (line = strtok_r(text.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			buf_printf(&screen, "%s" LINE_END, line);
		buf_printf(&screen, SCREEN_REST);
		fwrite(screen.data, 1, screen.len, stdout);
	}
	fflush(stdout);
	buf_free(&text);
	buf_free(&screen);
}

/* Wait for the next turn; true: the operator has had enough. */
static bool pause_turn(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (poll(&in, 1, TURN_MS) <= 0)
		return ended;
	return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' ||
	       ended;
}

static int watch(struct api *api, const char *path)
{
	struct past past = { 0 };
	json_t *all;
	int ret;

	do {
		ret = look(api, path, &past, &all);
		if (ret == EXIT_DONE)
			draw(all, true);
		json_decref(all);
	} while (ret == EXIT_DONE && !pause_turn());
	json_decref(past.counters);
	return ret;
}

/* Rates need a second look, where anything is counted. */
static int look_once(struct api *api, const char *path, json_t **all)
{
	const struct timespec turn = { .tv_sec = TURN_MS / 1000 };
	struct past past = { 0 };
	int ret = look(api, path, &past, all);

	if (ret == EXIT_DONE &&
	    json_object_size(json_object_get(*all, "traffic")) > 0) {
		json_decref(*all);
		nanosleep(&turn, NULL);
		ret = look(api, path, &past, all);
	}
	json_decref(past.counters);
	return ret;
}

static int once(const struct call *c, struct api *api, const char *path)
{
	json_t *all;
	int ret = look_once(api, path, &all);

	if (ret == EXIT_DONE && c->json) {
		json_dumpf(all, stdout, RUN_JSON);
		putchar('\n');
	} else if (ret == EXIT_DONE) {
		draw(all, false);
	}
	json_decref(all);
	return ret;
}

int live_top(const struct call *c, struct api *api, const char *path)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct termios before, raw;
	int ret;

	if (c->json || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ||
	    tcgetattr(STDIN_FILENO, &before) < 0)
		return once(c, api, path);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	raw = before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_ENTER, stdout);
	ret = watch(api, path);
	fputs(SCREEN_LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return ret;
}
