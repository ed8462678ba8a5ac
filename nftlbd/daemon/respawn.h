/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a child is waited for: what its lives so far have taught. Pure. */
#ifndef NFTLB_DAEMON_RESPAWN_H
#define NFTLB_DAEMON_RESPAWN_H

#include <stddef.h>

/* To begin with, all is 0. Times are in seconds. */
struct respawn {
	double delay_s; /* before the next start */
	double hello_s; /* a life has for its hello; 0 = as long as usual */
	double begun;   /* of this life, on the clock of @now */
};

/** respawn_begins() - a life begins; return: how long it has for its hello */
double respawn_begins(struct respawn *r, double now);
/** respawn_hello() - it came, in time or late */
void respawn_hello(struct respawn *r);
/** respawn_no_hello() - it did not: the next one has twice the time, on a
 * machine that is too busy for it; 80 s at most */
void respawn_no_hello(struct respawn *r);
/** respawn_ends() - a life is over; a long one is no reason to wait */
void respawn_ends(struct respawn *r, double now);
/** respawn_delay() - before the next start: 0.1 s, then twice as long each
 * time, 10 s at most */
double respawn_delay(struct respawn *r);

/**
 * respawn_words() - "exited status=1", "killed signal=9", or our reason
 * @status: waitpid()'s
 * @why: we killed it because; "" = it died by itself
 */
void respawn_words(int status, const char *why, char *words, size_t size);

#endif
