/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `top`: a screen of state, drawn anew each second in one write, so that it
 * does not flicker. Without a terminal it is drawn once: for scripts and cron.
 * A daemon that goes is waited for; what was seen last stays on the screen.
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
#include "ctl/table.h"
#include "ctl/terminal.h"
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

static volatile sig_atomic_t ended, resized;

static void on_signal(int signum)
{
	if (signum == SIGWINCH)
		resized = 1;
	else
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

/* One line of the screen, and no more of it than fits. */
static void put_line(struct buf *screen, const char *line, size_t width)
{
	text_cut(screen, line, width);
	buf_printf(screen, LINE_END);
}

static void draw_screen(const struct render *r, const char *words)
{
	struct buf screen = { 0 };
	size_t width = terminal_width();
	char *save = NULL, *line;

	buf_printf(&screen, SCREEN_HOME);
	for (line = strtok_r(r->out->data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		put_line(&screen, line, width);
	put_line(&screen, words, width);
	screen.len -= 1; /* the last line ends no line: nothing scrolls */
	buf_printf(&screen, SCREEN_REST);
	fwrite(screen.data, 1, screen.len, stdout);
	fflush(stdout);
	buf_free(&screen);
}

static void draw(const json_t *all, bool tty, enum top_order order,
		 const char *words)
{
	struct buf text = { 0 };
	struct render r = { .out = &text,
			    .colours = terminal_colours(),
			    .extra = all };

	table_limit(terminal_width());
	render_top(&r, json_object_get(all, "status"),
		   tty ? screen_lines() - 1 : LINES_ONCE, order);
	if (tty)
		draw_screen(&r, words);
	else
		fwrite(text.data, 1, text.len, stdout);
	fflush(stdout);
	buf_free(&text);
}

/* What a key means. */
static const struct {
	char key;
	enum top_order order;
} orders[] = {
	{ 's', TOP_STATE },  { 'c', TOP_CONNECTIONS }, { 'n', TOP_NAME },
	{ 'w', TOP_WEIGHT }, { 'h', TOP_SHARE },       { 't', TOP_TRAFFIC },
};

static const char keys[] = "q quit; order: s state, c connections, n name, "
			   "w weight, h share, t traffic";

/* Wait for the next turn, a key or another size; true: the operator has had
 * enough. */
static bool pause_turn(enum top_order *order)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (resized || ended || poll(&in, 1, TURN_MS) <= 0) {
		resized = 0;
		return ended;
	}
	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
		return true;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i].key == key)
			*order = orders[i].order;
	return ended;
}

/* Whatever ends a look, but for the first, is waited for. */
static int watch(struct api *api, const char *path, struct buf *words)
{
	enum top_order order = TOP_STATE;
	struct past past = { 0 };
	json_t *all = NULL, *new;
	int ret;

	do {
		run_mute(words);
		ret = look(api, path, &past, &new);
		run_mute(NULL);
		if (ret == EXIT_DONE) {
			json_decref(all);
			all = new;
		}
		if (!all)
			break;
		draw(all, true, order, ret == EXIT_DONE ? keys : words->data);
	} while (!pause_turn(&order));
	json_decref(past.counters);
	ret = all ? EXIT_DONE : ret;
	json_decref(all);
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
		draw(all, false, TOP_STATE, "");
	}
	json_decref(all);
	return ret;
}

int live_top(const struct call *c, struct api *api, const char *path)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct termios before, raw;
	struct buf words = { 0 };
	int ret;

	if (c->json || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ||
	    tcgetattr(STDIN_FILENO, &before) < 0)
		return once(c, api, path);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGWINCH, &act, NULL);
	api_quiet(api);
	raw = before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_ENTER, stdout);
	ret = watch(api, path, &words);
	fputs(SCREEN_LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	if (ret != EXIT_DONE)
		fprintf(stderr, "nftlbctl: %s\n", words.data);
	buf_free(&words);
	return ret;
}
