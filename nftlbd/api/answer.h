/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An HTTP/1.1 answer as the daemon writes it, read as it comes in. Pure.
 */
#ifndef NFTLB_API_ANSWER_H
#define NFTLB_API_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

#define ANSWER_HEAD_MAX ((size_t)16 << 10)

enum answer_state {
	ANSWER_HEAD,
	ANSWER_BODY, /* of a length that was said */
	ANSWER_SIZE, /* the line before a chunk */
	ANSWER_CHUNK,
	ANSWER_CRLF, /* behind a chunk */
	ANSWER_FOOT, /* lines behind the last one */
	ANSWER_DONE,
	ANSWER_BROKEN
};

struct answer {
	enum answer_state state;
	bool bodiless; /* it answers HEAD */
	unsigned int status;
	bool sized; /* length is said */
	uint64_t length, left;
	bool keep;       /* the connection may be used again */
	struct buf head; /* its lines, each with a NUL at its end */
	struct buf line; /* of a chunk's size, under way */
};

/** answer_begin() - empty it for the next one */
void answer_begin(struct answer *a, bool bodiless);
void answer_free(struct answer *a);

/**
 * answer_read() - take bytes that came in; its body goes to the end of @body
 * Return: how many were taken: all, but for what is behind the answer's end.
 */
size_t answer_read(struct answer *a, const char *data, size_t len,
		   struct buf *body);
/** answer_has_head() - are status and headers here? */
bool answer_has_head(const struct answer *a);

/**
 * answer_headers() - call @each with every header, in order
 * Those that are about the connection, and the length, are left out.
 */
void answer_headers(const struct answer *a,
		    void (*each)(void *arg, const char *name,
				 const char *value),
		    void *arg);

#endif
