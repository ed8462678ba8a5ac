/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The specs that jobs refer to. */
#ifndef HEALTHCHECK_SPECS_H
#define HEALTHCHECK_SPECS_H

#include <ev.h>

#include "healthcheck/checks.h"

struct specs;

/** specs_open() - none yet; free with specs_close() after the last job */
struct specs *specs_open(struct ev_loop *loop);
void specs_close(struct specs *ss);

/**
 * specs_put() - add a spec, or replace the one of the same id
 * Its type prepares it. One that cannot be prepared is kept as `broken`, and
 * one line of the log says why.
 * @of: its contents are taken over in any case, and zeroed
 * Return: NULL, or what is wrong: a job uses the one that is there.
 */
const char *specs_put(struct specs *ss, uint32_t id, enum hc_type type,
		      struct hc_spec *of);

/** specs_stop() - forget it; unknown: none. Return: as specs_put() */
const char *specs_stop(struct specs *ss, uint32_t id);

/** specs_find() - NULL = unknown */
struct spec *specs_find(const struct specs *ss, uint32_t id);

/** specs_hold() - one more job uses @s; specs_release() - one less */
void specs_hold(struct spec *s);
void specs_release(struct spec *s);

#endif
