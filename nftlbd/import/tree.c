/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads character by character, for braces may stand anywhere, and '!' and '#'
 * begin comments but within quotes. Nodes that are still open have end 0.
 */
#include "import/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/xalloc.h"

#define NAME_SHOWN 80

struct reading {
	struct tree *t;
	const char *name;
	unsigned line;
	char *words[TREE_WORDS_MAX];
	size_t n;
	unsigned from_line; /* of the first word */
	unsigned depth;     /* braces that this file opened */
	void (*include)(void *arg, struct tree *t, const char *pattern);
	void *arg;
};

static char *shown(const char *name, unsigned line)
{
	char *text = xasprintf("%.*s:%u", NAME_SHOWN, name, line);

	for (char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~')
			*p = '?';
	return text;
}

/* The last node that is a child of what is open now. */
static struct tree_node *last_sibling(struct tree *t)
{
	for (size_t i = t->n; i > 0; i--) {
		if (t->nodes[i - 1].depth == t->depth)
			return &t->nodes[i - 1];
		if (t->nodes[i - 1].depth < t->depth)
			break;
	}
	return NULL;
}

static void words_drop(struct reading *r)
{
	while (r->n > 0)
		free(r->words[--r->n]);
}

/* The statement is whole. */
static void statement_end(struct reading *r)
{
	struct tree *t = r->t;
	struct tree_node *node;

	if (r->n == 0)
		return;
	if (r->n >= 2 && r->include && !strncmp(r->words[0], "include", 7)) {
		r->include(r->arg, t, r->words[1]);
		words_drop(r);
		return;
	}
	if (t->n >= TREE_NODES_MAX) {
		t->cut = true;
		words_drop(r);
		return;
	}
	node = VEC_PUSH(t->nodes, t->n, t->cap);
	*node = (struct tree_node){ .where = shown(r->name, r->from_line),
				    .n = r->n,
				    .depth = t->depth,
				    .end = t->n };
	node->words = xcalloc(r->n, sizeof(*node->words));
	memcpy(node->words, r->words, sizeof(*node->words) * r->n);
	r->n = 0;
}

static void brace_open(struct reading *r)
{
	statement_end(r);
	if (!last_sibling(r->t) || r->t->depth >= TREE_DEPTH_MAX) {
		r->t->cut = true; /* the braces of nothing, or too many */
		return;
	}
	r->t->depth++;
	r->depth++;
}

static void brace_close(struct reading *r)
{
	struct tree_node *parent;

	statement_end(r);
	if (r->depth == 0) {
		r->t->unbalanced = true;
		return;
	}
	r->t->depth--;
	r->depth--;
	parent = last_sibling(r->t);
	if (parent)
		parent->end = r->t->n;
}

static void word_add(struct reading *r, const char *text, size_t len)
{
	if (r->n == 0)
		r->from_line = r->line;
	if (r->n < TREE_WORDS_MAX)
		r->words[r->n++] = xstrndup(text, len);
}

/* A word in quotes, which end with the line at the latest; returns its length
 * with the quotes. */
static size_t word_quoted(struct reading *r, const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && text[n] != '"' && text[n] != '\n')
		n++;
	word_add(r, text + 1, n - 1);
	return n < len && text[n] == '"' ? n + 1 : n;
}

static size_t word_plain(struct reading *r, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && !strchr(" \t\r\n{}", text[n]) && text[n])
		n++;
	word_add(r, text, n);
	return n;
}

static size_t step(struct reading *r, const char *text, size_t len)
{
	size_t n = 1;

	switch (text[0]) {
	case '\n':
		statement_end(r);
		r->line++;
		return 1;
	case ' ':
	case '\t':
	case '\r':
	case '\0':
		return 1;
	case '{':
		brace_open(r);
		return 1;
	case '}':
		brace_close(r);
		return 1;
	case '!':
	case '#':
		while (n < len && text[n] != '\n')
			n++;
		return n;
	case '\\':
		if (len > 1 && text[1] == '\n') {
			r->line++;
			return 2;
		}
		return word_plain(r, text, len);
	case '"':
		return word_quoted(r, text, len);
	default:
		return word_plain(r, text, len);
	}
}

void tree_read(struct tree *t, const char *name, const char *text, size_t len,
	       void (*include)(void *arg, struct tree *t, const char *pattern),
	       void *arg)
{
	struct reading r = {
		.t = t, .name = name, .line = 1, .include = include, .arg = arg
	};
	size_t at = 0;

	while (at < len && !t->cut)
		at += step(&r, text + at, len - at);
	if (!t->cut)
		statement_end(&r);
	words_drop(&r);
	t->unbalanced |= r.depth > 0;
	while (r.depth > 0)
		brace_close(&r);
}

void tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t w = 0; w < t->nodes[i].n; w++)
			free(t->nodes[i].words[w]);
		free(t->nodes[i].words);
		free(t->nodes[i].where);
	}
	free(t->nodes);
	*t = (struct tree){ 0 };
}

const char *tree_join(const struct tree_node *n, size_t from, char *buf,
		      size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = from; i < n->n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i > from ? " " : "", n->words[i]);
	return buf;
}
