/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of changes: grows, and is emptied by who asked for it. */
#include "model/changes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/xalloc.h"

void changes_add(struct changes *c, const char *kind, const struct service *s,
		 const struct backend *b, const char *old_state,
		 const char *new_state, const char *fmt, ...)
{
	struct change *at;
	va_list ap;

	if (!c)
		return;
	at = VEC_PUSH(c->list, c->n, c->cap);
	*at = (struct change){ .kind = kind, .s = s, .b = b };
	snprintf(at->old_state, sizeof(at->old_state), "%s", old_state);
	snprintf(at->new_state, sizeof(at->new_state), "%s", new_state);
	va_start(ap, fmt);
	vsnprintf(at->reason, sizeof(at->reason), fmt, ap);
	va_end(ap);
}

void changes_free(struct changes *c)
{
	free(c->list);
	*c = (struct changes){ 0 };
}
