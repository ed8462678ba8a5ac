/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of keepalived.conf, to each other. */
#ifndef NFTLB_IMPORT_KEEPALIVED_H
#define NFTLB_IMPORT_KEEPALIVED_H

#include "import/draft.h"
#include "import/tree.h"

/* What checkers inherit: from the virtual server to the real server to the
 * checker. A negative one was not said. */
struct ka_pace {
	double delay_loop, connect_timeout, retry, delay_before_retry;
	int alpha;
	const char *virtualhost; /* NULL = none */
};

struct ka {
	struct tree *t;
	struct draft *d;
};

/** ka_note() - @node (an index) has no equivalent: why, and what to do */
void ka_note(struct ka *k, struct buf *to, size_t node, const char *why);
/** ka_word() - word @i of a node, "" where there is none */
const char *ka_word(const struct ka *k, size_t node, size_t i);
/** ka_number() - word 1 of a node as a number, 0..1e6; note and false */
bool ka_number(struct ka *k, struct buf *to, size_t node, double *out);
/** ka_pace() - is @node one of struct ka_pace? Then it is taken */
bool ka_pace(struct ka *k, struct buf *to, size_t node, struct ka_pace *p);

/** ka_virtual_server() - a service for each of its families and ports */
void ka_virtual_server(struct ka *k, size_t node);
/** ka_checker() - is @node a checker? Then its checks are those of @b */
bool ka_checker(struct ka *k, struct buf *to, size_t node,
		const struct ka_pace *inherited, struct draft_backend *b);

#endif
