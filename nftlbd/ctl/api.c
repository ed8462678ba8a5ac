/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests by libcurl. The daemon answers at once or says something now and
 * then; silence of SILENCE_S means that it does not answer.
 *
 * Must not know: what is asked, what the answers mean.
 */
#include "ctl/api.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/xalloc.h"

#define SILENCE_S  120L
#define TRIES      5
#define PROGRESS_S 0.5 /* what takes longer is told of */

struct api {
	CURL *curl;
	char *socket;
	struct timespec asked; /* when the request began */
	bool told;             /* there is a line about waiting */
	bool quiet;
};

struct api *api_open(const char *path)
{
	struct api *api = xcalloc(1, sizeof(*api));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	api->curl = curl_easy_init();
	api->socket = xstrdup(path);
	return api;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	curl_easy_cleanup(api->curl);
	curl_global_cleanup();
	free(api->socket);
	free(api);
}

void api_escape(struct api *api, const char *text, struct buf *out)
{
	char *escaped = curl_easy_escape(api->curl, text, (int)strlen(text));

	if (escaped)
		buf_append(out, escaped, strlen(escaped));
	curl_free(escaped);
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	buf_append(arg, data, size * n);
	return size * n;
}

static int api_error(struct api *api, CURLcode code, struct err *err)
{
	long os = 0;

	curl_easy_getinfo(api->curl, CURLINFO_OS_ERRNO, &os);
	if (code == CURLE_COULDNT_CONNECT && (os == EACCES || os == EPERM))
		return err_set(err, -EACCES, "%s: %s", api->socket,
			       strerror((int)os));
	if (code == CURLE_COULDNT_CONNECT)
		return err_set(err, -ENOTCONN, "no daemon at %s%s%s",
			       api->socket, os ? ": " : "",
			       os ? strerror((int)os) : "");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, -ETIMEDOUT,
			       "the daemon has not answered for %ld s",
			       SILENCE_S);
	return err_set(err, -EIO, "the daemon's answer was cut short: %s",
		       curl_easy_strerror(code));
}

static bool is_cut(CURLcode code)
{
	return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
	       code == CURLE_GOT_NOTHING;
}

/* On a terminal, whoever waits is told so. curl asks about once a second. */
static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
		       curl_off_t d)
{
	struct api *api = arg;
	struct timespec now;
	double waited;

	clock_gettime(CLOCK_MONOTONIC, &now);
	waited = (double)(now.tv_sec - api->asked.tv_sec) +
		 (double)(now.tv_nsec - api->asked.tv_nsec) / 1e9;
	if (waited < PROGRESS_S)
		return 0;
	fprintf(stderr, "\r\033[Knftlbctl: the daemon is at work, %.0f s ...",
		waited);
	api->told = true;
	return 0;
}

static void progress_begin(struct api *api)
{
	if (api->quiet || !isatty(STDERR_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &api->asked);
	curl_easy_setopt(api->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(api->curl, CURLOPT_XFERINFODATA, api);
	curl_easy_setopt(api->curl, CURLOPT_NOPROGRESS, 0L);
}

static void progress_end(struct api *api)
{
	if (api->told)
		fputs("\r\033[K", stderr);
	api->told = false;
}

void api_quiet(struct api *api)
{
	api->quiet = true;
}

static void api_prepare(struct api *api, const char *method, const char *url,
			const char *body, struct api_answer *answer)
{
	CURL *curl = api->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, api->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
	if (strcmp(method, "GET") == 0)
		return;
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

int api_call(struct api *api, const char *method, const char *path,
	     const char *body, struct api_answer *answer, struct err *err)
{
	/* no configuration begins with a brace */
	struct curl_slist *headers = curl_slist_append(
	    NULL, body && *body && *body != '{'
		      ? "Content-Type: text/plain; charset=utf-8"
		      : "Content-Type: application/json");
	int tries = strcmp(method, "GET") == 0 ? TRIES : 1;
	struct buf url = { 0 };
	CURLcode code;
	char *type = NULL;

	buf_printf(&url, "http://localhost%s", path);
	do {
		buf_clear(&answer->body);
		api_prepare(api, method, url.data, body, answer);
		curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, headers);
		progress_begin(api);
		code = curl_easy_perform(api->curl);
		progress_end(api);
	} while (is_cut(code) && --tries > 0);
	if (code == CURLE_OK) {
		curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE,
				  &answer->status);
		curl_easy_getinfo(api->curl, CURLINFO_CONTENT_TYPE, &type);
		strncpy(answer->content_type, type ? type : "",
			sizeof(answer->content_type) - 1);
	}
	curl_slist_free_all(headers);
	buf_free(&url);
	return code == CURLE_OK ? 0 : api_error(api, code, err);
}

struct stream {
	struct api *api;
	struct api_answer *answer;
	bool (*data)(void *arg, const char *text, size_t len);
	void *arg;
	bool ended; /* by @data */
};

static size_t on_stream(char *data, size_t size, size_t n, void *arg)
{
	struct stream *s = arg;
	long status = 0;

	curl_easy_getinfo(s->api->curl, CURLINFO_RESPONSE_CODE, &status);
	s->answer->status = status;
	if (status != 200) {
		buf_append(&s->answer->body, data, size * n);
		return size * n;
	}
	s->ended = !s->data(s->arg, data, size * n);
	return s->ended ? CURL_WRITEFUNC_ERROR : size * n;
}

int api_follow(struct api *api, const char *path,
	       bool (*data)(void *arg, const char *text, size_t len), void *arg,
	       struct api_answer *answer, struct err *err)
{
	struct stream s = { api, answer, data, arg, false };
	struct buf url = { 0 };
	CURLcode code;

	buf_printf(&url, "http://localhost%s", path);
	api_prepare(api, "GET", url.data, NULL, answer);
	/* The daemon says something each 15 s. */
	curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, &s);
	code = curl_easy_perform(api->curl);
	curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	buf_free(&url);
	if (s.ended)
		return 0;
	if (answer->status && answer->status != 200)
		return -EPROTO;
	if (code == CURLE_OK || is_cut(code))
		return err_set(err, -ECONNRESET, "the daemon has ended");
	return api_error(api, code, err);
}
