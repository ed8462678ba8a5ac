/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of dynamic pools that no file has. They are read by the code that
 * reads a file's lines, after those, and leave the place to a file's member of
 * the same name or endpoint: a file that was written later is the newer word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/resolve.h"
#include "lib/xalloc.h"

#define PLACE "(added at run time)" /* in complaints, where a file is named */

const char *const conf_fate_words[CONF_FATES] = {
	[CONF_FATE_SERVES] = "serves",
	[CONF_FATE_NO_POOL] = "there is no such pool",
	[CONF_FATE_STATIC] = "the pool is not dynamic",
	[CONF_FATE_NAME] = "the file has a member of this name",
	[CONF_FATE_ENDPOINT] = "the file has a member of this address and port",
};

enum conf_option conf_option_kind(const char *name)
{
	const struct conf_key *key = key_find(IN_BACKEND, name);

	if (!key)
		return CONF_OPTION_NONE;
	switch (key->kind) {
	case VALUE_FLAG:
		return CONF_OPTION_FLAG;
	case VALUE_NUMBER:
	case VALUE_PORT:
		return CONF_OPTION_NUMBER;
	default:
		return CONF_OPTION_TEXT;
	}
}

static int draft_cmp(const void *pa, const void *pb)
{
	const struct backend_draft *const *a = pa, *const *b = pb;
	int order = addr_cmp(&(*a)->addr, &(*b)->addr);

	return order ? order : (int)(*a)->port - (int)(*b)->port;
}

/* What the files say of one pool. */
struct said {
	struct names names;
	const struct backend_draft **order; /* by endpoint */
	size_t n;
	struct backend_draft *copy;
};

static void said_init(struct said *said, const struct backend_list *l)
{
	*said = (struct said){ .n = l->n };
	said->copy = xcalloc(l->n + 1, sizeof(*said->copy));
	said->order = xcalloc(l->n + 1, sizeof(*said->order));
	for (size_t i = 0; i < l->n; i++) {
		said->copy[i] = l->list[i];
		said->order[i] = &said->copy[i];
		names_add(&said->names, l->list[i].name, (uint32_t)i);
	}
	names_sort(&said->names);
	if (l->n)
		qsort(said->order, l->n, sizeof(*said->order), draft_cmp);
}

static void said_free(struct said *said)
{
	names_free(&said->names);
	free(said->order);
	free(said->copy);
}

static char *text_keep(struct resolver *r, char *text)
{
	*VEC_PUSH(r->member_texts, r->nmember_texts, r->capmember_texts) = text;
	return text;
}

static enum conf_fate member_read(struct resolver *r, struct pool *pool,
				  const struct said *said,
				  const struct conf_member *m,
				  struct where where)
{
	const struct doc_section at = { .kind = DOC_POOL,
					.name = (uint32_t)(pool->name -
							   r->doc->text.data) };
	struct backend_list *l = &pool->members;
	const struct backend_draft *b;
	const char *key;

	if (names_find(&said->names, m->name) >= 0)
		return CONF_FATE_NAME;
	key = text_keep(r, xasprintf("backend.%s", m->name));
	if (!backend_read(r, &at, key, text_keep(r, xstrdup(m->line)), where,
			  l)) {
		pool->broken = true;
		return CONF_FATE_SERVES; /* as if: there is a complaint */
	}
	b = &l->list[l->n - 1];
	if (said->n && bsearch(&b, said->order, said->n, sizeof(*said->order),
			       draft_cmp)) {
		l->n--;
		return CONF_FATE_ENDPOINT;
	}
	l->list[l->n - 1].api = true;
	return CONF_FATE_SERVES;
}

/* All of one pool's, from @i on: they stand together. */
static void pool_members_read(struct resolver *r, size_t i, size_t end,
			      struct where where)
{
	const struct conf_member *list = r->doc->source->members;
	ssize_t index = names_find(&r->pools, list[i].pool);
	struct pool *pool = index < 0 ? NULL : &r->pools_list[index];
	struct said said = { 0 };
	uint8_t *fates = r->conf->fates;

	if (!pool || !pool->dynamic) {
		for (; i < end; i++)
			fates[i] = pool ? CONF_FATE_STATIC : CONF_FATE_NO_POOL;
		return;
	}
	said_init(&said, &pool->members);
	for (; i < end; i++)
		fates[i] =
		    (uint8_t)member_read(r, pool, &said, &list[i], where);
	said_free(&said);
}

void members_read(struct resolver *r)
{
	const struct conf_source *source = r->doc->source;
	size_t n = source ? source->nmembers : 0, i, end;
	struct where where = { 0 };

	if (!n)
		return;
	where.file = doc_name_add(r->doc, PLACE);
	r->conf->fates = xcalloc(n, sizeof(*r->conf->fates));
	r->conf->nfates = n;
	for (i = 0; i < n; i = end) {
		const char *pool = source->members[i].pool;

		for (end = i + 1;
		     end < n && !strcmp(source->members[end].pool, pool); end++)
			;
		pool_members_read(r, i, end, where);
	}
}

static struct conf_pool_member member_build(const struct backend_draft *b)
{
	struct conf_pool_member m = { .name = xstrdup(b->name),
				      .addr = b->addr,
				      .port = b->port,
				      .weight = b->weight,
				      .backup = b->backup,
				      .disabled = b->disabled,
				      .api = b->api };
	struct buf options = { 0 };

	backend_options_print(b, &options);
	m.options = xstrdup(options.len ? options.data + 1 : "");
	buf_free(&options);
	return m;
}

void pools_keep(struct resolver *r)
{
	struct conf *c = r->conf;

	for (size_t i = 0; i < r->npools; i++) {
		const struct pool *pool = &r->pools_list[i];
		struct conf_pool *kept =
		    VEC_PUSH(c->pools, c->npools, c->cappools);

		*kept =
		    (struct conf_pool){ .name = xstrdup(pool->name),
					.dynamic = pool->dynamic,
					.file = r->doc->names[pool->where.file],
					.line = pool->where.line };
		kept->members =
		    xcalloc(pool->members.n + 1, sizeof(*kept->members));
		kept->nmembers = pool->members.n;
		for (size_t k = 0; k < kept->nmembers; k++)
			kept->members[k] = member_build(&pool->members.list[k]);
	}
}
