/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See targets.h: one table of IPVS's schedulers, and addresses in all forms. */
#include "import/targets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/parse.h"
#include "lib/xalloc.h"

#define PERSIST_MAX_S (720u * 3600)

/* ---- addresses */

/* Count @a up by one; false: it was the last. */
static bool addr_next(struct addr *a)
{
	for (unsigned int i = addr_len(a); i > 0; i--)
		if (++a->ip[i - 1])
			return true;
	return false;
}

static const char *add_range(struct targets *t, struct addr from,
			     const struct addr *to, uint16_t port)
{
	do {
		struct target *one;

		if (t->n >= TARGETS_MAX)
			return "more than 256 addresses; a service has up to "
			       "that many here";
		one = VEC_PUSH(t->list, t->n, t->cap);
		*one = (struct target){ from, port };
	} while (addr_cmp(&from, to) != 0 && addr_next(&from));
	return NULL;
}

/* The last address of @from/@bits. */
static struct addr network_end(struct addr *from, unsigned int bits)
{
	struct addr to = *from;

	for (unsigned int i = bits; i < 8 * addr_len(from); i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		from->ip[i / 8] &= (uint8_t)~bit;
		to.ip[i / 8] |= bit;
	}
	return to;
}

/* "A-B", B an address or what takes the place of A's last part. */
static bool range_end(const struct addr *from, const char *text,
		      struct addr *to)
{
	unsigned int last = addr_len(from) - 1;
	unsigned long n;
	char *end;

	if (addr_parse(text, to) == 0)
		return to->family == from->family && addr_cmp(from, to) <= 0;
	*to = *from;
	n = strtoul(text, &end, from->family == AF_INET ? 10 : 16);
	if (!*text || *end || n > (from->family == AF_INET ? 255 : 65535))
		return false;
	to->ip[last] = (uint8_t)n;
	if (from->family == AF_INET6)
		to->ip[last - 1] = (uint8_t)(n >> 8);
	return addr_cmp(from, to) <= 0;
}

const char *targets_add(struct targets *t, const char *text, const char *port)
{
	char copy[128], *rest;
	struct addr from, to;
	uint32_t n = 0, bits;

	if (!strcmp(text, "fwmark"))
		return "services are addresses and ports here: say those that "
		       "get the mark";
	if (*port && parse_number(port, 0, 65535, &n) < 0)
		return "no port";
	snprintf(copy, sizeof(copy), "%s", text);
	rest = strpbrk(copy, "-/");
	if (!rest) {
		if (addr_parse(copy, &from) < 0)
			return "no address";
		return add_range(t, from, &from, (uint16_t)n);
	}
	bits = *rest == '/';
	*rest++ = '\0';
	if (addr_parse(copy, &from) < 0)
		return "no address";
	if (!bits)
		return range_end(&from, rest, &to)
			   ? add_range(t, from, &to, (uint16_t)n)
			   : "no range";
	if (parse_number(rest, 1, 8 * addr_len(&from), &bits) < 0)
		return "no prefix length";
	to = network_end(&from, bits);
	return add_range(t, from, &to, (uint16_t)n);
}

static int target_cmp(const void *pa, const void *pb)
{
	const struct target *a = pa, *b = pb;

	if (a->addr.family != b->addr.family)
		return a->addr.family - b->addr.family;
	if (a->port != b->port)
		return a->port - b->port;
	return addr_cmp(&a->addr, &b->addr);
}

void targets_sort(struct targets *t)
{
	if (t->n > 1)
		qsort(t->list, t->n, sizeof(*t->list), target_cmp);
}

size_t targets_run(const struct targets *t, size_t from)
{
	size_t n = from;

	while (n < t->n && t->list[n].port == t->list[from].port &&
	       t->list[n].addr.family == t->list[from].addr.family)
		n++;
	return n - from;
}

/* ---- words */

const char *targets_scheduler(struct draft_keys *keys, const char *word)
{
	static const struct {
		const char *theirs, *ours, *why;
	} rows[] = {
		{ "rr", "round-robin", NULL },
		{ "wrr", "weighted", NULL },
		{ "lc", "least-connections", NULL },
		{ "wlc", "least-connections", NULL },
		{ "sh", "source-hash", NULL },
		{ "mh", "source-hash", NULL },
		{ "dh", "source-hash",
		  "the destination is not hashed here; the source is" },
		{ "sed", "least-connections",
		  "the nearest is least-connections" },
		{ "nq", "least-connections",
		  "the nearest is least-connections" },
		{ "lblc", "source-hash",
		  "the destination is not looked at here; the nearest is "
		  "source-hash" },
		{ "lblcr", "source-hash",
		  "the destination is not looked at here; the nearest is "
		  "source-hash" },
		{ "fo", "weighted",
		  "the strongest does not take all here: give the others the "
		  "option backup" },
		{ "ovf", "weighted",
		  "give the others the option backup, and the first "
		  "max-connections" },
		{ "twos", "least-connections",
		  "the nearest is least-connections" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].theirs, word) != 0)
			continue;
		draft_set(keys, "scheduler", "%s", rows[i].ours);
		return rows[i].why;
	}
	draft_set(keys, "scheduler", "round-robin");
	return "no scheduler that is known; round-robin taken";
}

bool targets_protocol(struct draft_service *s, const char *word)
{
	static const char *const words[] = { "tcp", "udp", "sctp" };

	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(words[i], word) != 0)
			continue;
		s->protocol = words[i];
		return true;
	}
	return false;
}

/* Bits of a netmask, or of a number; -1: neither. */
static int mask_bits(const char *text)
{
	struct in_addr v4;
	uint32_t bits, mask;

	if (parse_number(text, 1, 128, &bits) == 0)
		return (int)bits;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return -1;
	mask = ntohl(v4.s_addr);
	bits = (uint32_t)__builtin_popcount(mask);
	return bits && mask == 0xffffffffu << (32 - bits) ? (int)bits : -1;
}

bool targets_persist(struct draft_service *s, unsigned int seconds,
		     const char *mask)
{
	bool v6 = s->naddrs > 0 && s->addrs[0].family == AF_INET6;
	int bits = mask ? mask_bits(mask) : 0;

	if (bits < 0 || (v6 && mask && strchr(mask, '.')))
		return false;
	if (seconds)
		s->persist_s =
		    seconds < PERSIST_MAX_S ? seconds : PERSIST_MAX_S;
	if (mask)
		s->persist_bits = bits;
	return true;
}

void targets_finish(struct draft_service *s)
{
	bool v6 = s->naddrs > 0 && s->addrs[0].family == AF_INET6;
	int bits = s->persist_bits;

	if (strcmp(draft_get(&s->keys, "scheduler"), "source-hash") != 0)
		draft_drop(&s->keys, "hash-key");
	if (!s->persist_s)
		return;
	if (bits == 0 || bits >= (v6 ? 128 : 32))
		draft_set(&s->keys, "persist", "source %us", s->persist_s);
	else
		draft_set(&s->keys, "persist",
			  v6 ? "source/32/%d %us" : "source/%d %us", bits,
			  s->persist_s);
}
