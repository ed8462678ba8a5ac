/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask at all; before anything else of a request is looked at. */
#ifndef NFTLB_HTTP_ADMIT_H
#define NFTLB_HTTP_ADMIT_H

#include <stdbool.h>

#include "http/request.h"
#include "lib/err.h"

/** admit_request() - may the client of @rq ask for @url?
 * False: it is answered, 401 or 403. */
bool admit_request(struct request *rq, const char *url);

/** token_matches() - in a time that does not tell how much of @said is right */
bool token_matches(const char *said, const char *token);

/**
 * token_read() - the bearer token that the file @path holds
 * One line of TOKEN_MIN to TOKEN_MAX visible characters; the file must not be
 * open to others (mode).
 * Return: 0, *token owned by the caller; -errno with words.
 */
int token_read(const char *path, char **token, struct err *err);

#define TOKEN_MIN 16
#define TOKEN_MAX 256

#endif
