/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command: build the request from the row, ask, show the answer or the
 * reason of a refusal.
 *
 * Invariant: stdout has the answer or nothing; reasons go to stderr.
 * Must not know: any single command.
 */
#include "ctl/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/api.h"
#include "ctl/render.h"
#include "ctl/terminal.h"
#include "lib/addr.h"
#include "lib/near.h"
#include "lib/xalloc.h"

/* ---- request */

/* client=ADDRESS, and &port=N where one was said. */
static void append_client(struct api *api, const char *value, struct buf *out)
{
	char text[ADDR_STRLEN];
	struct addr a;
	uint16_t port = 0;

	if (addr_parse(value, &a) < 0)
		endpoint_parse(value, &a, &port);
	buf_printf(out, "client=");
	api_escape(api, addr_format(&a, text), out);
	if (port)
		buf_printf(out, "&port=%u", port);
}

static void append_value(struct api *api, const struct call *c,
			 enum place place, struct buf *out)
{
	const char *value = c->value[place];

	if (place == PLACE_CLIENT) {
		append_client(api, value, out);
	} else if (place != PLACE_SESSION) {
		api_escape(api, value, out);
	} else if (strcmp(value, "all") != 0) {
		buf_printf(out, "/");
		api_escape(api, value, out);
	}
}

/* Replace the {PLACE}s of @path. */
static void build_path(struct api *api, const struct call *c, const char *path,
		       struct buf *out)
{
	while (*path) {
		size_t plain = strcspn(path, "{"), len;

		buf_append(out, path, plain);
		path += plain;
		if (*path != '{')
			break;
		len = strcspn(path, "}") - 1;
		for (int p = 0; p < PLACES; p++)
			if (strlen(places[p].word) == len &&
			    !strncmp(path + 1, places[p].word, len))
				append_value(api, c, (enum place)p, out);
		path += len + 2;
	}
}

/* What FILE says: the operator's rights count, not the daemon's. */
static int read_file(const char *path, char **text)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct buf all = { 0 };
	size_t n = 1;
	int code = 0;

	while (f && n) {
		n = fread(buf_reserve(&all, 65536), 1, 65536, f);
		all.len += n;
	}
	if (!f || ferror(f))
		code = errno ? errno : EIO;
	if (f && f != stdin)
		fclose(f);
	buf_append(&all, "", 1);
	if (code)
		fprintf(stderr, "nftlbctl: %s: %s\n", path, strerror(code));
	else if (strlen(all.data) + 1 != all.len)
		fprintf(stderr, "nftlbctl: %s: NUL bytes are in it\n", path);
	else
		*text = all.data;
	if (!*text)
		buf_free(&all);
	return *text ? EXIT_DONE : EXIT_REFUSED;
}

static char *build_body(const struct call *c)
{
	json_t *o;
	char *text;

	if (c->command->body)
		return xstrdup(c->command->body);
	if (!c->command->make_body)
		return NULL;
	o = c->command->make_body(c);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

/* ---- refusals */

static struct buf *muted;

void run_mute(struct buf *words)
{
	muted = words;
}

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (muted) {
		char *text = xvasprintf(fmt, ap);

		buf_clear(muted);
		buf_append(muted, text, strcspn(text, "\n"));
		free(text);
	} else {
		fputs("nftlbctl: ", stderr);
		vfprintf(stderr, fmt, ap);
	}
	va_end(ap);
}

void run_problem(const struct api_answer *a)
{
	json_t *o =
	    json_loadb(a->body.data ? a->body.data : "", a->body.len, 0, NULL);
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(o, "errors"), i, e) {
		if (muted)
			break;
		if (!json_object_get(e, "file")) { /* of the request */
			if (i > 0)
				fprintf(stderr, "nftlbctl: %s\n",
					field_text(e, "detail"));
			continue;
		}
		fprintf(stderr, "%s", field_text(e, "file"));
		if (field_int(e, "line"))
			fprintf(stderr, ":%lld",
				(long long)field_int(e, "line"));
		fprintf(stderr, ": %s\n", field_text(e, "text"));
	}
	if (json_is_object(o))
		say("%s\n", field_text(o, "detail"));
	else
		say("HTTP status %ld\n", a->status);
	json_decref(o);
}

