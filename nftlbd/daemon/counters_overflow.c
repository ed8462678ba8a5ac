/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set that is full is told once, however long it stays so, and once again
 * when a minute has passed without a packet that found no room.
 */
#include "daemon/counters_overflow.h"

#include <string.h>

const struct overflow_word overflow_words[OVERFLOW_ALL] = {
	[OVERFLOW_SESSIONS] = { "sessions", "full-sessions",
				"new clients are served and not remembered" },
	[OVERFLOW_NEW] = { "new", "full-new",
			   "the rate of new sources is not limited" },
	[OVERFLOW_CONNECTIONS] = { "connections", "full-connections",
				   "connections of new sources are not "
				   "limited" },
	[OVERFLOW_FLOWS] = { "flows", "full-flows",
			     "new flows are served and not remembered" },
	[OVERFLOW_FLOOD] = { "flood", "flood",
			     "new flows are served and not remembered" },
};

int overflow_set_of(const char *name)
{
	size_t len = strcspn(name, ".");

	for (int i = 0; i < OVERFLOW_ALL; i++)
		if (strlen(overflow_words[i].counter) == len &&
		    !strncmp(overflow_words[i].counter, name, len))
			return i;
	return -1;
}

enum overflow_news overflow_look(struct overflow *o, uint64_t packets,
				 int64_t now_ms)
{
	bool was = o->full;

	if (packets > o->seen) {
		if (!was)
			o->before = o->seen;
		o->seen = packets;
		o->grown_ms = now_ms;
		o->full = true;
		return was ? OVERFLOW_SILENT : OVERFLOW_BEGINS;
	}
	if (!was || now_ms - o->grown_ms <
			(o->quiet_ms ? o->quiet_ms : OVERFLOW_QUIET_MS))
		return OVERFLOW_SILENT;
	o->full = false;
	return OVERFLOW_ENDS;
}
