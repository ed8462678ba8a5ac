/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": what people type, and what there is. */
#ifndef NFTLB_LIB_NEAR_H
#define NFTLB_LIB_NEAR_H

#include <stddef.h>

/** near_word() - the one of @n words closest to @text, NULL if none is close */
const char *near_word(const char *text, const char *const *words, size_t n);

#endif