/* ---- answers */

static json_t *parse_answer(const struct api_answer *a, struct err *err)
{
	const char *data = a->body.data ? a->body.data : "";
	json_error_t where;
	json_t *v;

	if (!strncmp(a->content_type, "text/plain", strlen("text/plain")))
		return json_pack("{s:s%}", "text", data, a->body.len);
	v = json_loadb(data, a->body.len, JSON_DECODE_ANY, &where);
	if (!v)
		err_set(err, -EIO, "the daemon's answer is no JSON: %s",
			where.text);
	return v;
}

static int print_out(const char *text, size_t len)
{
	if (fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0)
		return EXIT_DONE;
	fprintf(stderr, "nftlbctl: stdout: %s\n", strerror(errno));
	return EXIT_REFUSED;
}

static int append_text(const char *text, size_t size, void *arg)
{
	buf_append(arg, text, size);
	return 0;
}

int run_show(const struct call *c, json_t *answer, const json_t *extra)
{
	json_t *shown = c->command->one_of_many && !c->dry_run
			    ? json_pack("[O]", answer)
			    : json_incref(answer);
	struct buf out = { 0 };
	struct render r = { .out = &out,
			    .colours = terminal_colours(),
			    .extra = extra };
	int ret;

	if (c->json) {
		json_dump_callback(shown, append_text, &out,
				   RUN_JSON | JSON_ENCODE_ANY);
		buf_append(&out, "\n", 1);
	} else if (c->dry_run) {
		render_dry_run(&r, shown);
	} else {
		c->command->text(&r, shown);
	}
	ret = print_out(out.data ? out.data : "", out.len);
	json_decref(shown);
	buf_free(&out);
	return ret;
}

/* ---- all together */

int run_failed(int ret, const struct err *err)
{
	say("%s\n", err->msg);
	return ret == -ENOTCONN ? EXIT_NO_DAEMON : EXIT_REFUSED;
}

/* @status: HTTP's; 0 = there was no answer */
static int ask_status(struct api *api, const char *method, const char *path,
		      const char *body, json_t **value, long *status)
{
	struct api_answer answer = { 0 };
	struct err err = { "" };
	int ret = api_call(api, method, path, body, &answer, &err);

	*value = NULL;
	*status = ret < 0 ? 0 : answer.status;
	if (ret < 0) {
		ret = run_failed(ret, &err);
	} else if (answer.status != 200) {
		run_problem(&answer);
		ret = EXIT_REFUSED;
	} else {
		*value = parse_answer(&answer, &err);
		ret = *value ? EXIT_DONE : run_failed(-EIO, &err);
	}
	buf_free(&answer.body);
	return ret;
}

int run_ask(struct api *api, const char *method, const char *path,
	    const char *body, json_t **value)
{
	long status;

	return ask_status(api, method, path, body, value, &status);
}

/* The request of a row, with its values. */
static int ask(struct api *api, const struct call *c, const char *method,
	       const char *path, json_t **value, long *status)
{
	char *body = NULL;
	struct buf url = { 0 };
	int ret = EXIT_DONE;

	*value = NULL;
	*status = 0;
	if (c->command->send_file)
		ret = read_file(c->value[PLACE_FILE], &body);
	else
		body = build_body(c);
	if (ret != EXIT_DONE)
		return ret;
	build_path(api, c, path, &url);
	if (c->dry_run)
		buf_printf(&url, "%cdry_run=1",
			   strchr(url.data, '?') ? '&' : '?');
	ret = ask_status(api, method, url.data, body, value, status);
	buf_free(&url);
	free(body);
	return ret;
}

