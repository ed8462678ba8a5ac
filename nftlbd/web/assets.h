/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are served as they stand in the tree. */
#ifndef NFTLB_WEB_ASSETS_H
#define NFTLB_WEB_ASSETS_H

#include <stddef.h>

struct asset {
	const char *type; /* media type */
	const void *data;
	size_t size; /* bytes */
};

struct asset asset_page(void);    /* the status page, page.html */
struct asset asset_openapi(void); /* openapi.json */

#endif
