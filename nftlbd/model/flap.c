/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every fall counts as a flap, and one flap is forgiven after each
 * flap_hold_max_ms without a fall. From the second on a fall begins a hold-down
 * that doubles with every further one, up to flap_hold_max_ms: a server that
 * comes and goes harms its clients each time, one that is away does not.
 *
 * Invariants: flap_ms is the last fall, or a whole number of flap_hold_max_ms
 * after it; a hold-down is over before its fall is forgiven. Off (nothing is
 * counted) where flap_hold_ms is 0. What a reload makes shorter is shorter at
 * once.
 */
#include "model/flap.h"

#include <stdio.h>

static int64_t hold_ms(const struct conf_service *c, uint32_t flaps)
{
	int64_t hold = c->flap_hold_ms;

	if (flaps < 2)
		return 0;
	for (uint32_t i = 2; i < flaps && hold < c->flap_hold_max_ms; i++)
		hold *= 2;
	return hold < c->flap_hold_max_ms ? hold : c->flap_hold_max_ms;
}

void flap_forgive(const struct service *s, struct backend *b, int64_t now_ms)
{
	int64_t each_ms = s->conf->flap_hold_max_ms, n;

	if (s->conf->flap_hold_ms == 0 || each_ms == 0) {
		b->flaps = 0;
		b->flap_ms = b->hold_ms = 0;
		return;
	}
	if (b->hold_ms > b->flap_ms + each_ms)
		b->hold_ms = b->flap_ms + each_ms;
	if (b->flaps == 0 || now_ms - b->flap_ms < each_ms)
		return;
	n = (now_ms - b->flap_ms) / each_ms;
	b->flap_ms += n * each_ms;
	b->flaps = n < b->flaps ? (uint16_t)(b->flaps - n) : 0;
}

void flap_fall(const struct service *s, struct backend *b, int64_t now_ms)
{
	flap_forgive(s, b, now_ms);
	if (s->conf->flap_hold_ms == 0 || s->conf->flap_hold_max_ms == 0)
		return;
	if (b->flaps < UINT16_MAX)
		b->flaps++;
	b->flap_ms = now_ms;
	b->hold_ms = b->flaps < 2 ? 0 : now_ms + hold_ms(s->conf, b->flaps);
}

bool flap_held(const struct backend *b, int64_t now_ms)
{
	return b->hold_ms && now_ms < b->hold_ms;
}

int64_t flap_next_ms(const struct service *s, const struct backend *b)
{
	return b->flaps ? b->flap_ms + s->conf->flap_hold_max_ms : 0;
}

const char *flap_words(const struct backend *b, char buf[FLAP_WORDS_SIZE])
{
	int64_t held_ms = b->hold_ms - b->flap_ms;
	bool seconds = held_ms % 1000 == 0;

	buf[0] = '\0';
	if (b->hold_ms && held_ms > 0)
		snprintf(buf, FLAP_WORDS_SIZE, " held %lld%s after %u flaps",
			 (long long)(seconds ? held_ms / 1000 : held_ms),
			 seconds ? "s" : "ms", (unsigned int)b->flaps);
	return buf;
}
