/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server and client share one loop and one thread. */
#include "tests/unit/control_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/committer.h"
#include "daemon/forecast.h"
#include "daemon/health.h"
#include "daemon/history.h"
#include "daemon/lists.h"
#include "daemon/load.h"
#include "daemon/sessions.h"
#include "daemon/want.h"
#include "lib/xalloc.h"
#include "model/step.h"

/* ---- the rig */

static void write_conf(struct control_rig *rig, const char *text)
{
	FILE *f = fopen(rig->conf_path, "w");

	assert_non_null(f);
	fprintf(f, "[global]\ncontrol-socket = %s\nstate-dir = %s\n%s",
		rig->socket, rig->dir, text);
	assert_int_equal(fclose(f), 0);
}

static struct conf *load(struct control_rig *rig, const char *text)
{
	struct conf_errors errors = { 0 };
	struct buf words = { 0 };
	struct conf *conf = NULL;

	write_conf(rig, text);
	if (conf_load(rig->conf_path, &conf, &errors) < 0) {
		conf_errors_print(&errors, &words);
		fail_msg("%s", words.data);
	}
	conf_errors_free(&errors);
	return conf;
}

static void commit(struct control_rig *rig)
{
	struct plan *p = daemon_plan(&rig->d);
	struct err err = { "" };

	if (ruleset_commit(rig->d.ruleset, p, &err) < 0)
		fail_msg("%s", err.msg);
	plan_free(p);
	rig->nplans = 0;
}

struct control_rig *control_rig_open(const char *text)
{
	struct control_rig *rig = xcalloc(1, sizeof(*rig));
	struct err err = { "" };

	strcpy(rig->dir, "/tmp/nftlb-control-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->conf_path, sizeof(rig->conf_path), "%s/conf", rig->dir);
	snprintf(rig->socket, sizeof(rig->socket), "%s/sock", rig->dir);
	rig->untracked = "";
	rig->d.loop = ev_default_loop(0);
	rig->d.started = ev_time();
	rig->d.last_reload_ok = true;
	rig->d.conf_path = rig->conf_path;
	/* for our lists_edit(), load_count() and health_feed() */
	rig->d.lists = (struct lists *)&rig->d;
	rig->d.load = (struct load *)&rig->d;
	rig->d.health = (struct healthcheck *)&rig->d;
	rig->d.model = model_new(load(rig, text), NULL);
	step_begin(rig->d.model, 1, NULL);
	if (ruleset_open(&rig->d.ruleset, "nftlb", &err) < 0 ||
	    ruleset_flush(rig->d.ruleset, &err) < 0 ||
	    flows_open(&rig->d.flows, rig->d.loop, &err) < 0 ||
	    control_open(&rig->d.control, &rig->d, &err) < 0)
		fail_msg("%s", err.msg);
	commit(rig);
	return rig;
}

void control_rig_replace(struct control_rig *rig, const char *text)
{
	struct model *old = rig->d.model;

	rig->d.model = model_new(load(rig, text), old);
	step_begin(rig->d.model, 1, NULL);
	model_free(old);
	commit(rig);
}

void control_rig_close(struct control_rig *rig)
{
	control_close(rig->d.control);
	flows_close(rig->d.flows);
	counting_close(rig->d.counting);
	ruleset_close(rig->d.ruleset);
	model_free(rig->d.model);
	unlink(rig->conf_path);
	assert_int_equal(rmdir(rig->dir), 0);
	free(rig);
}

/* ---- the loop */

static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	fail_msg("nothing has happened for %.0f s", RIG_TIMEOUT_S);
}

void rig_until(struct control_rig *rig, bool (*done)(void *arg), void *arg)
{
	ev_timer late;

	ev_timer_init(&late, on_late, RIG_TIMEOUT_S, 0.);
	ev_timer_start(rig->d.loop, &late);
	while (!done(arg))
		ev_run(rig->d.loop, EVRUN_ONCE);
	ev_timer_stop(rig->d.loop, &late);
}

