/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pools.json in state-dir: {"version":1,"pools":{"web":{"b9":"10.0.0.9:80"}}}.
 * All of a pool stand together in the list, pools in the order they came.
 */
#include "daemon/members.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/parse.h"
#include "lib/xalloc.h"
#include "revisions/write.h"

#define POOLS_FILE    "pools.json"
#define POOLS_VERSION 1

struct member_list {
	struct conf_member *list;
	size_t n, cap;
};

struct members {
	char *path;
	struct member_list now, next; /* next: what is staged */
	bool staged, saved;
	uint8_t *fates; /* of now, as last told */
};

/* ---- lists */

static void list_free(struct member_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->list[i].pool);
		free(l->list[i].name);
		free(l->list[i].line);
	}
	free(l->list);
	*l = (struct member_list){ 0 };
}

static struct conf_member *list_find(const struct member_list *l,
				     const char *pool, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->list[i].name, name) &&
		    !strcmp(l->list[i].pool, pool))
			return &l->list[i];
	return NULL;
}

/* At the end of its pool's. */
static void list_add(struct member_list *l, const char *pool, const char *name,
		     const char *line)
{
	size_t at = l->n;

	while (at && strcmp(l->list[at - 1].pool, pool) != 0)
		at--;
	if (!at) /* the first of its pool */
		at = l->n;
	(void)VEC_PUSH(l->list, l->n, l->cap);
	memmove(&l->list[at + 1], &l->list[at],
		(l->n - 1 - at) * sizeof(*l->list));
	l->list[at] = (struct conf_member){ .pool = xstrdup(pool),
					    .name = xstrdup(name),
					    .line = xstrdup(line) };
}

static void list_copy(struct member_list *to, const struct member_list *from)
{
	*to = (struct member_list){ 0 };
	for (size_t i = 0; i < from->n; i++)
		*VEC_PUSH(to->list, to->n, to->cap) = (struct conf_member){
			.pool = xstrdup(from->list[i].pool),
			.name = xstrdup(from->list[i].name),
			.line = xstrdup(from->list[i].line),
		};
}

/* ---- disk */

static bool read_pool(struct members *m, const char *pool, json_t *o)
{
	const char *name;
	json_t *line;

	if (!json_is_object(o) || !name_valid(pool))
		return false;
	json_object_foreach(o, name, line) {
		if (!json_is_string(line) || !name_valid(name))
			return false;
		list_add(&m->now, pool, name, json_string_value(line));
	}
	return true;
}

static bool read_all(struct members *m, const json_t *root)
{
	json_t *pools = json_object_get(root, "pools"), *o;
	const char *pool;

	if (json_integer_value(json_object_get(root, "version")) !=
		POOLS_VERSION ||
	    !json_is_object(pools))
		return false;
	json_object_foreach(pools, pool, o)
		if (!read_pool(m, pool, o))
			return false;
	return true;
}

struct members *members_open(const char *state_dir)
{
	struct members *m = xcalloc(1, sizeof(*m));
	json_error_t why = { .text = "it makes no sense" };
	json_t *root;
	char *bad;

	m->path = xasprintf("%s/" POOLS_FILE, state_dir);
	if (access(m->path, F_OK) < 0)
		return m;
	root = json_load_file(m->path, JSON_REJECT_DUPLICATES, &why);
	if (!root || !read_all(m, root)) {
		bad = xasprintf("%s.bad", m->path);
		log_error("%s: %s; pools have the files' members only%s%s",
			  m->path, why.text,
			  rename(m->path, bad) == 0 ? ", it is now " : "", bad);
		free(bad);
		list_free(&m->now);
	}
	json_decref(root);
	m->fates = xcalloc(m->now.n + 1, 1);
	return m;
}

void members_close(struct members *m)
{
	if (!m)
		return;
	list_free(&m->now);
	list_free(&m->next);
	free(m->fates);
	free(m->path);
	free(m);
}

