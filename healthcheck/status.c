/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKELETON: to be written. */
#include <string.h>

#include "healthcheck/text.h"

const char *status_problem(const char *text)
{
	return NULL;
}

const char *regex_problem(const char *text)
{
	return NULL;
}

const char *header_problem(const char *text)
{
	return NULL;
}

const char *method_problem(const char *text)
{
	return NULL;
}

const char *path_problem(const char *text)
{
	return NULL;
}

const char *host_problem(const char *text)
{
	return NULL;
}

bool status_match(const char *text, unsigned int status)
{
	return false;
}
