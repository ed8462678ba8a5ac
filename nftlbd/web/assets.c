/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The assembler takes the files in: nothing is generated, nothing has to be
 * installed or found. WEB_DIR is where they are in the tree.
 *
 * Must not know: what is in them, who asks for them.
 */
#include "web/assets.h"

#define ASSET(name, file, media)                                               \
	__asm__(".section .rodata\n"                                           \
		".globl " #name "_start, " #name "_end\n"                      \
		".hidden " #name "_start, " #name "_end\n" #name               \
		"_start: .incbin \"" WEB_DIR "/" file "\"\n" #name             \
		"_end: .byte 0\n.previous");                                   \
	extern const char name##_start[], name##_end[];                        \
	struct asset name(void)                                                \
	{                                                                      \
		return (struct asset){ media, name##_start,                    \
				       (size_t)(name##_end - name##_start) };  \
	}

ASSET(asset_page, "page.html", "text/html; charset=utf-8")
ASSET(asset_page_style, "page.css", "text/css")
ASSET(asset_page_base, "base.js", "text/javascript")
ASSET(asset_page_list, "list.js", "text/javascript")
ASSET(asset_page_detail, "detail.js", "text/javascript")
ASSET(asset_page_live, "live.js", "text/javascript")
ASSET(asset_openapi, "openapi.json", "application/json")
