/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of the journal. Pure. */
#ifndef HVAGENT_KEEP_TEXT_H
#define HVAGENT_KEEP_TEXT_H

#include "hvagent/binding.h"
#include "lib/buf.h"

#define KEEP_HEAD "{\"hvagent\":\"bindings\",\"version\":1}\n"

/** keep_text_put() - append the line of keep_put() to @out
 * keep_text_remove() - that of keep_remove() */
void keep_text_put(struct buf *out, const struct binding *list, size_t n,
		   bool only);
void keep_text_remove(struct buf *out, const char *name);

/**
 * keep_text_read() - do what a line says with @l
 * @items: grows by the number of bindings that it names
 * Return: 0; -EBADMSG with words; @l may then have changed.
 */
int keep_text_read(const char *line, size_t len, struct bindings *l,
		   size_t *items, struct err *err);

#endif
