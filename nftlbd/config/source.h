/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a configuration: those on disk, and those that count instead. */
#ifndef NFTLB_CONFIG_SOURCE_H
#define NFTLB_CONFIG_SOURCE_H

#include <sys/stat.h>

#include "config/conf.h"

/**
 * source_load() - what the file at @path says
 * @source: NULL = what is on disk
 * @st: of the file on disk; where it is not from there, st_ino is 0
 * @words: why not, of @size bytes, at least 256; "" on success
 * Return: 0 or -EINVAL.
 */
int source_load(const struct conf_source *source, const char *path,
		struct buf *text, struct stat *st, char *words, size_t size);

struct paths {
	char **list;
	size_t n, cap;
};

/**
 * source_glob() - the files that @pattern matches, in order
 * A directory that is not there matches nothing.
 * @out: to be freed with paths_free(), also on error
 * Return: 0; -ENOMEM; -errno of a directory that cannot be read.
 */
int source_glob(const struct conf_source *source, const char *pattern,
		struct paths *out);
void paths_free(struct paths *p);

#endif
