/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Totals on disk, state-dir/counters: a line of JSON for each, behind one that
 * says of which boot of this machine the kernel's values are.
 *
 *   {"version":1,"boot":"0bc0e5b2-..."}
 *   {"name":"in.www/b1","packets":0,"bytes":0,
 *    "kernel":[{"family":4,"table":2,"handle":7,"packets":12,"bytes":840}]}
 *
 * A reader finds the old file or the new one (rename).
 */
#ifndef NFTLB_DAEMON_COUNTERS_FILE_H
#define NFTLB_DAEMON_COUNTERS_FILE_H

#include "daemon/counters_totals.h"

#define COUNTERS_FILE         "counters"
#define COUNTERS_FILE_VERSION 1

struct counters_file;

/** counters_file_load() - add what is in @dir to @t; no file is nothing, lines
 * that make no sense are skipped with one warning for all of them */
void counters_file_load(struct totals *t, const char *dir);

/** counters_file_open() - to write to @dir, which is copied */
struct counters_file *counters_file_open(const char *dir);
void counters_file_close(struct counters_file *f);

/**
 * counters_file_write() - write the next piece of @t, from the beginning if
 * none was begun
 * @whole: all of it
 * Return: 1: there is more to write; 0: done; -errno of the disk: logged when
 * it begins, and the next call begins anew.
 */
int counters_file_write(struct counters_file *f, const struct totals *t,
			bool whole);

#endif