/* ---- clients */

static void on_data(struct ev_loop *loop, ev_io *w, int revents)
{
	struct client *c = w->data;
	ssize_t n = read(c->fd, buf_reserve(&c->got, 65536), 65536);

	if (n > 0) {
		c->got.len += (size_t)n;
		c->got.data[c->got.len] = '\0';
	} else if (n == 0 || errno != EAGAIN) {
		c->closed = true;
		ev_io_stop(loop, w);
	}
}

void client_open(struct client *c, struct control_rig *rig)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	*c = (struct client){ .rig = rig };
	strcpy(sun.sun_path, rig->socket);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)),
			 0);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	ev_io_init(&c->readable, on_data, c->fd, EV_READ);
	c->readable.data = c;
	ev_io_start(rig->d.loop, &c->readable);
}

void client_close(struct client *c)
{
	ev_io_stop(c->rig->d.loop, &c->readable);
	close(c->fd);
	buf_free(&c->got);
}

static bool can_send(void *arg)
{
	const struct client *c = arg;
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	/* the loop may have nothing else to wake it */
	ev_run(c->rig->d.loop, EVRUN_NOWAIT);
	return poll(&p, 1, 1) != 0;
}

void client_send(struct client *c, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			while (!can_send(c))
				;
			continue;
		}
		if (n < 0) /* the server has said enough */
			return;
		p += n;
		len -= (size_t)n;
	}
}

static bool is_closed(void *arg)
{
	return ((struct client *)arg)->closed;
}

void client_wait(struct client *c)
{
	rig_until(c->rig, is_closed, c);
}

void exchange_read(struct exchange *x, const char *data, size_t len)
{
	const char *end = data ? strstr(data, "\r\n\r\n") : NULL;

	*x = (struct exchange){ 0 };
	assert_non_null(end);
	x->head = xstrndup(data, (size_t)(end + 2 - data));
	assert_int_equal(sscanf(data, "HTTP/1.%*d %d", &x->status), 1);
	x->len = len - (size_t)(end + 4 - data);
	x->body = xstrndup(end + 4, x->len);
	if (strstr(x->head, "json"))
		x->json = json_loadb(x->body, x->len, JSON_DECODE_ANY, NULL);
}

void exchange_free(struct exchange *x)
{
	free(x->head);
	free(x->body);
	json_decref(x->json);
}

/* HTTP/1.0: the answer is the bytes until the end. */
void rig_ask(struct control_rig *rig, const char *method, const char *path,
	     const char *body, struct exchange *x)
{
	struct buf request = { 0 };
	struct client c;

	buf_printf(&request, "%s %s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s",
		   method, path, body ? strlen(body) : 0, body ? body : "");
	client_open(&c, rig);
	client_send(&c, request.data, request.len);
	client_wait(&c);
	exchange_read(x, c.got.data, c.got.len);
	client_close(&c);
	buf_free(&request);
}

void exchange_is_problem(const struct exchange *x, int status,
			 const char *words)
{
	const char *detail;

	if (x->status != status)
		fail_msg("status %d instead of %d: %s", x->status, status,
			 x->body);
	assert_non_null(strstr(x->head, "application/problem+json"));
	assert_true(json_is_object(x->json));
	assert_true(json_is_string(json_object_get(x->json, "type")));
	assert_true(json_is_string(json_object_get(x->json, "title")));
	assert_true(json_is_array(json_object_get(x->json, "errors")));
	assert_int_equal(json_integer_value(json_object_get(x->json, "status")),
			 status);
	detail = json_string_value(json_object_get(x->json, "detail"));
	assert_non_null(detail);
	if (!strstr(detail, words))
		fail_msg("\"%s\" is not in \"%s\"", words, detail);
}

void rig_refused(struct control_rig *rig, const char *method, const char *path,
		 const char *body, int status, const char *words)
{
	struct exchange x;

	rig_ask(rig, method, path, body, &x);
	exchange_is_problem(&x, status, words);
	exchange_free(&x);
}
