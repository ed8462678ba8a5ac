/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What [export] may say, beyond what its keys say one by one. */
#ifndef HVAGENT_CONF_EXPORT_H
#define HVAGENT_CONF_EXPORT_H

#include "hvagent/conf.h"

/** export_topic_problem() - what is wrong with the name of a topic, or NULL */
const char *export_topic_problem(const char *text);

/** conf_export_check() - do the keys of [export] go together?
 * Return: 0; -EINVAL with words: what was found, what is allowed. */
int conf_export_check(const struct hv_conf *c, struct err *err);

#endif
