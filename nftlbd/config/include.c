/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which files make up the configuration: the first one, then those that each
 * file includes, in the order they are named, after the file that names them
 * (so that [defaults] of a file hold for what it includes). A file is read
 * once: a second time is an error, which also ends loops. Only regular files
 * are opened, without blocking: a FIFO must not hang the daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/doc.h"
#include "config/source.h"
#include "config/values.h"
#include "lib/xalloc.h"

#define DEPTH_MAX      8
#define FILE_MAX_MB    64
#define ALL_MAX_MB     512
#define DEPTH_TEXT     NUMBER_TEXT(DEPTH_MAX)
#define ALL_MAX_TEXT   NUMBER_TEXT(ALL_MAX_MB)
#define FILE_MAX_TEXT  NUMBER_TEXT(FILE_MAX_MB)
#define FILE_MAX_BYTES ((size_t)FILE_MAX_MB << 20)
#define ALL_MAX_BYTES  ((size_t)ALL_MAX_MB << 20)

static const char files_allowed[] =
    "regular files that the daemon may read, each once, up to " FILE_MAX_TEXT
    " MB, paths relative to this file, patterns such as conf.d/*.conf";

const char list_files_allowed[] =
    "a regular file that the daemon may read, up to " FILE_MAX_TEXT
    " MB, its path relative to this file";

struct includer {
	struct doc *doc;
	struct report *report;
	unsigned int depth;
};

/* Read an open file to its end. 0 or -errno. */
static int file_slurp(int fd, struct buf *out)
{
	ssize_t n;

	do {
		buf_reserve(out, 65536);
		n = read(fd, out->data + out->len, out->cap - out->len - 1);
		if (n > 0)
			out->len += (size_t)n;
		if (out->len > FILE_MAX_BYTES)
			return -EFBIG;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static const char *file_refuse(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a directory";
	if (S_ISFIFO(st->st_mode))
		return "is a FIFO";
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_size > (off_t)FILE_MAX_BYTES)
		return "is larger than " FILE_MAX_TEXT " MB";
	return NULL;
}

/* Index of the file if it was read before, else -1. */
static ssize_t file_known(const struct doc *doc, const char *path,
			  const struct stat *st)
{
	size_t i;

	for (i = 0; i < doc->nfiles; i++) {
		if (!doc->files[i].text.data)
			continue;
		if (st->st_ino ? doc->files[i].dev == st->st_dev &&
				     doc->files[i].ino == st->st_ino
			       : !strcmp(doc->names[i], path))
			return (ssize_t)i;
	}
	return -1;
}

uint32_t doc_name_add(struct doc *doc, const char *path)
{
	*VEC_PUSH(doc->names, doc->nnames, doc->capnames) = xstrdup(path);
	*VEC_PUSH(doc->files, doc->nfiles, doc->capfiles) =
	    (struct doc_file){ 0 };
	return (uint32_t)(doc->nnames - 1);
}

int text_load(const char *path, struct buf *text, struct stat *st, char *words,
	      size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY), ret;
	const char *refuse = NULL;

	words[0] = '\0';
	if (fd < 0 || fstat(fd, st) < 0)
		refuse = strerror(errno);
	else
		refuse = file_refuse(st);
	if (!refuse && (ret = file_slurp(fd, text)) < 0)
		refuse = strerror(-ret);
	if (refuse)
		snprintf(words, size, "%s", refuse);
	if (fd >= 0)
		close(fd);
	return refuse ? -EINVAL : 0;
}

/**
 * file_open() - read @path, unless it was read before
 * @words: why not, at least 256 bytes; "" on success
 */
static void file_open(struct includer *in, const char *path, struct buf *text,
		      struct stat *st, char *words, size_t size)
{
	ssize_t known;

	if (source_load(in->doc->source, path, text, st, words, size) < 0)
		return;
	known = file_known(in->doc, path, st);
	if (known >= 0)
		snprintf(words, size, "was read already, as %.200s",
			 in->doc->names[known]);
	else if (in->doc->text.len + text->len > ALL_MAX_BYTES)
		snprintf(words, size,
			 "all files are larger than " ALL_MAX_TEXT " MB");
}

static void file_includes(struct includer *in, uint32_t file, size_t first);

