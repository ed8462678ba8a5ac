/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bindings as clients of the API send and get them. Pure. */
#ifndef HVAGENT_API_READ_H
#define HVAGENT_API_READ_H

#include "hvagent/binding.h"
#include "lib/buf.h"

/**
 * api_read_one() - {"service": "...", "vm": "..."} as the binding @name; it may
 * have a "tunnel"
 * @out: owns its name; api_read_free() frees it
 * Return: 0; -EINVAL: words that name the field and say what is allowed.
 */
int api_read_one(const char *body, size_t len, const char *name,
		 struct binding *out, struct err *err);

/**
 * api_read_list() - [{"name": "...", "service": "...", "vm": "..."}, ...]
 * @list: @n of them; api_read_free() frees both. Each name is there once.
 * Return: 0; -EINVAL, -E2BIG: words begin with the element, "[17].vm: ...".
 */
int api_read_list(const char *body, size_t len, struct binding **list,
		  size_t *n, struct err *err);

void api_read_free(struct binding *list, size_t n);

/** api_write_one() - append a binding as JSON to @out */
void api_write_one(struct buf *out, const struct binding *b);

#endif
