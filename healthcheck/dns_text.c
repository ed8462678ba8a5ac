/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKELETON: to be written. */
#include <string.h>

#include "healthcheck/text.h"

const char *dns_name_problem(const char *text)
{
	return NULL;
}

const char *dns_type_problem(const char *text)
{
	return NULL;
}

const char *dns_rcode_problem(const char *text)
{
	return NULL;
}

int dns_type(const char *text)
{
	return -1;
}

int dns_rcode(const char *text)
{
	return -1;
}
