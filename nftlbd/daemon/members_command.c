/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may change which members, and how a change becomes a configuration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/forecast.h"
#include "daemon/members.h"
#include "daemon/reload.h"
#include "daemon/revisions.h"

static const struct conf_pool *pool_find(const struct daemon *d,
					 const char *name)
{
	const struct conf *c = d->model->conf;

	for (size_t i = 0; i < c->npools; i++)
		if (!strcmp(c->pools[i].name, name))
			return &c->pools[i];
	return NULL;
}

static bool files_have(const struct conf_pool *pool, const char *name)
{
	for (size_t i = 0; i < pool->nmembers; i++)
		if (!pool->members[i].api &&
		    !strcmp(pool->members[i].name, name))
			return true;
	return false;
}

static int check_pool(const struct daemon *d, const char *pool, struct err *err)
{
	const struct conf_pool *p = pool_find(d, pool);

	if (!p)
		return err_set(err, -ENOENT, "no pool \"%s\"", pool);
	if (!p->dynamic)
		return err_set(
		    err, -EBUSY,
		    "pool \"%s\" is not dynamic: its members are "
		    "what the file says; allowed where [pool %s] has "
		    "dynamic = yes",
		    pool, pool);
	/* what is staged is one change */
	return d->reload ? err_set(err, -EAGAIN,
				   "a reload is under way that loads large "
				   "lists")
			 : 0;
}

static int try_change(struct daemon *d, const char *pool, const char *name,
		      const char *line, struct forecast *dry,
		      struct conf_errors *errors, struct err *err)
{
	struct conf_source source = { .only = true, .lists = d->model->conf };
	int ret;

	if (d->reload) /* what is staged is its own */
		return err_set(err, -EAGAIN,
			       "a reload is under way that loads large lists");
	source.files = revisions_texts(d->revisions, &source.nfiles);
	members_stage(d->members, pool, name, line);
	ret = daemon_diff(d, NULL, &source, dry, errors, err);
	members_unstage(d->members);
	return ret;
}

static int change(struct daemon *d, const struct author *who, const char *pool,
		  const char *name, const char *line, const char *verb,
		  struct forecast *dry, struct conf_errors *errors,
		  struct err *err)
{
	char words[200];
	const struct reload_change c = { .cause = CAUSE_RELOAD,
					 .member = words };

	if (dry)
		return try_change(d, pool, name, line, dry, errors, err);
	snprintf(words, sizeof(words), "pool %s: member %s %s", pool, name,
		 verb);
	members_stage(d->members, pool, name, line);
	return daemon_change(d, who, &c, errors, err);
}

int command_member_put(struct daemon *d, const struct author *who,
		       const char *pool, const char *name, const char *line,
		       struct forecast *dry, struct conf_errors *errors,
		       struct err *err)
{
	const char *was = members_line(d->members, pool, name);
	int ret = check_pool(d, pool, err);

	if (ret < 0)
		return ret;
	if (files_have(pool_find(d, pool), name))
		return err_set(err, -EBUSY,
			       "member \"%s\" of pool \"%s\" is the file's: it "
			       "is changed there",
			       name, pool);
	if (was && !strcmp(was, line) && !dry)
		return 0;
	return change(d, who, pool, name, line, was ? "changed" : "added", dry,
		      errors, err);
}

int command_member_remove(struct daemon *d, const struct author *who,
			  const char *pool, const char *name,
			  struct forecast *dry, struct conf_errors *errors,
			  struct err *err)
{
	const struct conf_pool *p = pool_find(d, pool);
	int ret;

	if (p && files_have(p, name) && !members_line(d->members, pool, name))
		return err_set(err, -EBUSY,
			       "member \"%s\" of pool \"%s\" is the file's: it "
			       "is removed there",
			       name, pool);
	/* what was set aside with its pool may go in any case */
	ret =
	    members_line(d->members, pool, name) ? 0 : check_pool(d, pool, err);
	if (ret == 0 && d->reload)
		ret = check_pool(d, pool, err);
	if (ret < 0)
		return ret;
	if (!members_line(d->members, pool, name))
		return err_set(err, -ENOENT, "pool \"%s\" has no member \"%s\"",
			       pool, name);
	return change(d, who, pool, name, NULL, "removed", dry, errors, err);
}
