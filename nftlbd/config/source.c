/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration that is tried, or one from before, stands beside what is on
 * disk: its files count in the place of those of the same path, and a file
 * without a text is not there, whatever the disk says.
 */
#include "config/source.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/doc.h"
#include "lib/xalloc.h"

static const struct conf_file *source_find(const struct conf_source *s,
					   const char *path)
{
	for (size_t i = 0; s && i < s->nfiles; i++) {
		if (!strcmp(s->files[i].path, path))
			return &s->files[i];
	}
	return NULL;
}

int source_load(const struct conf_source *source, const char *path,
		struct buf *text, struct stat *st, char *words, size_t size)
{
	const struct conf_file *f = source_find(source, path);

	if (!f && !(source && source->only))
		return text_load(path, text, st, words, size);
	*st = (struct stat){ 0 };
	if (!f || !f->text) {
		snprintf(words, size, "%s", strerror(ENOENT));
		return -EINVAL;
	}
	words[0] = '\0';
	buf_append(text, f->text, f->len);
	buf_reserve(text, 1); /* an empty file is a file */
	return 0;
}

char *conf_file_read(const char *path, size_t *len)
{
	struct buf text = { 0 };
	char words[256];
	struct stat st;

	if (text_load(path, &text, &st, words, sizeof(words)) < 0) {
		buf_free(&text);
		return NULL;
	}
	*len = text.len;
	buf_append(&text, "", 1);
	return text.data;
}

/* ---- patterns */

/* A directory that is not there matches nothing, like an empty one. */
static int glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static void paths_add(struct paths *p, const char *path)
{
	*VEC_PUSH(p->list, p->n, p->cap) = xstrdup(path);
}

void paths_free(struct paths *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i]);
	free(p->list);
	*p = (struct paths){ 0 };
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those on disk, but for those that the source knows. */
static int disk_glob(const struct conf_source *source, const char *pattern,
		     struct paths *out)
{
	glob_t found = { 0 };
	int ret = glob(pattern, 0, glob_error, &found);
	int code = ret == GLOB_ABORTED ? -errno : -ENOMEM;

	for (size_t i = 0; !ret && i < found.gl_pathc; i++) {
		if (!source_find(source, found.gl_pathv[i]))
			paths_add(out, found.gl_pathv[i]);
	}
	globfree(&found);
	return !ret || ret == GLOB_NOMATCH ? 0 : code;
}

int source_glob(const struct conf_source *source, const char *pattern,
		struct paths *out)
{
	int ret = 0;

	if (!source || !source->only)
		ret = disk_glob(source, pattern, out);
	for (size_t i = 0; source && i < source->nfiles; i++) {
		if (source->files[i].text &&
		    !fnmatch(pattern, source->files[i].path,
			     FNM_PATHNAME | FNM_PERIOD))
			paths_add(out, source->files[i].path);
	}
	if (out->n)
		qsort(out->list, out->n, sizeof(*out->list), path_cmp);
	return ret;
}
