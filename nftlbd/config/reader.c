/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of one file -> sections and entries. inih splits lines into keys and
 * values and strips comments; what inih hides (line numbers, section headers,
 * lines that it would cut or glue together) is seen here, in the function that
 * feeds it line by line. The handler runs between two calls of that function,
 * so the reader's line and section are the entry's.
 *
 * Invariant: inih gets clean text only: whole lines, valid UTF-8, no control
 * characters, no leading blanks (which would continue the line before).
 */
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "config/doc.h"
#include "lib/near.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define KINDS_MAX 16 /* of a grammar */

struct reader {
	struct doc *doc;
	struct report *report;
	const char *text;
	size_t len, at;
	struct where here;
	bool in_section; /* entries go to the last section of doc */
	bool skip;       /* below a header that was refused */
};

static const struct doc_kind_form kinds_nftlbd[] = {
	[DOC_GLOBAL] = { "global", false },
	[DOC_DEFAULTS] = { "defaults", false },
	[DOC_CHECK] = { "check", true },
	[DOC_FEED] = { "feed", true },
	[DOC_POOL] = { "pool", true },
	[DOC_LIST] = { "list", true },
	[DOC_SERVICE] = { "service", true },
	[DOC_KINDS] = { NULL, false },
};

const struct doc_grammar doc_nftlbd = {
	kinds_nftlbd, "[global], [defaults], [check NAME], [feed NAME], [pool "
		      "NAME], [list NAME], [service NAME]"
};

static const char lines_allowed[] = "[SECTION], KEY = VALUE, or ; comment";

const char *doc_label(const struct doc *doc, const struct doc_section *s,
		      char *buf, size_t size)
{
	const char *name = doc_text(doc, s->name);

	snprintf(buf, size, "[%s%s%s]", doc->grammar->kinds[s->kind].word,
		 *name ? " " : "", name);
	return buf;
}

static uint32_t text_add(struct doc *doc, const char *s)
{
	uint32_t at = (uint32_t)doc->text.len;

	buf_append(&doc->text, s, strlen(s) + 1);
	return at;
}

static struct doc_section *section_last(struct reader *r)
{
	return r->in_section ? &r->doc->sections[r->doc->nsections - 1] : NULL;
}

/* The line could not be used; what depends on the section's being complete is
 * not worth a second complaint. */
static void line_refuse(struct reader *r, const char *line, size_t n,
			const char *problem, const char *allowed)
{
	struct doc_section *s = section_last(r);
	char label[96], found[REPORT_FOUND];

	text_quote(line, n, found, 64);
	if (s)
		s->broken = true;
	report_add(r->report, r->here, "%s%sfound %s: %s; allowed: %s",
		   s ? doc_label(r->doc, s, label, sizeof(label)) : "",
		   s ? " " : "", found, problem, allowed);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool line_clean(struct reader *r, const char *line, size_t n, size_t max)
{
	char problem[80];
	size_t i;

	if (n > max) {
		snprintf(problem, sizeof(problem),
			 "line of %zu bytes is too long", n);
		line_refuse(r, line, n, problem,
			    "lines of up to " LINE_MAX_TEXT " bytes");
		return false;
	}
	for (i = 0; i < n; i++) {
		if (((unsigned char)line[i] >= ' ' && line[i] != 0x7f) ||
		    line[i] == '\t')
			continue;
		snprintf(problem, sizeof(problem), "%s at column %zu",
			 line[i] ? "control character" : "NUL byte", i + 1);
		line_refuse(r, line, n, problem, "text and tabs");
		return false;
	}
	i = utf8_check(line, n);
	if (i < n) {
		snprintf(problem, sizeof(problem), "not UTF-8 at column %zu",
			 i + 1);
		line_refuse(r, line, n, problem, "text in UTF-8");
		return false;
	}
	return true;
}

/* Would inih find a key here? Up to the first blank that a ';' follows. */
static bool line_has_separator(const char *line, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (line[i] == '=' || line[i] == ':')
			return true;
		if (line[i] == ';' && i && is_blank(line[i - 1]))
			return false;
	}
	return false;
}

static void section_add(struct reader *r, int kind, const char *name)
{
	struct doc *doc = r->doc;
	struct doc_section *s;

	s = VEC_PUSH(doc->sections, doc->nsections, doc->capsections);
	*s = (struct doc_section){ .kind = kind,
				   .name = text_add(doc, name),
				   .where = r->here,
				   .first = doc->nentries };
	r->in_section = true;
	r->skip = false;
}

/* The kind of that word, or -1. */
static int kind_find(const struct doc_grammar *g, const char *word)
{
	for (int i = 0; g->kinds[i].word; i++) {
		if (!strcmp(g->kinds[i].word, word))
			return i;
	}
	return -1;
}

static void kind_refuse(struct reader *r, const char *line, size_t n,
			const char *word)
{
	const struct doc_grammar *g = r->doc->grammar;
	const char *words[KINDS_MAX], *near;
	char problem[80];
	size_t k;

	for (k = 0; k < KINDS_MAX && g->kinds[k].word; k++)
		words[k] = g->kinds[k].word;
	near = near_word(word, words, k);
	snprintf(problem, sizeof(problem), "unknown section%s%s%s",
		 near ? ", did you mean \"" : "", near ? near : "",
		 near ? "\"?" : "");
	line_refuse(r, line, n, problem, g->allowed);
}

