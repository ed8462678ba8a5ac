/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of words and braces as a tree: keepalived's form. A statement is a
 * line; one before a brace has those inside the braces as children. Knows no
 * word.
 */
#ifndef NFTLB_IMPORT_TREE_H
#define NFTLB_IMPORT_TREE_H

#include <stdbool.h>
#include <stddef.h>

#define TREE_DEPTH_MAX 16
#define TREE_NODES_MAX 200000
#define TREE_WORDS_MAX 64 /* of a statement; further ones are not kept */

struct tree_node {
	char *where;    /* "lb.conf:7" */
	char **words;   /* at least one */
	size_t n;       /* how many */
	size_t end;     /* index behind its last descendant */
	unsigned depth; /* of braces around it */
};

/* In the order of the text: children follow their parent. */
struct tree {
	struct tree_node *nodes;
	size_t n, cap;
	unsigned depth;  /* of braces that are open */
	bool cut;        /* too much; the rest was not read */
	bool unbalanced; /* braces that do not match */
};

/** tree_read() - append what @text says; to be called for each file */
void tree_read(struct tree *t, const char *name, const char *text, size_t len,
	       void (*include)(void *arg, struct tree *t, const char *pattern),
	       void *arg);
void tree_free(struct tree *t);

/** tree_join() - words @from.. of a node with blanks between, cut to @size */
const char *tree_join(const struct tree_node *n, size_t from, char *buf,
		      size_t size);

/* For each child of @parent (an index): for (TREE_CHILDREN(c, t, parent)) */
#define TREE_CHILDREN(c, t, parent)                                            \
	size_t c = (parent) + 1;                                               \
	c < (t)->nodes[parent].end;                                            \
	c = (t)->nodes[c].end

#endif
