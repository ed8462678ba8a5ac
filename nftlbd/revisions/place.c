/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beside FILE there are for a moment ".FILE.nftlb-new", what it is to say, and
 * ".FILE.nftlb-old", another name of what it said: patterns of `include` that
 * end in * do not match them.
 */
#include "revisions/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/xalloc.h"
#include "revisions/write.h"

struct one {
	char *path, *new, *old; /* of the file itself, links resolved */
	bool was;               /* it was there */
	bool is;                /* it is to be there */
	bool swapped;
	bool keep; /* the old one: it could not be put back */
};

struct place {
	struct one *list;
	size_t n, cap;
	struct stat like; /* the first file */
};

static char *beside(const char *path, const char *suffix)
{
	const char *slash = strrchr(path, '/');

	return xasprintf("%.*s/.%s%s", (int)(slash - path), path, slash + 1,
			 suffix);
}

/* Does the file say just this? */
static bool says(const char *path, const struct conf_file *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char piece[65536];
	size_t at = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		n = read(fd, piece, sizeof(piece));
		if (n > 0 && (at + (size_t)n > f->len ||
			      memcmp(piece, f->text + at, (size_t)n) != 0))
			n = -1;
		at += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return n == 0 && at == f->len;
}

static int copy_file(const char *from, const char *to, const struct stat *st,
		     struct err *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct write_part part = { 0 };
	struct buf text = { 0 };
	ssize_t n = fd < 0 ? -1 : 1;
	int ret;

	while (n > 0) {
		n = read(fd, buf_reserve(&text, 65536), 65536);
		text.len += n > 0 ? (size_t)n : 0;
	}
	ret = n < 0 ? err_set(err, -errno, "%s: %s", from, strerror(errno)) : 0;
	if (fd >= 0)
		close(fd);
	part = (struct write_part){ text.data, text.len };
	if (ret == 0)
		ret = write_beside(to, st->st_mode & 07777, &part, 1, err);
	buf_free(&text);
	return ret;
}

/* Another name for what is there; a copy where there are no links. */
static int keep_old(const struct one *o, const struct stat *st, struct err *err)
{
	unlink(o->old);
	if (link(o->path, o->old) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK &&
	    errno != EXDEV)
		return err_set(err, -errno, "%s: %s", o->old, strerror(errno));
	return copy_file(o->path, o->old, st, err);
}

static int write_new(const struct one *o, const struct conf_file *f,
		     const struct stat *st, struct err *err)
{
	struct write_part part = { f->text, f->len };
	int ret = write_beside(o->new, st->st_mode & 07777, &part, 1, err);

	if (ret == 0 && (st->st_uid != geteuid() || st->st_gid != getegid()) &&
	    chown(o->new, st->st_uid, st->st_gid) < 0)
		ret = err_set(err, -errno, "%s: its owner cannot be kept: %s",
			      o->path, strerror(errno));
	/* chown() takes away what a mode has beyond 0777 */
	if (ret == 0 && chmod(o->new, st->st_mode & 07777) < 0)
		ret = err_set(err, -errno, "%s: %s", o->new, strerror(errno));
	return ret;
}

/* Where the file really is: links in the way stay. malloc'd; NULL, errno */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL), *copy, *dir, *whole;

	if (real || errno != ENOENT)
		return real;
	copy = xstrdup(path);
	dir = realpath(dirname(copy), NULL);
	free(copy);
	if (!dir)
		return NULL;
	whole = xasprintf("%s/%s", dir, strrchr(path, '/') + 1);
	free(dir);
	return whole;
}

static int prepare_one(struct place *p, const struct conf_file *f,
		       struct err *err)
{
	char *path = resolve(f->path);
	struct stat st;
	struct one *o;
	int ret = 0;

	if (!path)
		return f->text ? err_set(err, -errno, "%s: %s", f->path,
					 strerror(errno))
			       : 0;
	if (stat(path, &st) < 0 && errno != ENOENT) {
		ret = err_set(err, -errno, "%s: %s", path, strerror(errno));
		free(path);
		return ret;
	}
	if (access(path, F_OK) < 0 ? !f->text : f->text && says(path, f)) {
		free(path);
		return 0; /* it is as it is to be */
	}
	o = VEC_PUSH(p->list, p->n, p->cap);
	*o = (struct one){ .path = path,
			   .new = beside(path, ".nftlb-new"),
			   .old = beside(path, ".nftlb-old"),
			   .was = access(path, F_OK) == 0,
			   .is = f->text != NULL };
	if (o->is)
		ret = write_new(o, f, o->was ? &st : &p->like, err);
	if (ret == 0 && o->was)
		ret = keep_old(o, &st, err);
	return ret;
}

int place_prepare(struct place **out, const struct conf_file *files, size_t n,
		  struct err *err)
{
	struct place *p = xcalloc(1, sizeof(*p));
	int ret = 0;

	if (stat(files[0].path, &p->like) < 0)
		p->like = (struct stat){ .st_mode = 0600,
					 .st_uid = geteuid(),
					 .st_gid = getegid() };
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = prepare_one(p, &files[i], err);
	if (ret < 0)
		place_free(p);
	else
		*out = p;
	return ret;
}

static int one_back(struct one *o)
{
	int ret = o->was ? rename(o->old, o->path) : unlink(o->path);

	o->swapped = ret < 0;
	return ret < 0 ? -errno : 0;
}

int place_back(struct place *p, struct err *err)
{
	int ret = 0;

	for (size_t i = p->n; i-- > 0;) {
		struct one *o = &p->list[i];
		int code = o->swapped ? one_back(o) : 0;

		o->keep = code < 0;
		if (code < 0)
			ret =
			    err_set(err, code, "%s: %s; what it said is in %s",
				    o->path, strerror(-code), o->old);
		write_sync_dir(o->path);
	}
	return ret;
}

int place_swap(struct place *p, struct err *err)
{
	struct err worse = { "" };
	int ret = 0;

	for (size_t i = 0; i < p->n && ret == 0; i++) {
		struct one *o = &p->list[i];

		if ((o->is ? rename(o->new, o->path) : unlink(o->path)) < 0)
			ret = err_set(err, -errno, "%s: %s", o->path,
				      strerror(errno));
		o->swapped = ret == 0;
		write_sync_dir(o->path);
	}
	if (ret < 0 && place_back(p, &worse) < 0)
		return err_set(err, ret, "%s", worse.msg);
	return ret;
}

void place_free(struct place *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct one *o = &p->list[i];

		unlink(o->new);
		if (o->was && !o->keep)
			unlink(o->old);
		free(o->path);
		free(o->new);
		free(o->old);
	}
	free(p->list);
	free(p);
}
