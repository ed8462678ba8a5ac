/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKELETON: to be written. */
#include <string.h>

#include "healthcheck/text.h"

const char *braces_problem(const char *text)
{
	return NULL;
}

void braces_fill(const char *text, const char *address, uint16_t port,
		 const char *backend, struct buf *out)
{
}