/* What is between the brackets, blanks at both ends gone. */
static void header_read(struct reader *r, const char *line, size_t n,
			char *inside)
{
	const struct doc_grammar *g = r->doc->grammar;
	char *name = inside + strcspn(inside, " \t");
	int kind;

	if (*name) {
		*name++ = '\0';
		name += strspn(name, " \t");
	}
	kind = kind_find(g, inside);
	if (kind < 0)
		kind_refuse(r, line, n, inside);
	else if (!g->kinds[kind].named && *name)
		line_refuse(r, line, n, "this section takes no name",
			    g->allowed);
	else if (g->kinds[kind].named && !name_valid(name))
		line_refuse(r, line, n, *name ? "bad name" : "name is missing",
			    "names of 1 to 63 characters: letters, digits, "
			    "and after the first also . _ -");
	else
		section_add(r, kind, name);
}

static void section_note(struct reader *r, const char *line, size_t n)
{
	const char *end = memchr(line, ']', n), *rest;
	char inside[LINE_MAX_BYTES + 1];
	size_t len;

	/* entries below a refused header belong to nothing */
	r->in_section = false;
	r->skip = true;
	if (!end) {
		line_refuse(r, line, n, "\"]\" is missing",
			    r->doc->grammar->allowed);
		return;
	}
	for (rest = end + 1; rest < line + n && is_blank(*rest); rest++)
		;
	if (rest < line + n && *rest != ';' && *rest != '#') {
		line_refuse(r, line, n, "text after \"]\"",
			    "a comment, which starts with ;");
		return;
	}
	for (line++, n--; line < end && is_blank(*line); line++)
		;
	len = (size_t)(end - line);
	while (len && is_blank(line[len - 1]))
		len--;
	memcpy(inside, line, len);
	inside[len] = '\0';
	header_read(r, line, (size_t)(end - line), inside);
}

/* What inih may see of a line: its length after trimming, 0 for nothing. */
static size_t line_pass(struct reader *r, const char **line, size_t n,
			size_t max)
{
	const char *p = *line;

	if (r->here.line == 1 && n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) {
		p += 3;
		n -= 3;
	}
	if (n && p[n - 1] == '\r')
		n--;
	for (; n && is_blank(*p); n--)
		p++;
	while (n && is_blank(p[n - 1]))
		n--;
	*line = p;
	if (!n || !line_clean(r, p, n, max) || *p == ';' || *p == '#')
		return 0;
	if (*p == '[') {
		section_note(r, p, n);
		return 0;
	}
	if (!line_has_separator(p, n)) {
		if (!r->skip)
			line_refuse(r, p, n, "\"=\" is missing", lines_allowed);
		return 0;
	}
	return n;
}

/* fgets() for inih */
static char *reader_next(char *str, int num, void *stream)
{
	struct reader *r = stream;
	const char *line = r->text + r->at, *end;
	size_t n, max;

	if (r->at >= r->len || num < 3)
		return NULL;
	end = memchr(line, '\n', r->len - r->at);
	n = end ? (size_t)(end - line) : r->len - r->at;
	r->at += n + 1;
	r->here.line++;
	max =
	    (size_t)num - 2 < LINE_MAX_BYTES ? (size_t)num - 2 : LINE_MAX_BYTES;
	n = line_pass(r, &line, n, max);
	memcpy(str, line, n);
	memcpy(str + n, "\n", 2);
	return str;
}

static int entry_add(void *user, const char *section, const char *name,
		     const char *value)
{
	struct reader *r = user;
	struct doc *doc = r->doc;
	struct doc_entry *e;

	(void)section; /* cut to 49 characters by inih */
	if (r->skip)
		return 1;
	if (!r->in_section) {
		line_refuse(r, name, strlen(name), "key outside of a section",
			    r->doc->grammar->allowed);
		return 1;
	}
	e = VEC_PUSH(doc->entries, doc->nentries, doc->capentries);
	e->line = r->here.line;
	e->key = text_add(doc, name);
	e->value = text_add(doc, value ? value : "");
	section_last(r)->n++;
	return 1;
}

void doc_parse(struct doc *doc, uint32_t file, const char *text, size_t len,
	       struct report *report)
{
	struct reader r = { .doc = doc,
			    .report = report,
			    .text = text,
			    .len = len,
			    .here = { file, 0 } };
	int line;

	/* Debian's inih is configured at run time; elsewhere its buffer may be
	 * smaller, then reader_next() refuses what does not fit. */
	ini_use_stack = true;
	ini_max_line = LINE_MAX_BYTES + 2;
	line = ini_parse_stream(reader_next, &r, entry_add, &r);
	if (!line)
		return;
	/* cannot be, unless inih's idea of a line is not the one above */
	report_add(report,
		   (struct where){ file, line > 0 ? (uint32_t)line : 0 },
		   "not understood; allowed: %s", lines_allowed);
}
