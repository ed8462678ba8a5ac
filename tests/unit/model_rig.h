/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model from a few words, steps as words, and what changed as text. */
#ifndef TESTS_UNIT_MODEL_RIG_H
#define TESTS_UNIT_MODEL_RIG_H

#include "lib/buf.h"
#include "model/full.h"
#include "model/step.h"

struct model_rig {
	struct model *m;
	int64_t now_ms;
	struct changes changes; /* of the last step of the last script */
	bool urgent, worthwhile;
	struct buf text;
};

/**
 * made_conf() - a configuration from lines of words:
 *   check NAME [KEY=N|WORD]...    rise fall start type port interval
 *                                 send expect
 *   feed NAME [KEY=N]...          low high interval; before its services
 *   service NAME [KEY=N|WORD]...  scheduler backup-when min-usable quorum
 *                                 hysteresis slow-start flap-hold flap-max
 *                                 drain-timeout on-down persist pins; tick
 *                                 smoothing blackout max-step dead-band floor
 *                                 ceiling (thousandths); and feed=NAME as often
 *                                 as wanted
 *   backend NAME [KEY=N|WORD]...  weight max backup disabled address need, and
 *                                 check=NAME as often as wanted
 * Times are in ms. Backends are of the last service before them.
 */
struct conf *made_conf(const char *text);

/** model_rig_conf() - begin with this configuration, or reload it; returns what
 * changed */
const char *model_rig_conf(struct model_rig *r, const char *text);

/**
 * model_rig_do() - steps, separated by "; ", on the first service:
 *   BACKEND CHECK REASON [ready] [drain] [maint] [N%] [=N]
 *   BACKEND enabled|drain|disabled     BACKEND weight N|default
 *   service enabled|disabled           wait MS (and tick)
 *   kernel committed|read|purged|failed    of persistent clients' entries
 *   BACKEND counted N [flagged]        says "flag" or "free", and the number
 *                                      that the kernel counts to
 * Return: the changes, "KIND OBJECT OLD>NEW REASON\n" each
 */
const char *model_rig_do(struct model_rig *r, const char *script);

/** model_rig_serving() - "b1=1000 b2=500 up b1": who serves with which weight,
 * the state of the service, and who is sticky */
const char *model_rig_serving(struct model_rig *r);

/* One part of a story. */
struct model_line {
	const char *script;  /* "!" and a configuration: a reload */
	const char *changes; /* NULL = not looked at */
	const char *serving; /* NULL = not looked at */
};

/** model_story() - begin with @conf, then line by line to the one without
 * script; the test fails where one differs */
void model_story(const char *conf, const struct model_line *lines);

void model_rig_free(struct model_rig *r);

#endif
