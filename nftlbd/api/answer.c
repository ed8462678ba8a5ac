/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's answers: a state machine over bytes. Who writes them is trusted;
 * what is not of the form is an end all the same.
 *
 * Invariant: head and line are bounded; of the body nothing is kept here.
 * Must not know: where the bytes come from.
 */
#include "api/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES 64

void answer_begin(struct answer *a, bool bodiless)
{
	struct buf head = a->head, line = a->line;

	*a =
	    (struct answer){ .bodiless = bodiless, .head = head, .line = line };
	buf_clear(&a->head);
	buf_clear(&a->line);
}

void answer_free(struct answer *a)
{
	buf_free(&a->head);
	buf_free(&a->line);
}

bool answer_has_head(const struct answer *a)
{
	return a->state != ANSWER_HEAD && a->state != ANSWER_BROKEN;
}

/* ---- the head */

/* The header after @line (NULL = the first one); NULL = none is left. */
static char *next_line(const struct answer *a, const char *line)
{
	const char *end = a->head.data + a->head.len;
	const char *next = line ? line : a->head.data;

	next += strlen(next) + 1;
	return next < end && *next ? (char *)next : NULL;
}

/* @line: "name: value"; NULL = it is another one. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	return line + len + 1 + strspn(line + len + 1, " ");
}

static bool head_status(struct answer *a)
{
	const char *line = a->head.data;
	char *end;
	unsigned long n;

	if (strncmp(line, "HTTP/1.1 ", 9) != 0)
		return false;
	n = strtoul(line + 9, &end, 10);
	a->status = (unsigned int)n;
	return end == line + 12 && n >= 200 && n <= 599;
}

/* What the headers say about the body. */
static void head_body(struct answer *a)
{
	bool chunked = false;
	const char *v;

	a->keep = true;
	for (const char *l = next_line(a, NULL); l; l = next_line(a, l)) {
		v = value_of(l, "Content-Length");
		if (v) {
			a->sized = true;
			a->length = a->left = strtoull(v, NULL, 10);
		}
		v = value_of(l, "Transfer-Encoding");
		if (v)
			chunked = !strcasecmp(v, "chunked");
		v = value_of(l, "Connection");
		if (v && !strcasecmp(v, "close"))
			a->keep = false;
	}
	if (a->bodiless || a->status == 204 || a->status == 304)
		a->state = ANSWER_DONE;
	else if (chunked)
		a->state = ANSWER_SIZE;
	else if (!a->sized)
		a->state = ANSWER_BROKEN; /* its end could not be told */
	else
		a->state = a->left ? ANSWER_BODY : ANSWER_DONE;
	if (chunked)
		a->sized = false;
}

static void head_end(struct answer *a)
{
	/* lines become texts; "\r\n" is two NULs otherwise */
	char *to = a->head.data;

	for (size_t i = 0; i < a->head.len; i++) {
		if (a->head.data[i] == '\r')
			continue;
		*to++ = a->head.data[i] == '\n' ? '\0' : a->head.data[i];
	}
	a->head.len = (size_t)(to - a->head.data);
	if (head_status(a))
		head_body(a);
	else
		a->state = ANSWER_BROKEN;
}

static size_t take_head(struct answer *a, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\0' || a->head.len == ANSWER_HEAD_MAX) {
			a->state = ANSWER_BROKEN;
			return i;
		}
		buf_append(&a->head, data + i, 1);
		if (a->head.len >= 4 &&
		    !memcmp(a->head.data + a->head.len - 4, "\r\n\r\n", 4)) {
			head_end(a);
			return i + 1;
		}
	}
	return len;
}

/* ---- the body */

static size_t take_data(struct answer *a, const char *data, size_t len,
			enum answer_state next, struct buf *body)
{
	size_t n = len < a->left ? len : (size_t)a->left;

	buf_append(body, data, n);
	a->left -= n;
	if (!a->left)
		a->state = next;
	return n;
}

static void line_end(struct answer *a)
{
	const char *line = a->line.len ? a->line.data : "";
	char *end;

	if (a->state == ANSWER_SIZE) {
		a->left = strtoull(line, &end, 16);
		a->state = a->left ? ANSWER_CHUNK : ANSWER_FOOT;
		if (end == line)
			a->state = ANSWER_BROKEN;
	} else if (a->state == ANSWER_CRLF) {
		a->state = *line ? ANSWER_BROKEN : ANSWER_SIZE;
	} else if (!*line) { /* ANSWER_FOOT: up to an empty one */
		a->state = ANSWER_DONE;
	}
	buf_clear(&a->line);
}

static size_t take_line(struct answer *a, const char *data, size_t len)
{
	const char *nl = memchr(data, '\n', len);
	size_t n = nl ? (size_t)(nl - data) : len;

	if (a->line.len + n > LINE_BYTES) {
		a->state = ANSWER_BROKEN;
		return 0;
	}
	buf_append(&a->line, data, n);
	if (!nl)
		return len;
	if (a->line.len && a->line.data[a->line.len - 1] == '\r')
		a->line.data[--a->line.len] = '\0';
	line_end(a);
	return n + 1;
}

size_t answer_read(struct answer *a, const char *data, size_t len,
		   struct buf *body)
{
	size_t at = 0;

	while (at < len && a->state < ANSWER_DONE) {
		if (a->state == ANSWER_HEAD)
			at += take_head(a, data + at, len - at);
		else if (a->state == ANSWER_BODY)
			at += take_data(a, data + at, len - at, ANSWER_DONE,
					body);
		else if (a->state == ANSWER_CHUNK)
			at += take_data(a, data + at, len - at, ANSWER_CRLF,
					body);
		else
			at += take_line(a, data + at, len - at);
	}
	return at;
}

/* ---- what is handed on */

static bool is_of_connection(const char *line)
{
	static const char *const names[] = { "Connection", "Content-Length",
					     "Transfer-Encoding", "Keep-Alive",
					     "Date" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (value_of(line, names[i]))
			return true;
	return false;
}

void answer_headers(const struct answer *a,
		    void (*each)(void *arg, const char *name,
				 const char *value),
		    void *arg)
{
	for (char *l = next_line(a, NULL); l; l = next_line(a, l)) {
		char *colon = strchr(l, ':');

		if (!colon || is_of_connection(l))
			continue;
		*colon = '\0';
		each(arg, l, colon + 1 + strspn(colon + 1, " "));
		*colon = ':';
	}
}
