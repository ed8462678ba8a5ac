/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a script that is a feed says: the first line of its standard output. */
#ifndef HEALTHCHECK_SCRIPT_OUTPUT_H
#define HEALTHCHECK_SCRIPT_OUTPUT_H

#include <ev.h>

#include "healthcheck/protocol.h"

struct script_output;

/**
 * script_output_open() - a pipe, and read it
 * @write_fd: its other end, for the script; the caller's
 * Return: script_output_close() it; NULL: -errno in @error.
 */
struct script_output *script_output_open(struct ev_loop *loop, int *write_fd,
					 int *error);
void script_output_close(struct script_output *o);

/**
 * script_output_judge() - the script is over: its number
 * Return: HC_OK, HC_MALFORMED, HC_TOO_LONG.
 */
enum hc_reason script_output_judge(struct script_output *o, double *value);

#endif
