/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line of an agent, as HAProxy reads it: words of three kinds (health,
 * admin state, weight), in any order. The kinds do not touch each other: "up"
 * does not end "maint", only "ready" does. Pure; hostile input is the rule.
 *
 * Where we differ: "failed" (the manual's word) and "fail" (the code's word)
 * are both taken; maxconn is understood and has no effect; a weight over
 * HC_WEIGHT_MAX per cent is taken as that.
 */
#include "healthcheck/agent_text.h"

#include <string.h>
#include <strings.h>

#include "healthcheck/number.h"

enum kind { HEALTH, ADMIN, KINDS };

static const struct {
	const char *word;
	enum kind kind;
	int value; /* HEALTH: enum hc_reason, ADMIN: enum hc_says */
} words[] = {
	{ "up", HEALTH, HC_OK },
	{ "down", HEALTH, HC_SAID_DOWN },
	{ "fail", HEALTH, HC_SAID_DOWN },
	{ "failed", HEALTH, HC_SAID_DOWN },
	{ "stopped", HEALTH, HC_SAID_DOWN },
	{ "ready", ADMIN, HC_SAYS_READY },
	{ "drain", ADMIN, HC_SAYS_DRAIN },
	{ "maint", ADMIN, HC_SAYS_MAINT },
};

#define NWORDS (sizeof(words) / sizeof(words[0]))

/* What was read so far. */
struct reading {
	int value[KINDS];
	int percent; /* -1: none */
	bool understood;
};

static bool is_end(char c)
{
	return c == '\r' || c == '\n';
}

static bool is_between(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

bool agent_line_ends(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_end(data[i]))
			return true;
	return false;
}

/* Digits, then %. Returns -1 for another word. */
static int percent_value(const char *word, size_t len)
{
	int value = 0;

	if (len < 2 || word[len - 1] != '%')
		return -1;
	for (size_t i = 0; i < len - 1; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -1;
		value = value * 10 + (word[i] - '0');
		if (value > HC_WEIGHT_MAX)
			value = HC_WEIGHT_MAX;
	}
	return value;
}

static void word_read(struct reading *r, const char *word, size_t len)
{
	static const char maxconn[] = "maxconn:";
	int percent = percent_value(word, len);

	for (size_t i = 0; i < NWORDS; i++) {
		if (strlen(words[i].word) != len ||
		    strncasecmp(words[i].word, word, len) != 0)
			continue;
		r->value[words[i].kind] = words[i].value;
		r->understood = true;
		return;
	}
	if (percent >= 0) {
		r->percent = percent;
		r->understood = true;
	} else if (len > strlen(maxconn) &&
		   !strncasecmp(word, maxconn, strlen(maxconn))) {
		r->understood = true;
	}
}

static void said_fill(const struct reading *r, struct agent_said *said)
{
	int admin = r->value[ADMIN];

	memset(said, 0, sizeof(*said));
	if (!r->understood) {
		said->reason = HC_MALFORMED;
		return;
	}
	said->reason = admin == HC_SAYS_MAINT
			   ? HC_MAINTENANCE
			   : (enum hc_reason)r->value[HEALTH];
	said->says = (uint8_t)admin;
	if (r->percent >= 0) {
		said->says |= HC_SAYS_PERCENT;
		said->weight = (uint16_t)r->percent;
	}
}

/* The next word from @at on, which becomes its end; its length, 0 = none. */
static size_t word_next(const char *data, size_t len, size_t *at)
{
	size_t begin;

	while (*at < len && is_between(data[*at]))
		++*at;
	begin = *at;
	if (begin == len || data[begin] == '#')
		return 0;
	while (*at < len && !is_end(data[*at]) && !is_between(data[*at]))
		++*at;
	return *at - begin;
}

void agent_parse(const char *data, size_t len, struct agent_said *said)
{
	struct reading r = { .value = { HC_OK, 0 }, .percent = -1 };
	size_t at = 0, n;

	while ((n = word_next(data, len, &at)) > 0)
		word_read(&r, data + at - n, n);
	said_fill(&r, said);
}

bool agent_number(const char *data, size_t len, double *value)
{
	size_t at = 0, n;

	while ((n = word_next(data, len, &at)) > 0) {
		struct reading r = { .percent = -1 };

		if (number_of(data + at - n, n, value))
			return true;
		word_read(&r, data + at - n, n);
		if (!r.understood)
			return false;
	}
	return false;
}
