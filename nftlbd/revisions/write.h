/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is there with its old or its new content, never with half. */
#ifndef NFTLB_REVISIONS_WRITE_H
#define NFTLB_REVISIONS_WRITE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/* One part of what is written. */
struct write_part {
	const char *data;
	size_t len;
};

/**
 * write_beside() - write and sync a new file
 * @mode: permissions, whatever the umask. Nothing of it stays on failure.
 * Return: 0 or -errno with words.
 */
int write_beside(const char *path, mode_t mode, const struct write_part *parts,
		 size_t n, struct err *err);

/** write_replace() - the same, then put it in the place of @path, by way of
 * "PATH.new", mode 0600. Survives a loss of power. */
int write_replace(const char *path, const struct write_part *parts, size_t n,
		  struct err *err);

/** write_sync_dir() - what was renamed in the directory of @path stays so */
void write_sync_dir(const char *path);

#endif
