/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Export by HTTP: one POST of all lines. Any 2xx is good. Redirections are not
 * followed: what is configured is who gets the list, and the token.
 *
 * Must not know: when to export.
 */
#include "hvagent/export_impl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "healthcheck/http_loop.h"
#include "lib/xalloc.h"

#define TOKEN_MAX 4096

struct poster {
	struct exporter *x;
	struct http_loop *loop;
	CURL *easy; /* NULL = none is under way */
	struct curl_slist *headers;
	struct export_text body;
	char why[CURL_ERROR_SIZE];
};

static void post_end(struct poster *p)
{
	curl_easy_cleanup(p->easy);
	curl_slist_free_all(p->headers);
	export_text_free(&p->body);
	p->easy = NULL;
	p->headers = NULL;
}

static void post_done(void *private, CURLcode code)
{
	struct poster *p = private;
	char why[CURL_ERROR_SIZE];
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		snprintf(why, sizeof(why), "status %ld", status);
	else
		snprintf(why, sizeof(why), "%s",
			 p->why[0] ? p->why : curl_easy_strerror(code));
	post_end(p);
	export_done(
	    p->x, code == CURLE_OK && status >= 200 && status < 300 ? 0 : -EIO,
	    why);
}

/* What the other side says is of no interest, but it may say it. */
static size_t drop_cb(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

/* ---- a request */

static int add_header(struct poster *p, const char *text)
{
	struct curl_slist *more = curl_slist_append(p->headers, text);

	if (!more)
		return -ENOMEM;
	p->headers = more;
	return 0;
}

/* The first line of the file, without what could begin another header. */
static int read_token(const char *path, char token[TOKEN_MAX], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, token, TOKEN_MAX - 1);
	int ret = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (ret < 0)
		return err_set(err, ret, "token-file %s: %s", path,
			       strerror(-ret));
	token[n] = '\0';
	token[strcspn(token, "\r\n")] = '\0';
	for (const char *c = token; *c; c++)
		if (!isgraph((unsigned char)*c))
			n = 0;
	if (n == 0 || !token[0])
		return err_set(err, -EINVAL, "token-file %s: holds no token",
			       path);
	return 0;
}

static int add_token(struct poster *p, struct err *err)
{
	const char *path = p->x->conf.token_file;
	char token[TOKEN_MAX], *header;
	int ret;

	if (!path)
		return 0;
	ret = read_token(path, token, err);
	if (ret < 0)
		return ret;
	header = xjoin("Authorization: Bearer ", token, "");
	ret = add_header(p, header);
	free(header);
	return ret;
}

static void set_options(struct poster *p)
{
	CURL *e = p->easy;

	curl_easy_setopt(e, CURLOPT_URL, p->x->conf.target);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_USERAGENT, "hvagent/" PACKAGE_VERSION);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, p->body.text.data);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)p->body.text.len);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop_cb);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, p->why);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	/* do not wait for a name server when the transfer is given up */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_PRIVATE, p);
}

static int post_begin(void *target, struct err *err)
{
	struct poster *p = target;
	int ret;

	p->why[0] = '\0';
	p->easy = curl_easy_init();
	ret = p->easy ? 0 : -ENOMEM;
	if (ret == 0)
		ret = add_header(p, "Content-Type: application/x-ndjson");
	if (ret == 0) /* the body without being asked for */
		ret = add_header(p, "Expect:");
	if (ret == 0)
		ret = add_token(p, err);
	if (ret == 0) {
		export_text_now(p->x->a, &p->body);
		set_options(p);
		ret = http_loop_add(p->loop, p->easy);
	}
	if (ret < 0)
		post_end(p);
	return ret == -ENOMEM ? err_set(err, ret, "no memory") : ret;
}

static void post_cancel(void *target)
{
	struct poster *p = target;

	if (!p->easy)
		return;
	http_loop_remove(p->loop, p->easy);
	post_end(p);
}

static void *post_open(struct exporter *x, struct err *err)
{
	struct poster *p = xcalloc(1, sizeof(*p));

	p->x = x;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	p->loop = http_loop_get(x->a->loop, post_done);
	if (p->loop)
		return p;
	err_set(err, -ENOMEM, "libcurl: no memory, or no descriptors");
	free(p);
	return NULL;
}

static void post_close(void *target)
{
	struct poster *p = target;

	http_loop_put(p->loop);
	free(p);
}

const struct export_type export_http = {
	HV_EXPORT_HTTP, "http", post_open, post_begin, post_cancel, post_close
};
