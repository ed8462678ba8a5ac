/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs' configurations as ours. Pure: text in, text out; nothing is
 * opened but by the caller's reader. What has no equivalent is named: as a
 * comment where it would stand, and in a list for a summary.
 */
#ifndef NFTLB_IMPORT_IMPORT_H
#define NFTLB_IMPORT_IMPORT_H

#include <stddef.h>

#include "lib/buf.h"

struct import_note {
	char *text; /* "lb.conf:12: quorum_up: ..." */
};

/* What came of it: text that nftlbd -t takes. */
struct import {
	struct buf text;
	struct import_note *notes;
	size_t nnotes, capnotes;
	size_t services, backends, checks; /* written; not those in comments */
};

/* How `include` is followed: appends the texts of all files that @pattern
 * names; each is handed to @take with its name. Returns how many there were. */
struct import_reader {
	size_t (*read)(void *arg, const char *pattern, const char *from,
		       void (*take)(void *to, const char *name,
				    const char *text, size_t len),
		       void *to);
	void *arg;
};

/** import_keepalived() - keepalived.conf: virtual servers; VRRP is named only
 * @name: of the text, for notes. @reader: NULL = includes are only named */
void import_keepalived(const char *name, const char *text, size_t len,
		       const struct import_reader *reader, struct import *out);

/** import_ipvsadm() - what `ipvsadm -S -n` prints, -C and comments too */
void import_ipvsadm(const char *name, const char *text, size_t len,
		    const struct import_reader *reader, struct import *out);

void import_free(struct import *out);

#endif
