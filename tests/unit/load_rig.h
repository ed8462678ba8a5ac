/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service whose weights follow the load, and what is measured of it. Of the
 * first service of a configuration (model_rig.h) with backends b1, b2 ... */
#ifndef TESTS_UNIT_LOAD_RIG_H
#define TESTS_UNIT_LOAD_RIG_H

#include "model/load.h"
#include "model_rig.h"

#define LOAD_BACKENDS 8
#define SILENT        (-1.0) /* nothing is measured */

struct load_rig {
	struct model *m;
	struct service *s;
	int64_t now_ms;
	struct changes changes; /* of all that was done since load_rig_begin()
				 * or load_rig_forget() */
	struct buf text;
	/* what each tick finds, of b1, b2 ...: */
	double connections[LOAD_BACKENDS];
	double response_us[LOAD_BACKENDS]; /* of the first check */
	double feeds[CONF_FEEDS_MAX][LOAD_BACKENDS];
};

/** load_rig_begin() - all is SILENT */
void load_rig_begin(struct load_rig *r, const char *conf);
void load_rig_end(struct load_rig *r);
/** load_rig_reload() - the same with another configuration */
void load_rig_reload(struct load_rig *r, const char *conf);

/** load_rig_ticks() - @n times: time passes, samples come, weights move */
void load_rig_ticks(struct load_rig *r, unsigned int n);
/** load_rig_result() - the end of a check of a backend, now */
void load_rig_result(struct load_rig *r, size_t backend, size_t check,
		     enum hc_reason reason, uint32_t us);
void load_rig_set(double *values, double b1, double b2, double b3);

/** load_rig_weights() - dynamic ones, "1000 850 1150" */
const char *load_rig_weights(struct load_rig *r);
/** load_rig_changes() - as text, as model_rig_do() has it; forgets them */
const char *load_rig_changes(struct load_rig *r);
uint32_t load_rig_weight(const struct load_rig *r, size_t backend);
/** load_rig_why() - the word */
const char *load_rig_why(const struct load_rig *r, size_t backend);

/** load_rig_committed() - the kernel knows all */
void load_rig_committed(struct load_rig *r);

#endif
