/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's file. A change is appended and synced, then the kernel is asked
 * to take it; if it does not, the line is cut off again. When lines outnumber
 * bindings by far, the file is written anew beside the old one and renamed.
 *
 * Invariants: at any instant the file is one whole journal: head, lines, and at
 * most a piece of a line at its end. After a write or cut that failed nothing
 * is appended; only a new file mends that. Must not know: who changes what, the
 * kernel's rules.
 */
#include "hvagent/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hvagent/keep_text.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define ITEMS_SPARE 1024 /* so many more than needed do not matter */

struct keep {
	char *dir, *path, *temporary;
	int dirfd; /* locked: the journal is ours */
	int fd;
	off_t size, before; /* of the file; without the last change */
	size_t items;       /* bindings that its lines name */
	bool broken;        /* its end is not what we think: write it anew */
};

static int complain(const struct keep *k, const char *what, struct err *err)
{
	int code = errno;

	return err_set(err, -code, "%s: cannot %s: %s", k->path, what,
		       strerror(code));
}

/* ---- a new file */

static void text_of(const struct bindings *all, struct buf *out, size_t *items)
{
	struct binding *list = xcalloc(all->n + 1, sizeof(*list));

	*items = 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->origin == BINDING_OF_API)
			list[(*items)++] = *all->list[i];
	buf_printf(out, KEEP_HEAD);
	keep_text_put(out, list, *items, true);
	free(list);
}

/* The file @fd, whose text is written, becomes the journal. */
static int replace(struct keep *k, int fd, struct err *err)
{
	if (fsync(fd) < 0 || rename(k->temporary, k->path) < 0 ||
	    fsync(k->dirfd) < 0)
		return complain(k, "replace it", err);
	return 0;
}

int keep_rewrite(struct keep *k, const struct bindings *all, struct err *err)
{
	struct buf text = { 0 };
	size_t items;
	int fd =
		open(k->temporary,
		     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600),
	    ret;

	if (fd < 0)
		return complain(k, "write it anew", err);
	text_of(all, &text, &items);
	ret = fd_write_all(fd, text.data, text.len);
	if (ret < 0) {
		errno = -ret;
		complain(k, "write it anew", err);
	} else {
		ret = replace(k, fd, err);
	}
	if (ret < 0) {
		unlink(k->temporary);
		close(fd);
	} else {
		if (k->fd >= 0)
			close(k->fd);
		k->fd = fd;
		k->size = k->before = (off_t)text.len;
		k->items = items;
		k->broken = false;
	}
	buf_free(&text);
	return ret;
}

/* ---- changes */

static int append(struct keep *k, const struct buf *text, struct err *err)
{
	int ret;

	if (k->broken)
		return err_set(err, -EIO,
			       "%s: cannot be written since an "
			       "earlier error",
			       k->path);
	k->before = k->size;
	ret = fd_write_all(k->fd, text->data, text->len);
	if (ret == 0 && fdatasync(k->fd) < 0)
		ret = -errno;
	if (ret == 0) {
		k->size += (off_t)text->len;
		return 0;
	}
	errno = -ret;
	complain(k, "write", err);
	keep_settle(k, false, NULL);
	return ret;
}

int keep_put(struct keep *k, const struct binding *list, size_t n, bool only,
	     struct err *err)
{
	struct buf text = { 0 };
	int ret;

	keep_text_put(&text, list, n, only);
	ret = append(k, &text, err);
	if (ret == 0)
		k->items += n;
	buf_free(&text);
	return ret;
}

int keep_remove(struct keep *k, const char *name, struct err *err)
{
	struct buf text = { 0 };
	int ret;

	keep_text_remove(&text, name);
	ret = append(k, &text, err);
	if (ret == 0)
		k->items++;
	buf_free(&text);
	return ret;
}

static void take_back(struct keep *k)
{
	struct err err;

	if (ftruncate(k->fd, k->before) < 0 || fdatasync(k->fd) < 0) {
		complain(k, "take back a change", &err);
		log_error("%s", err.msg);
		k->broken = true;
	}
	k->size = k->before;
}

void keep_settle(struct keep *k, bool done, const struct bindings *all)
{
	struct err err;

	if (!done)
		take_back(k);
	if (!all || (!k->broken && k->items <= 2 * all->n + ITEMS_SPARE))
		return;
	if (keep_rewrite(k, all, &err) < 0)
		log_warning("%s", err.msg);
}

