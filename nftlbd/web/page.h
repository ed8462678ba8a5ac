/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status page: one answer made of a few files, and the headers that keep
 * it to itself. */
#ifndef NFTLB_WEB_PAGE_H
#define NFTLB_WEB_PAGE_H

#include <stddef.h>

#define PAGE_ETAG_MAX   48
#define PAGE_POLICY_MAX 320

struct page {
	const char *text;
	size_t size;
	char etag[PAGE_ETAG_MAX];     /* with its quotes */
	char policy[PAGE_POLICY_MAX]; /* Content-Security-Policy: this style
				       * and this script, and nothing else */
};

/** page_get() - made at the first call; ours, for ever */
const struct page *page_get(void);

#endif
