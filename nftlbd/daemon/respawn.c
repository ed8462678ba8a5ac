/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/respawn.h"

#include <stdio.h>
#include <sys/wait.h>

#define HELLO_S     5.0
#define HELLO_MAX_S 80.0
#define DELAY_MIN_S 0.1
#define DELAY_MAX_S 10.0
#define GOOD_LIFE_S 10.0

double respawn_begins(struct respawn *r, double now)
{
	r->begun = now;
	if (r->hello_s < HELLO_S)
		r->hello_s = HELLO_S;
	return r->hello_s;
}

void respawn_hello(struct respawn *r)
{
	r->hello_s = HELLO_S;
}

void respawn_no_hello(struct respawn *r)
{
	if (r->hello_s < HELLO_MAX_S)
		r->hello_s *= 2;
}

void respawn_ends(struct respawn *r, double now)
{
	if (now - r->begun >= GOOD_LIFE_S)
		r->delay_s = 0;
}

double respawn_delay(struct respawn *r)
{
	double now_s = r->delay_s < DELAY_MIN_S ? DELAY_MIN_S : r->delay_s;

	r->delay_s = 2 * now_s < DELAY_MAX_S ? 2 * now_s : DELAY_MAX_S;
	return now_s;
}

void respawn_words(int status, const char *why, char *words, size_t size)
{
	if (why[0])
		snprintf(words, size, "%s", why);
	else if (WIFSIGNALED(status))
		snprintf(words, size, "killed signal=%d", WTERMSIG(status));
	else
		snprintf(words, size, "exited status=%d", WEXITSTATUS(status));
}
