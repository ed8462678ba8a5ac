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

/* the status page: page.html, and what belongs into it, see page.c */
struct asset asset_page(void);
struct asset asset_page_style(void);
struct asset asset_page_base(void);
struct asset asset_page_list(void);
struct asset asset_page_detail(void);
struct asset asset_page_live(void);
struct asset asset_openapi(void); /* openapi.json */

#endif
