/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bearer tokens: who may ask for what. A file of lines
 *
 *	NAME ROLE TOKEN		# ROLE: operator or read-only
 *
 * or of one token and nothing else, which is an operator's.
 */
#ifndef NFTLB_HTTP_TOKENS_H
#define NFTLB_HTTP_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/words.h"

#define TOKEN_MIN       16 /* characters */
#define TOKEN_MAX       256
#define TOKEN_NAME_MAX  63
#define TOKEN_DIGEST    32 /* bytes: SHA-256 */
#define TOKENS_MAX      64
#define TOKENS_FILE_MAX ((size_t)64 << 10)
#define TOKEN_SOLE_NAME "token" /* of one that stands alone */

extern const struct word token_roles[]; /* operator read-only; value: reader */

/* What a token says is kept nowhere: its digest tells it as well. */
struct token {
	char name[TOKEN_NAME_MAX + 1];
	bool reader; /* may look, not change */
	uint8_t digest[TOKEN_DIGEST];
};

/* Plain data: may be handed to another process. */
struct tokens {
	struct token list[TOKENS_MAX];
	size_t n;
};

/**
 * tokens_read() - those of the file @path
 * The file must not be open to others (mode); errors name file and line and
 * never say what may be a token.
 * Return: 0; -EPERM its mode; -EINVAL what is in it; other -errno; with words,
 * and @t is empty then.
 */
int tokens_read(const char *path, struct tokens *t, struct err *err);

/** tokens_parse() - the same of @text, which is changed; @path: for errors */
int tokens_parse(char *text, size_t len, const char *path, struct tokens *t,
		 struct err *err);

/**
 * tokens_find() - the one that reads @said; NULL: none does
 * In a time that depends on the length of what is said and on how many there
 * are, and on nothing else.
 */
const struct token *tokens_find(const struct tokens *t, const char *said);

/** tokens_hold() - is there still one like @token: name, role, token? */
bool tokens_hold(const struct tokens *t, const struct token *token);

#endif
