/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file check: is there a maintenance file of this backend? */
#ifndef HEALTHCHECK_FILE_H
#define HEALTHCHECK_FILE_H

struct check;
struct hc_job;

/* Rows of the table in checks.c: see struct check_ops. */
int file_start(struct check *c, const struct hc_job *job);
int file_look(struct check *c);
void file_cancel(struct check *c);

#endif
