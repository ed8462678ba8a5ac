/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration from text, in a directory of the test's own. */
#ifndef TESTS_UNIT_CONF_RIG_H
#define TESTS_UNIT_CONF_RIG_H

#include <stddef.h>

#include "config/conf.h"

struct rig {
	char dir[64];
	struct conf *conf;         /* of the last load; NULL if refused */
	struct conf_errors errors; /* of the last load */
	struct buf words;          /* errors as text */
};

/** rig_setup(), rig_teardown() - for cmocka; *state is the rig */
int rig_setup(void **state);
int rig_teardown(void **state);

/** rig_write() - put @len bytes into a file of that name */
void rig_write(struct rig *rig, const char *name, const void *data, size_t len);

/**
 * rig_load() - load a file; returns what conf_load() does
 * @name: in the rig's directory, or a path with a slash
 */
int rig_load(struct rig *rig, const char *name);

/** rig_good() - load @text, which must be accepted, and return the result */
const struct conf *rig_good(struct rig *rig, const char *text);

/** rig_bad() - load @text, which must be refused in these words at this line */
void rig_bad(struct rig *rig, const void *text, size_t len, unsigned int line,
	     const char *words);

#endif
