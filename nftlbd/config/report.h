/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Complaints about the configuration, collected from every stage. */
#ifndef NFTLB_CONFIG_REPORT_H
#define NFTLB_CONFIG_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "config/conf.h"

#define REPORT_MAX   1000 /* complaints kept; the rest is counted */
#define REPORT_FOUND 200  /* bytes that report_found() needs */

/* A place in the files: index into struct doc's files, and line from 1. */
struct where {
	uint32_t file;
	uint32_t line; /* 0 = the file as a whole; in a draft: not set */
};

struct complaint {
	struct where where;
	uint32_t seq; /* order of discovery, to keep the sort stable */
	char *text;   /* owned */
};

struct report {
	struct complaint *list;
	size_t n, cap;
	size_t more; /* complaints beyond REPORT_MAX */
};

/** report_add() - one complaint in full words; copies */
void report_add(struct report *r, struct where where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * report_value() - "[SECTION] KEY: found VALUE: PROBLEM; allowed: ALLOWED"
 * @found: as it stands in the file; quoted safely and cut here.
 * @problem: NULL leaves it out.
 */
void report_value(struct report *r, struct where where, const char *section,
		  const char *key, const char *found, const char *problem,
		  const char *allowed);

/** report_found() - @text quoted for a message, at most 60 characters of it */
const char *report_found(const char *text, char buf[REPORT_FOUND]);

/**
 * report_finish() - hand the complaints over, sorted by file and line
 * @files: names of the files by index.
 * @r: empty afterwards. Return: how many went to @out.
 */
size_t report_finish(struct report *r, char *const *files,
		     struct conf_errors *out);

#endif
