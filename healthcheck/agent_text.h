/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an agent says of its server: HAProxy's agent-check, one line. */
#ifndef HEALTHCHECK_AGENT_TEXT_H
#define HEALTHCHECK_AGENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "healthcheck/protocol.h"

#define AGENT_LINE_MAX 1024 /* bytes, with the one that ends it */

struct agent_said {
	enum hc_reason reason; /* HC_OK, _SAID_DOWN, _MAINTENANCE, _MALFORMED */
	uint8_t says;          /* enum hc_says */
	uint16_t weight;       /* per cent, with HC_SAYS_PERCENT */
};

/**
 * agent_line_ends() - is the line, or what came of it, complete?
 * Source: HAProxy's configuration manual, agent-check: "terminated by the
 * first '\r' or '\n' met". A line without its end is not believed: it may have
 * gone on.
 */
bool agent_line_ends(const char *data, size_t len);

/**
 * agent_parse() - what the line says; only its part before the end is read
 * Words are separated by blanks, tabs or commas; after # comes a description.
 * Of several words of a kind the last one counts. Unknown words are ignored;
 * a line with none that is known is HC_MALFORMED.
 */
void agent_parse(const char *data, size_t len, struct agent_said *said);

/**
 * agent_number() - of an agent that is a feed: the line's first number
 * Before it only words of agents may come ("up 12"); "75%" is 75.
 * Return: false where there is none.
 */
bool agent_number(const char *data, size_t len, double *value);

#endif
