/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures that the API's status and its metrics share. */
#ifndef HVAGENT_API_STATUS_H
#define HVAGENT_API_STATUS_H

#include <stddef.h>

#include "hvagent/agent.h"

/** api_count_bindings() - by whose they are */
void api_count_bindings(const struct agent *a, size_t *of_file, size_t *of_api);

#endif
