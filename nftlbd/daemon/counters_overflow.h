/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When is there something to say about a set that is full? Pure. */
#ifndef NFTLB_DAEMON_COUNTERS_OVERFLOW_H
#define NFTLB_DAEMON_COUNTERS_OVERFLOW_H

#include <stdbool.h>
#include <stdint.h>

/* The bounded sets of a service that packets fill. */
enum overflow_set {
	OVERFLOW_SESSIONS,
	OVERFLOW_NEW,
	OVERFLOW_CONNECTIONS,
	OVERFLOW_FLOWS,
	OVERFLOW_SETS,
	OVERFLOW_FLOOD = OVERFLOW_SETS, /* no set: new flows beyond syn-limit */
	OVERFLOW_ALL
};

struct overflow_word {
	const char *name;    /* "sessions" */
	const char *counter; /* "full-sessions" */
	const char *rule;    /* how the traffic goes on */
};

extern const struct overflow_word overflow_words[OVERFLOW_ALL];

/** overflow_set_of() - enum overflow_set whose counter @name begins with; -1 */
int overflow_set_of(const char *name);

#define OVERFLOW_QUIET_MS 60000
#define FLOOD_QUIET_MS    10000

struct overflow {
	bool full;
	uint64_t seen;    /* packets that found no room, as of the last look */
	uint64_t before;  /* when it became full */
	int64_t grown_ms; /* when seen last grew */
	int64_t quiet_ms; /* without growth until it has ended; 0 = the usual */
};

enum overflow_news { OVERFLOW_SILENT, OVERFLOW_BEGINS, OVERFLOW_ENDS };

/** overflow_look() - @packets: found no room so far; @now_ms: any clock
 * It begins with growth, and ends when there was none for OVERFLOW_QUIET_MS. */
enum overflow_news overflow_look(struct overflow *o, uint64_t packets,
				 int64_t now_ms);

#endif