static int save(const struct members *m, const struct member_list *l,
		struct err *err)
{
	json_t *pools = json_object(), *root;
	struct write_part part;
	char *text;
	int ret;

	for (size_t i = 0; i < l->n; i++) {
		const struct conf_member *c = &l->list[i];

		if (!json_object_get(pools, c->pool))
			json_object_set_new(pools, c->pool, json_object());
		json_object_set_new(json_object_get(pools, c->pool), c->name,
				    json_string(c->line));
	}
	root =
	    json_pack("{s:i, s:o}", "version", POOLS_VERSION, "pools", pools);
	text = json_dumps(root, JSON_COMPACT);
	part = (struct write_part){ text, strlen(text) };
	ret = write_replace(m->path, &part, 1, err);
	free(text);
	json_decref(root);
	return ret;
}

/* ---- a change */

void members_source(const struct members *m, struct conf_source *source)
{
	const struct member_list *l = !m          ? NULL
				      : m->staged ? &m->next
						  : &m->now;

	source->members = l ? l->list : NULL;
	source->nmembers = l ? l->n : 0;
}

void members_stage(struct members *m, const char *pool, const char *name,
		   const char *line)
{
	struct conf_member *c;
	size_t i;

	list_copy(&m->next, &m->now);
	m->staged = true;
	m->saved = false;
	c = list_find(&m->next, pool, name);
	if (!c && line) {
		list_add(&m->next, pool, name, line);
	} else if (c && line) {
		free(c->line);
		c->line = xstrdup(line);
	} else if (c) {
		i = (size_t)(c - m->next.list);
		free(c->pool);
		free(c->name);
		free(c->line);
		memmove(c, c + 1, (m->next.n - i - 1) * sizeof(*c));
		m->next.n--;
	}
}

int members_save(struct members *m, struct err *err)
{
	int ret = m->staged ? save(m, &m->next, err) : 0;

	m->saved = m->staged && ret == 0;
	return ret;
}

void members_unstage(struct members *m)
{
	struct err err = { "" };

	if (!m->staged)
		return;
	if (m->saved && save(m, &m->now, &err) < 0)
		log_error("%s: a restart would take up a refused member",
			  err.msg);
	list_free(&m->next);
	m->staged = false;
}

/* What was told of a member of the list before. */
static uint8_t fate_before(const struct members *m, const struct conf_member *c)
{
	const struct conf_member *was = list_find(&m->now, c->pool, c->name);

	return was ? m->fates[was - m->now.list] : (uint8_t)CONF_FATE_SERVES;
}

static void tell(struct daemon *d, const struct conf_member *c, uint8_t fate)
{
	if (fate == CONF_FATE_SERVES)
		daemon_event(d, "pool", NULL, NULL, NULL, NULL,
			     "pool %s: member %s, added at run time, serves "
			     "again",
			     c->pool, c->name);
	else
		daemon_event(d, "pool", NULL, NULL, NULL, NULL,
			     "pool %s: member %s, added at run time, is set "
			     "aside: %s",
			     c->pool, c->name, conf_fate_words[fate]);
}

void members_adopt(struct daemon *d)
{
	struct members *m = d->members;
	const struct conf *c = d->model->conf;
	const struct member_list *l = m->staged ? &m->next : &m->now;
	uint8_t *fates = xcalloc(l->n + 1, 1);

	for (size_t i = 0; i < l->n && i < c->nfates; i++) {
		fates[i] = c->fates[i];
		if (fates[i] != fate_before(m, &l->list[i]))
			tell(d, &l->list[i], fates[i]);
	}
	if (m->staged) {
		list_free(&m->now);
		m->now = m->next;
		m->next = (struct member_list){ 0 };
		m->staged = false;
	}
	free(m->fates);
	m->fates = fates;
}

const char *members_line(const struct members *m, const char *pool,
			 const char *name)
{
	const struct conf_member *c = m ? list_find(&m->now, pool, name) : NULL;

	return c ? c->line : NULL;
}
