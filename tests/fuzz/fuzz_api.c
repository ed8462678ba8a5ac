/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the API reads: a file of tokens; a packet of a process that somebody has
 * taken over; an answer, in two pieces, wherever it is cut. The first byte says
 * which.
 */
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/packet.h"
#include "http/tokens.h"
#include "tests/fuzz/fuzz.h"

static void must(bool truth)
{
	if (!truth)
		abort();
}

static void tokens_look(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct tokens *t = malloc(sizeof(*t));
	struct err err = { "" };

	must(text && t);
	memcpy(text, data, size);
	if (tokens_parse(text, size, "f", t, &err) == 0) {
		must(t->n > 0 && t->n <= TOKENS_MAX);
		for (size_t i = 0; i < t->n; i++)
			must(t->list[i].name[0] && tokens_hold(t, &t->list[i]));
	} else {
		must(t->n == 0 && err.msg[0]);
	}
	free(t);
	free(text);
}

static void packet_look(const uint8_t *data, size_t size)
{
	struct api_packet p = { 0 };

	memcpy(&p, data, size < sizeof(p) ? size : sizeof(p));
	for (size_t nfds = 0; nfds <= API_PACKET_FDS; nfds++)
		for (int at_daemon = 0; at_daemon < 2; at_daemon++) {
			if (api_packet_wrong(&p, size, nfds, at_daemon))
				continue;
			must(size == sizeof(p));
			must(memchr(p.text, '\0', sizeof(p.text)) != NULL);
			must((p.type == API_CONNECT) == (nfds == 1));
			must((p.type == API_SERVE) == !at_daemon);
		}
}

static void no_header(void *arg, const char *name, const char *value)
{
	must(!strchr(name, '\n') && !strchr(value, '\n'));
}

static void answer_look(const uint8_t *data, size_t size, size_t cut)
{
	struct answer a = { 0 };
	struct buf body = { 0 };
	size_t taken;

	if (cut > size)
		cut = size;
	answer_begin(&a, false);
	taken = answer_read(&a, (const char *)data, cut, &body);
	must(taken <= cut);
	if (taken == cut)
		taken += answer_read(&a, (const char *)data + cut, size - cut,
				     &body);
	must(taken <= size && body.len <= size);
	if (answer_has_head(&a))
		answer_headers(&a, no_header, NULL);
	answer_free(&a);
	buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] == 't')
		tokens_look(data + 1, size - 1);
	else if (data[0] == 'p')
		packet_look(data + 1, size - 1);
	else
		answer_look(data + 2, size - 2, data[1]);
	return 0;
}
