/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "revisions/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "revisions/write.h"

#define SUFFIX   ".conf"
#define HEAD_MAX ((size_t)1 << 20) /* of the line that says all about one */

struct store {
	char *dir;
	struct revision *list; /* by number */
	size_t n, cap;
	uint64_t highest; /* number ever seen */
};

static char *path_of(const struct store *s, uint64_t number)
{
	return xasprintf("%s/%010" PRIu64 SUFFIX, s->dir, number);
}

/* ---- reading */

/* Up to @max bytes of a file into @text. */
static int slurp(const char *path, size_t max, struct buf *text, uint64_t *size)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EBADMSG;
	}
	*size = (uint64_t)st.st_size;
	while (n > 0 && text->len < max) {
		buf_reserve(text, 65536);
		n = read(fd, text->data + text->len, 65535);
		if (n > 0)
			text->len += (size_t)n;
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

static int read_one(const char *path, bool all, struct revision *out,
		    struct err *err)
{
	struct buf text = { 0 };
	uint64_t size = 0;
	int ret = slurp(path, all ? SIZE_MAX : HEAD_MAX, &text, &size);

	if (ret < 0)
		err_set(err, ret, "%s: %s", path, strerror(-ret));
	else
		ret = record_read(text.data, text.len, size, all, out, err);
	buf_free(&text);
	if (ret < 0)
		revision_free(out);
	return ret;
}

/* The number in a file's name; 0 = it is not one of ours. */
static uint64_t number_of(const char *name)
{
	char *end;
	uint64_t n = strtoull(name, &end, 10);

	return end == name + 10 && !strcmp(end, SUFFIX) ? n : 0;
}

static int revision_cmp(const void *pa, const void *pb)
{
	const struct revision *a = pa, *b = pb;

	return (a->number > b->number) - (a->number < b->number);
}

static void take(struct store *s, const char *name)
{
	uint64_t number = number_of(name);
	struct revision r = { 0 };
	struct err err = { "" };
	char *path;

	if (!number)
		return;
	if (number > s->highest)
		s->highest = number;
	path = path_of(s, number);
	if (read_one(path, false, &r, &err) < 0 || r.number != number) {
		log_warning("revision %" PRIu64 " is damaged and not counted: "
			    "%s: %s",
			    number, path,
			    err.msg[0] ? err.msg : "it says another number");
		revision_free(&r);
	} else {
		*VEC_PUSH(s->list, s->n, s->cap) = r;
	}
	free(path);
}

struct store *store_open(const char *state_dir)
{
	struct store *s = xcalloc(1, sizeof(*s));
	struct dirent *e;
	DIR *dir;

	s->dir = xasprintf("%s/" STORE_DIR, state_dir);
	dir = opendir(s->dir);
	if (!dir && errno != ENOENT)
		log_warning("%s: %s: no revision is known", s->dir,
			    strerror(errno));
	while (dir && (e = readdir(dir)))
		take(s, e->d_name);
	if (dir)
		closedir(dir);
	if (s->n)
		qsort(s->list, s->n, sizeof(*s->list), revision_cmp);
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		revision_free(&s->list[i]);
	free(s->list);
	free(s->dir);
	free(s);
}

const struct revision *store_list(const struct store *s, size_t *n)
{
	*n = s->n;
	return s->list;
}

const struct revision *store_find(const struct store *s, uint64_t number)
{
	const struct revision key = { .number = number };

	return s->n ? bsearch(&key, s->list, s->n, sizeof(key), revision_cmp)
		    : NULL;
}

const struct revision *store_last(const struct store *s)
{
	return s->n ? &s->list[s->n - 1] : NULL;
}

int store_read(const struct store *s, uint64_t number, struct revision *out,
	       struct err *err)
{
	struct err why = { "" };
	char *path;
	int ret;

	*out = (struct revision){ 0 };
	if (!store_find(s, number))
		return err_set(err, -ENOENT,
			       "revision %" PRIu64 " is not kept; `config "
			       "history` lists those that are",
			       number);
	path = path_of(s, number);
	ret = read_one(path, true, out, &why);
	if (ret < 0)
		err_set(err, ret, "revision %" PRIu64 " is damaged: %s: %s",
			number, path, why.msg);
	free(path);
	return ret;
}

/* ---- writing */

static int write_revision(const struct store *s, const struct revision *r,
			  struct err *err)
{
	struct write_part *parts = xcalloc(r->nfiles + 1, sizeof(*parts));
	char *path = path_of(s, r->number);
	struct buf head = { 0 };
	int ret;

	record_head(r, &head);
	parts[0] = (struct write_part){ head.data, head.len };
	for (size_t i = 0; i < r->nfiles; i++)
		parts[i + 1] =
		    (struct write_part){ r->files[i].text, r->files[i].len };
	if (mkdir(s->dir, 0700) < 0 && errno != EEXIST)
		ret = err_set(err, -errno, "%s: %s", s->dir, strerror(errno));
	else
		ret = write_replace(path, parts, r->nfiles + 1, err);
	free(parts);
	free(path);
	buf_free(&head);
	return ret;
}

static void drop(struct store *s, size_t i)
{
	char *path = path_of(s, s->list[i].number);

	if (unlink(path) < 0 && errno != ENOENT)
		log_warning("%s: %s", path, strerror(errno));
	free(path);
	revision_free(&s->list[i]);
	memmove(&s->list[i], &s->list[i + 1],
		(s->n - i - 1) * sizeof(*s->list));
	s->n--;
}

/* The newest two stay whatever their size. */
static void prune(struct store *s, uint32_t kept, uint64_t spare)
{
	uint64_t bytes = 0;
	size_t i = 0;

	for (size_t k = 0; k < s->n; k++)
		bytes += s->list[k].bytes;
	while (i + 2 < s->n && (s->n > kept || bytes > STORE_BYTES_MAX)) {
		if (s->list[i].number == spare) {
			i++;
			continue;
		}
		bytes -= s->list[i].bytes;
		drop(s, i);
	}
}

/* What is remembered of one: all but the texts. */
static void remember(struct store *s, const struct revision *r)
{
	struct revision *copy = VEC_PUSH(s->list, s->n, s->cap);

	*copy = *r;
	copy->token = r->token ? xstrdup(r->token) : NULL;
	copy->files = xcalloc(r->nfiles + 1, sizeof(*copy->files));
	for (size_t i = 0; i < r->nfiles; i++)
		copy->files[i] =
		    (struct conf_file){ .path = xstrdup(r->files[i].path),
					.len = r->files[i].len };
}

int store_add(struct store *s, struct revision *r, uint32_t kept,
	      uint64_t spare, struct err *err)
{
	const struct revision *last = store_last(s);
	int ret;

	r->sum = record_sum(r->files, r->nfiles);
	r->bytes = 0;
	for (size_t i = 0; i < r->nfiles; i++)
		r->bytes += r->files[i].len;
	if (last && last->sum == r->sum && last->bytes == r->bytes) {
		r->number = last->number;
		return 0;
	}
	r->number = s->highest + 1;
	ret = write_revision(s, r, err);
	if (ret < 0)
		return ret;
	s->highest = r->number;
	remember(s, r);
	prune(s, kept, spare);
	return 1;
}
