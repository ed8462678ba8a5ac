/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP over the control socket. */
#ifndef NFTLB_CTL_API_H
#define NFTLB_CTL_API_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/err.h"

struct api;

struct api_answer {
	long status; /* HTTP */
	char content_type[64];
	struct buf body; /* freed by the caller */
};

/** api_open() - for the socket at @path; connects with the first call */
struct api *api_open(const char *path);
void api_close(struct api *api);
/** api_quiet() - who waits for an answer is not told so on the terminal */
void api_quiet(struct api *api);

/** api_escape() - append @text, percent-encoded, to @out */
void api_escape(struct api *api, const char *text, struct buf *out);

/**
 * api_call() - one request
 * @body: JSON, or NULL
 * A GET whose answer is cut short (the daemon has reloaded meanwhile) is asked
 * again.
 * Return: 0, whatever the HTTP status; -ENOTCONN no daemon; -EACCES; other
 * -errno; words in @err.
 */
int api_call(struct api *api, const char *method, const char *path,
	     const char *body, struct api_answer *answer, struct err *err);

/**
 * api_follow() - a request whose answer goes on; each piece goes to @data
 * @data: returns false to end it
 * Return: 0 where @data ended it; -ENOTCONN no daemon; -ECONNRESET the daemon
 * ended it; -EPROTO another status, whose problem is in @answer; other -errno.
 */
int api_follow(struct api *api, const char *path,
	       bool (*data)(void *arg, const char *text, size_t len), void *arg,
	       struct api_answer *answer, struct err *err);

#endif
