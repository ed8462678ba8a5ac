/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's side of dynamic weights. */
#include "daemon/load.h"

struct load *load_open(struct daemon *d)
{
	return NULL;
}

void load_sync(struct load *l)
{
}

void load_close(struct load *l)
{
}

bool load_count(const struct load *l, const struct service *s,
		const struct backend *b, struct track_count *out)
{
	return false;
}

bool load_track_stats(const struct load *l, struct track_stats *out)
{
	return false;
}
