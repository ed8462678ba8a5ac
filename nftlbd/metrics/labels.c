/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Must not know: what is measured. */
#include "metrics/labels.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

_Static_assert(RS_NAME_MAX + sizeof("service=\"\"") < 256,
	       "a label's length is one byte");

static void add(struct buf *b, const char *key, const char *name)
{
	size_t nkey = strlen(key), nname = strlen(name);
	size_t len = nkey + nname + 3;
	char *to = buf_reserve(b, 1 + len);

	*to++ = (char)len;
	to = (char *)memcpy(to, key, nkey) + nkey;
	*to++ = '=';
	*to++ = '"';
	to = (char *)memcpy(to, name, nname) + nname;
	*to++ = '"';
	*to = '\0';
	b->len += 1 + len;
}

void labels_update(struct labels *l, const struct model *m)
{
	if (l->at && l->generation == m->generation)
		return;
	l->generation = m->generation;
	buf_clear(&l->text);
	l->at = xreallocarray(l->at, m->nservices + 1, sizeof(*l->at));
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[m->by_name[i]];

		l->at[i] = l->text.len;
		add(&l->text, "service", s->conf->name);
		for (size_t k = 0; k < s->nbackends; k++)
			add(&l->text, "backend", s->backends[k].conf->name);
	}
}

void labels_free(struct labels *l)
{
	buf_free(&l->text);
	free(l->at);
	*l = (struct labels){ 0 };
}