/* Is the wrong program at the socket? Then say so. */
static bool is_misplaced(struct api *api, const struct call *c,
			 const char *socket)
{
	const char *wanted = c->command->agent ? "hvagent" : "nftlbd", *found;
	struct api_answer answer = { 0 };
	struct err err;
	bool misplaced;
	json_t *o = NULL;

	if (api_call(api, "GET", "/v1/version", NULL, &answer, &err) == 0 &&
	    answer.status == 200)
		o = parse_answer(&answer, &err);
	found = json_string_value(json_object_get(o, "program"));
	found = found ? found : "nftlbd"; /* which does not say so */
	misplaced = o && strcmp(found, wanted) != 0;
	if (misplaced)
		fprintf(stderr,
			"nftlbctl: \"%s\" is a command for %s, but %s answers "
			"at %s; -s names another socket\n",
			c->command->grammar, wanted, found, socket);
	buf_free(&answer.body);
	json_decref(o);
	return misplaced;
}

static void suggest_from(const json_t *names, const char *said)
{
	const char **words =
	    xcalloc(json_array_size(names) + 1, sizeof(*words));
	const char *name, *near;
	size_t n = 0, i;
	const json_t *o;

	json_array_foreach(names, i, o) {
		name = field_text(o, "name");
		words[n++] = name;
		if (!strcmp(name, said))
			break;
	}
	near = n && strcmp(words[n - 1], said) != 0 ? near_word(said, words, n)
						    : NULL;
	if (near)
		say("did you mean \"%s\"?\n", near);
	free(words);
}

/* A name that is not there: which one is like it? */
static void suggest(struct api *api, const struct call *c)
{
	static const struct {
		enum place place;
		const char *path;
	} lists[] = {
		{ PLACE_SERVICE, "/v1/services?fields=name" },
		{ PLACE_BACKEND, "/v1/services/{SERVICE}/backends" },
		{ PLACE_LIST, "/v1/lists" },
		{ PLACE_BINDING, "/v1/bindings" },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct buf path = { 0 }, words = { 0 };
		json_t *names = NULL;

		if (!c->value[lists[i].place])
			continue;
		build_path(api, c, lists[i].path, &path);
		run_mute(&words);
		run_ask(api, "GET", path.data, NULL, &names);
		run_mute(NULL);
		suggest_from(names, c->value[lists[i].place]);
		json_decref(names);
		buf_free(&path);
		buf_free(&words);
	}
}

static int run_live(const struct call *c, const char *socket)
{
	struct api *api = api_open(socket);
	struct buf path = { 0 };
	int ret;

	build_path(api, c, c->command->path, &path);
	ret = c->command->live(c, api, path.data);
	buf_free(&path);
	api_close(api);
	return ret;
}

/* The second answer of a row, which the agent does not have. */
static int ask_extra(struct api *api, const struct call *c,
		     const json_t *answer, json_t **extra)
{
	long status;

	if (!c->command->extra || c->json || json_object_get(answer, "program"))
		return EXIT_DONE;
	return ask(api, c, "GET", c->command->extra(answer), extra, &status);
}

static int run_request(struct api *api, const struct call *c,
		       const char *socket)
{
	const struct command *cmd = c->command;
	json_t *answer = NULL, *extra = NULL;
	long status = 0;
	int ret;

	if (cmd->agent && is_misplaced(api, c, socket))
		return EXIT_REFUSED;
	ret = ask(api, c, cmd->method, cmd->path, &answer, &status);
	if (status == 404 && (cmd->agent || !is_misplaced(api, c, socket)))
		suggest(api, c);
	if (ret == EXIT_DONE)
		ret = ask_extra(api, c, answer, &extra);
	if (ret == EXIT_DONE)
		ret = run_show(c, answer, extra);
	if (ret == EXIT_DONE && cmd->failed && cmd->failed(answer))
		ret = EXIT_REFUSED;
	json_decref(answer);
	json_decref(extra);
	return ret;
}

int run_call(const struct call *c, const char *socket)
{
	struct api *api;
	int ret;

	if (c->command->local)
		return c->command->local(c);
	if (c->command->live)
		return run_live(c, socket);
	api = api_open(socket);
	ret = run_request(api, c, socket);
	api_close(api);
	return ret;
}
