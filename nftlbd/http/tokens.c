/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of tokens. Strict: a line that is not understood refuses the file,
 * since a token that somebody believes to be read-only may not become more.
 *
 * Invariants: no message quotes the file (a token may stand where a name was
 * meant); texts are wiped, digests stay.
 * Must not know: HTTP.
 */
#include "http/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define FORM   "NAME ROLE TOKEN, ROLE being operator or read-only"
#define BLANKS " \t"

const struct word token_roles[] = { { "operator", false },
				    { "read-only", true },
				    { NULL, 0 } };

struct reader {
	const char *path;
	unsigned int line;
	unsigned int sole; /* line of a token without name; 0 = none */
	struct tokens *t;
	struct err *err;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct reader *r,
							const char *fmt, ...)
{
	char words[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return err_set(r->err, -EINVAL, "%s:%u: %s", r->path, r->line, words);
}

static int digest(const char *text, uint8_t to[TOKEN_DIGEST])
{
	unsigned int n = TOKEN_DIGEST;

	return EVP_Digest(text, strlen(text), to, &n, EVP_sha256(), NULL) == 1
		   ? 0
		   : -EIO;
}

/* ---- lines */

static int token_check(const struct reader *r, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return refuse(r,
				      "token: character %zu; allowed: visible "
				      "ASCII characters",
				      i + 1);
	if (len < TOKEN_MIN || len > TOKEN_MAX)
		return refuse(r, "token: %zu characters; allowed: %d to %d",
			      len, TOKEN_MIN, TOKEN_MAX);
	return 0;
}

static int token_add(struct reader *r, const char *name, bool reader,
		     const char *text)
{
	struct tokens *t = r->t;
	struct token *k = &t->list[t->n];
	int ret = token_check(r, text);

	if (ret < 0)
		return ret;
	if (t->n == TOKENS_MAX)
		return refuse(r, "one more than %d tokens", TOKENS_MAX);
	*k = (struct token){ .reader = reader };
	strncpy(k->name, name, TOKEN_NAME_MAX);
	if (digest(text, k->digest) < 0)
		return refuse(r, "the token cannot be digested");
	for (size_t i = 0; i < t->n; i++) {
		if (!strcmp(t->list[i].name, k->name))
			return refuse(r, "name: the same as of another line");
		if (!memcmp(t->list[i].digest, k->digest, TOKEN_DIGEST))
			return refuse(r, "token: the same as of another line");
	}
	t->n++;
	return 0;
}

/* NULL: not one word more. */
static char *word_cut(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	size_t len = strcspn(word, BLANKS);

	if (!len)
		return NULL;
	*rest = word + len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

static int line_read(struct reader *r, char *line)
{
	char *first, *role, *token;
	int reader;

	first = word_cut(&line);
	if (!first || *first == '#')
		return 0;
	role = word_cut(&line);
	if (!role) {
		r->sole = r->line;
		return token_add(r, TOKEN_SOLE_NAME, false, first);
	}
	token = word_cut(&line);
	if (!token || word_cut(&line))
		return refuse(r, "not three words; allowed: " FORM);
	if (!name_valid(first))
		return refuse(r,
			      "name: allowed: up to %d letters, digits and "
			      ". _ -, the first a letter or digit",
			      TOKEN_NAME_MAX);
	reader = word_find(token_roles, role);
	if (reader < 0)
		return refuse(r, "the second word is no role; allowed: " FORM);
	return token_add(r, first, reader, token);
}

static int lines_read(struct reader *r, char *text)
{
	char *line;
	int ret = 0;

	while (ret == 0 && (line = strsep(&text, "\n"))) {
		size_t len = strlen(line);

		r->line++;
		if (len && line[len - 1] == '\r')
			line[len - 1] = '\0';
		ret = line_read(r, line);
		if (ret == 0 && r->sole && r->t->n > 1) {
			r->line = r->sole;
			ret = refuse(r, "a token without a name is the only "
					"one of its file; allowed: " FORM);
		}
	}
	return ret;
}

int tokens_parse(char *text, size_t len, const char *path, struct tokens *t,
		 struct err *err)
{
	struct reader r = { .path = path, .t = t, .err = err };
	int ret;

	*t = (struct tokens){ .n = 0 };
	if (memchr(text, '\0', len))
		ret = err_set(err, -EINVAL, "%s: a NUL byte; allowed: text",
			      path);
	else
		ret = lines_read(&r, text);
	if (ret == 0 && !t->n)
		ret = err_set(err, -EINVAL,
			      "%s: holds no token; allowed: lines of " FORM,
			      path);
	if (ret < 0)
		*t = (struct tokens){ .n = 0 };
	return ret;
}

/* ---- the file */

static int file_check(const char *path, const struct stat *st, struct err *err)
{
	if (S_ISDIR(st->st_mode))
		return err_set(err, -EISDIR, "%s: %s", path, strerror(EISDIR));
	if (!S_ISREG(st->st_mode) || (st->st_mode & 0007))
		return err_set(err, -EPERM,
			       "%s: mode %04o; allowed: a file that others may "
			       "neither read nor write",
			       path, (unsigned int)(st->st_mode & 07777));
	if (st->st_size > (off_t)TOKENS_FILE_MAX)
		return err_set(err, -EFBIG, "%s: larger than %zu KiB", path,
			       TOKENS_FILE_MAX >> 10);
	return 0;
}

static int text_read(int fd, const char *path, struct tokens *t,
		     struct err *err)
{
	char *text = xcalloc(1, TOKENS_FILE_MAX + 1);
	ssize_t n = fd_read_all(fd, text, TOKENS_FILE_MAX);
	int ret;

	if (n < 0)
		ret = err_set(err, (int)n, "%s: %s", path, strerror((int)-n));
	else
		ret = tokens_parse(text, (size_t)n, path, t, err);
	explicit_bzero(text, TOKENS_FILE_MAX);
	free(text);
	return ret;
}

int tokens_read(const char *path, struct tokens *t, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;
	struct stat st;

	*t = (struct tokens){ .n = 0 };
	if (fd < 0 || fstat(fd, &st) < 0)
		ret = err_set(err, -errno, "%s: %s", path, strerror(errno));
	else
		ret = file_check(path, &st, err);
	if (ret == 0)
		ret = text_read(fd, path, t, err);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- which one is it? */

const struct token *tokens_find(const struct tokens *t, const char *said)
{
	const struct token *found = NULL;
	uint8_t is[TOKEN_DIGEST];

	if (digest(said, is) < 0)
		return NULL;
	/* to the end, also where it is found */
	for (size_t i = 0; i < t->n; i++)
		if (CRYPTO_memcmp(t->list[i].digest, is, TOKEN_DIGEST) == 0)
			found = &t->list[i];
	return found;
}

bool tokens_hold(const struct tokens *t, const struct token *token)
{
	for (size_t i = 0; i < t->n; i++)
		if (!memcmp(&t->list[i], token, sizeof(*token)))
			return true;
	return false;
}