/* @named: where the file was named; NULL for the first one. */
static void file_read(struct includer *in, const char *path,
		      const struct where *named, const char *found)
{
	struct doc *doc = in->doc;
	struct buf text = { 0 };
	char words[512], problem[PATH_MAX + 600];
	size_t first = doc->nsections;
	uint32_t file = 0;
	struct stat st;

	if (!named) /* so that a complaint about it has a name to show */
		file = doc_name_add(doc, path);
	file_open(in, path, &text, &st, words, sizeof(words));
	if (*words && named) {
		snprintf(problem, sizeof(problem), "%.200s: %s", path, words);
		report_value(in->report, *named, "[global]", "include", found,
			     problem, files_allowed);
	} else if (*words) {
		report_add(in->report, (struct where){ file, 0 },
			   "%s; allowed: a regular file that may be read",
			   words);
	} else {
		if (named)
			file = doc_name_add(doc, path);
		doc->files[file] =
		    (struct doc_file){ st.st_dev, st.st_ino, text };
		doc_parse(doc, file, text.data, text.len, in->report);
		file_includes(in, file, first);
		return;
	}
	buf_free(&text);
}

char *doc_path(const struct doc *doc, uint32_t file, const char *pattern)
{
	const char *slash = strrchr(doc->names[file], '/');

	if (*pattern == '/' || !slash)
		return xstrdup(pattern);
	return xasprintf("%.*s/%s", (int)(slash - doc->names[file]),
			 doc->names[file], pattern);
}

static void include_one(struct includer *in, const struct where *where,
			const char *pattern)
{
	char *path = doc_path(in->doc, where->file, pattern);
	struct paths found = { 0 };
	int ret;

	if (!strpbrk(pattern, "*?[")) {
		file_read(in, path, where, pattern);
		free(path);
		return;
	}
	ret = source_glob(in->doc->source, path, &found);
	if (ret < 0)
		report_value(in->report, *where, "[global]", "include", pattern,
			     ret == -ENOMEM ? "too many files" : strerror(-ret),
			     files_allowed);
	for (size_t i = 0; i < found.n; i++)
		file_read(in, found.list[i], where, pattern);
	paths_free(&found);
	free(path);
}

static void include_list(struct includer *in, const struct where *where,
			 const char *value)
{
	char item[LINE_MAX_BYTES];

	if (++in->depth > DEPTH_MAX) {
		report_value(in->report, *where, "[global]", "include", value,
			     "includes are nested too deeply",
			     "files included up to " DEPTH_TEXT " levels deep");
	} else {
		while (list_next(&value, item, sizeof(item))) {
			if (*item)
				include_one(in, where, item);
			else
				report_value(in->report, *where, "[global]",
					     "include", "", "empty item",
					     files_allowed);
		}
	}
	in->depth--;
}

/* The sections from @first on are those of @file. */
static void file_includes(struct includer *in, uint32_t file, size_t first)
{
	size_t last = in->doc->nsections, i, j;
	const struct doc_section *s;
	const struct doc_entry *e;
	struct where where;
	char *value;

	for (i = first; i < last; i++) {
		if (in->doc->sections[i].kind != DOC_GLOBAL)
			continue;
		for (j = 0; j < in->doc->sections[i].n; j++) {
			s = &in->doc->sections[i]; /* may have moved */
			e = &in->doc->entries[s->first + j];
			if (strcmp(doc_text(in->doc, e->key), "include"))
				continue;
			where = (struct where){ file, e->line };
			value = xstrdup(doc_text(in->doc, e->value));
			include_list(in, &where, value);
			free(value);
		}
	}
}

void doc_read(struct doc *doc, const char *path, struct report *r)
{
	struct includer in = { doc, r, 0 };

	buf_append(&doc->text, "", 1); /* offset 0 is the empty text */
	file_read(&in, path, NULL, path);
}

void doc_free(struct doc *doc)
{
	size_t i;

	for (i = 0; i < doc->nnames; i++)
		free(doc->names[i]);
	for (i = 0; i < doc->nfiles; i++)
		buf_free(&doc->files[i].text);
	free(doc->names);
	free(doc->files);
	free(doc->sections);
	free(doc->entries);
	buf_free(&doc->text);
	*doc = (struct doc){ 0 };
}
