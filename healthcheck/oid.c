/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKELETON: to be written. */
#include <string.h>

#include "healthcheck/text.h"

const char *oid_problem(const char *text)
{
	return NULL;
}

size_t oid_numbers(const char *text, unsigned long out[OID_MAX])
{
	return 0;
}
