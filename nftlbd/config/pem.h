/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of certificates and keys: read when the configuration is. */
#ifndef NFTLB_CONFIG_PEM_H
#define NFTLB_CONFIG_PEM_H

#include <stdbool.h>

#include "healthcheck/spec.h"

#define PEM_MAX_MB  1
#define PEM_PROBLEM 128 /* bytes that pem_load() needs for words */

enum pem_kind { PEM_CERTIFICATE, PEM_KEY };

/**
 * pem_load() - read the file into @out, malloc'd
 * @problem: why not, PEM_PROBLEM bytes.
 * Return: false with words on the problem; @out is empty then.
 */
bool pem_load(const char *path, enum pem_kind kind, struct spec_bytes *out,
	      char *problem);

/** pem_allowed() - words on what such a file has to be */
const char *pem_allowed(enum pem_kind kind);

#endif
