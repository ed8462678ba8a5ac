/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words in braces: {address}, {port} and {backend} stand for those of the job.
 * {{ is one brace; } alone is an ordinary character. Whatever else begins with
 * a brace is a mistake, so that a word misspelt is found when the
 * configuration is read. What is filled in is not looked at again. Pure.
 */
#include <string.h>

#include "healthcheck/text.h"

enum word_id { ADDRESS, PORT, BACKEND, BRACE, NONE };

static const struct {
	const char *text;
	size_t len;
} words[NONE] = {
	[ADDRESS] = { "{address}", 9 },
	[PORT] = { "{port}", 6 },
	[BACKEND] = { "{backend}", 9 },
	[BRACE] = { "{{", 2 },
};

static enum word_id word_at(const char *text)
{
	for (unsigned int i = 0; i < NONE; i++)
		if (!strncmp(text, words[i].text, words[i].len))
			return (enum word_id)i;
	return NONE;
}

const char *braces_problem(const char *text)
{
	while ((text = strchr(text, '{'))) {
		enum word_id id = word_at(text);

		if (id == NONE)
			return "only {address}, {port} and {backend} may be "
			       "in braces ({{ is a brace)";
		text += words[id].len;
	}
	return NULL;
}

void braces_fill(const char *text, const char *address, uint16_t port,
		 const char *backend, struct buf *out)
{
	while (*text) {
		size_t plain = strcspn(text, "{");
		enum word_id id;

		buf_append(out, text, plain);
		text += plain;
		if (!*text)
			return;
		id = word_at(text);
		switch (id) {
		case ADDRESS:
			buf_printf(out, "%s", address);
			break;
		case PORT:
			buf_printf(out, "%u", (unsigned int)port);
			break;
		case BACKEND:
			buf_printf(out, "%s", backend);
			break;
		case BRACE:
		case NONE: /* has a problem: as it is written */
			buf_append(out, "{", 1);
			break;
		}
		text += id == NONE ? 1 : words[id].len;
	}
}
