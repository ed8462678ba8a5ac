/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands for revisions and members of pools: what was said is told; nothing is
 * kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/configure.h"
#include "daemon/members.h"
#include "daemon/revisions.h"
#include "tests/unit/control_rig.h"

const struct revision *revisions_list(const struct revisions *r, size_t *n)
{
	*n = 0;
	return NULL;
}

int revisions_read(const struct revisions *r, uint64_t number,
		   struct revision *out, struct err *err)
{
	return err_set(err, -ENOENT, "revision %d is not kept", (int)number);
}

const struct conf_file *revisions_texts(const struct revisions *r, size_t *n)
{
	*n = 0;
	return NULL;
}

uint64_t revisions_sum(const struct revisions *r)
{
	return 7;
}

const struct pending *revisions_pending(const struct revisions *r)
{
	return NULL;
}

int64_t revisions_now_ms(void)
{
	return 1;
}

int command_config_apply(struct daemon *d, const struct author *who,
			 enum revision_cause cause, const char *text,
			 size_t len, uint32_t confirm_ms,
			 struct conf_errors *errors, struct err *err)
{
	return rig_said(d, err, "%s %.*s, confirm %u",
			word_text(revision_cause_words, (int)cause), (int)len,
			text, confirm_ms);
}

int command_config_rollback(struct daemon *d, const struct author *who,
			    uint64_t number, uint32_t confirm_ms,
			    struct conf_errors *errors, struct err *err)
{
	return rig_said(d, err, "rollback %d, confirm %u", (int)number,
			confirm_ms);
}

int command_config_confirm(struct daemon *d, const struct author *who,
			   struct err *err)
{
	return rig_said(d, err, "confirm");
}

void members_source(const struct members *m, struct conf_source *source)
{
}

const char *members_line(const struct members *m, const char *pool,
			 const char *name)
{
	return NULL;
}

int command_member_put(struct daemon *d, const struct author *who,
		       const char *pool, const char *name, const char *line,
		       struct forecast *dry, struct conf_errors *errors,
		       struct err *err)
{
	return rig_said(d, err, "%s + %s = %s", pool, name, line);
}

int command_member_remove(struct daemon *d, const struct author *who,
			  const char *pool, const char *name,
			  struct forecast *dry, struct conf_errors *errors,
			  struct err *err)
{
	return rig_said(d, err, "%s - %s", pool, name);
}