/* ---- reading */

static int damaged(const struct keep *k, size_t line, const struct err *why,
		   struct err *err)
{
	return err_set(err, -EBADMSG,
		       "%s:%zu: damaged: %s; put it right, or remove the file "
		       "and with it what the API has bound",
		       k->path, line, why->msg);
}

/* A last line that is cut is a change that nobody was told of. */
static int read_lines(struct keep *k, const char *text, size_t len,
		      struct bindings *kept, struct err *err)
{
	size_t line = 1, at = strlen(KEEP_HEAD);
	struct err why = { "not a journal of ours" };

	if (len < at || memcmp(text, KEEP_HEAD, at) != 0)
		return damaged(k, line, &why, err);
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : 0;

		line++;
		if (!end)
			break;
		if (keep_text_read(text + at, n, kept, &k->items, &why) < 0)
			return damaged(k, line, &why, err);
		at += n + 1;
	}
	k->size = (off_t)at;
	return 0;
}

static int read_all(int fd, struct buf *text)
{
	ssize_t n;

	do {
		n = read(fd, buf_reserve(text, 65536), 65536);
		if (n > 0)
			text->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int load(struct keep *k, bool mend, struct bindings *kept,
		struct err *err)
{
	struct buf text = { 0 };
	struct stat st;
	int ret;

	if (fstat(k->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, -EBADMSG, "%s: is no file", k->path);
	ret = read_all(k->fd, &text);
	if (ret < 0) {
		errno = -ret;
		complain(k, "read", err);
	} else {
		ret = read_lines(k, text.data ? text.data : "", text.len, kept,
				 err);
	}
	if (ret == 0 && mend && (size_t)k->size < text.len) {
		log_warning("%s: its last change was cut short, and is none",
			    k->path);
		if (ftruncate(k->fd, k->size) < 0)
			ret = complain(k, "cut it", err);
	}
	buf_free(&text);
	return ret;
}

static int open_dir(struct keep *k, struct err *err)
{
	if (mkdir(k->dir, 0755) < 0 && errno != EEXIST)
		return complain(k, "make its directory", err);
	k->dirfd = open(k->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->dirfd < 0)
		return complain(k, "open its directory", err);
	if (flock(k->dirfd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(err, -EBUSY, "%s: another hvagent uses it",
			       k->dir);
	return complain(k, "lock its directory", err);
}

static struct keep *keep_new(const char *dir)
{
	struct keep *k = xcalloc(1, sizeof(*k));

	k->fd = k->dirfd = -1;
	k->dir = xstrdup(dir);
	k->path = xasprintf("%s/" KEEP_FILE, dir);
	k->temporary = xasprintf("%s.new", k->path);
	return k;
}

int keep_peek(const char *dir, struct bindings *kept, struct err *err)
{
	struct keep *k = keep_new(dir);
	int ret = 0;

	*kept = (struct bindings){ 0 };
	k->fd = open(k->path, O_RDONLY | O_CLOEXEC);
	if (k->fd >= 0)
		ret = load(k, false, kept, err);
	else if (errno != ENOENT)
		ret = complain(k, "open", err);
	if (ret < 0)
		bindings_free(kept);
	keep_close(k);
	return ret;
}

int keep_open(struct keep **out, const char *dir, struct bindings *kept,
	      struct err *err)
{
	struct keep *k = keep_new(dir);
	int ret;

	*kept = (struct bindings){ 0 };
	ret = open_dir(k, err);
	if (ret == 0) {
		k->fd = open(k->path, O_RDWR | O_APPEND | O_CLOEXEC);
		if (k->fd >= 0)
			ret = load(k, true, kept, err);
		else if (errno == ENOENT)
			ret = keep_rewrite(k, kept, err);
		else
			ret = complain(k, "open", err);
	}
	if (ret < 0) {
		bindings_free(kept);
		keep_close(k);
		return ret;
	}
	*out = k;
	return 0;
}

void keep_close(struct keep *k)
{
	if (!k)
		return;
	if (k->fd >= 0)
		close(k->fd);
	if (k->dirfd >= 0)
		close(k->dirfd);
	free(k->dir);
	free(k->path);
	free(k->temporary);
	free(k);
}
