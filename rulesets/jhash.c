/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bob Jenkins' lookup3 the way the kernel's jhash() uses it, which is what the
 * jhash expression of nf_tables computes.
 *
 * Invariant: agrees with the kernel bit by bit, on this machine: words are read
 * in host order, as there. Must not know what is hashed.
 */
#include <string.h>

#include "rulesets/route.h"

struct state {
	uint32_t a, b, c;
};

static uint32_t rol(uint32_t x, unsigned int bits)
{
	return x << bits | x >> (32 - bits);
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static void mix(struct state *s)
{
	s->a = (s->a - s->c) ^ rol(s->c, 4);
	s->c += s->b;
	s->b = (s->b - s->a) ^ rol(s->a, 6);
	s->a += s->c;
	s->c = (s->c - s->b) ^ rol(s->b, 8);
	s->b += s->a;
	s->a = (s->a - s->c) ^ rol(s->c, 16);
	s->c += s->b;
	s->b = (s->b - s->a) ^ rol(s->a, 19);
	s->a += s->c;
	s->c = (s->c - s->b) ^ rol(s->b, 4);
	s->b += s->a;
}

static void finish(struct state *s)
{
	s->c = (s->c ^ s->b) - rol(s->b, 14);
	s->a = (s->a ^ s->c) - rol(s->c, 11);
	s->b = (s->b ^ s->a) - rol(s->a, 25);
	s->c = (s->c ^ s->b) - rol(s->b, 16);
	s->a = (s->a ^ s->c) - rol(s->c, 4);
	s->b = (s->b ^ s->a) - rol(s->a, 14);
	s->c = (s->c ^ s->b) - rol(s->b, 24);
}

uint32_t rs_jhash(const void *data, uint32_t len, uint32_t seed)
{
	const uint8_t *p = data;
	uint32_t start = 0xdeadbeefu + len + seed;
	struct state s = { start, start, start };

	for (; len > 12; len -= 12, p += 12) {
		s.a += word_at(p);
		s.b += word_at(p + 4);
		s.c += word_at(p + 8);
		mix(&s);
	}
	if (len == 0)
		return s.c;
	/* the rest, 1..12 bytes, little endian on every machine */
	for (uint32_t i = 0; i < len; i++) {
		uint32_t *w = i < 4 ? &s.a : i < 8 ? &s.b : &s.c;

		*w += (uint32_t)p[i] << 8 * (i % 4);
	}
	finish(&s);
	return s.c;
}
