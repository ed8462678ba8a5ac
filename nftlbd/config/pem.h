/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of certificates and keys: read when the configuration is. */
#ifndef NFTLB_CONFIG_PEM_H
#define NFTLB_CONFIG_PEM_H

#include <stdbool.h>

#include "healthcheck/spec.h"

#define PEM_PROBLEM 128 /* bytes that pem_load() needs for words */

/* What such files have to be, for messages. */
extern const char pem_allowed[];

/**
 * pem_load() - read the file into @out, malloc'd; what is in it is not judged
 * @problem: why not, PEM_PROBLEM bytes.
 * Return: false with words on the problem; @out is empty then.
 */
bool pem_load(const char *path, struct spec_bytes *out, char *problem);

#endif
