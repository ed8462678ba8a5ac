/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One revision, and its form on disk: a line of JSON that says all about it,
 * then the texts of its files, one after the other as they are. Pure.
 */
#ifndef NFTLB_REVISIONS_RECORD_H
#define NFTLB_REVISIONS_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/conf.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/words.h"

#define RECORD_VERSION 1

enum revision_cause {
	CAUSE_START,
	CAUSE_RELOAD,
	CAUSE_APPLY,
	CAUSE_PUT,
	CAUSE_ROLLBACK,
	CAUSE_UNDONE /* an apply that was not confirmed */
};

extern const struct word revision_cause_words[];

struct revision {
	uint64_t number;
	int64_t time_ms; /* Unix time */
	uid_t uid;
	char *token; /* name of the API token; NULL = uid says it all */
	enum revision_cause cause;
	uint64_t added, removed; /* lines, against the one before */
	uint64_t sum;            /* of paths and texts, record_sum() */
	uint64_t bytes;          /* of the texts */
	struct conf_file *files; /* text is NULL where they were not read */
	size_t nfiles;
};

void revision_free(struct revision *r);

/** record_sum() - a number that tells sets of files apart (FNV-1a) */
uint64_t record_sum(const struct conf_file *files, size_t n);

/** record_head() - the line of @r, its end included, appended to @out */
void record_head(const struct revision *r, struct buf *out);

/**
 * record_read() - a revision from what is on disk, or from the begin of it
 * @all: texts are there too, and are what they were; else only the line counts,
 * and that the file is as long as it says (@size bytes)
 * Return: 0 or -EBADMSG with words; @out is to be freed in any case.
 */
int record_read(const char *data, size_t len, uint64_t size, bool all,
		struct revision *out, struct err *err);

#endif
