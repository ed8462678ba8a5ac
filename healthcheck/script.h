/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script check: a program of the operator's says how the backend is. */
#ifndef HEALTHCHECK_SCRIPT_H
#define HEALTHCHECK_SCRIPT_H

#include <ev.h>

struct check;
struct hc_job;
struct spawn;
struct spec;

/* What a running script check needs; lives inside struct check. */
struct script_check {
	struct spawn *running;        /* NULL: it did not begin, or is over */
	struct script_output *output; /* of a feed, else NULL */
};

/* Rows of the table in checks.c: see struct check_ops. */
int script_start(struct check *c, const struct hc_job *job);
int script_look(struct check *c);
void script_cancel(struct check *c);
const char *script_prepare(struct spec *s, struct ev_loop *loop);
void script_release(struct spec *s);

#endif
