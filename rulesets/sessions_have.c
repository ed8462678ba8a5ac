/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session tables as HAVE knows them: where they are, and which ids mean whom.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/ruleset_impl.h"
#include "rulesets/sessions.h"

bool ruleset_session_set(const struct ruleset *rs, const char *name, bool group,
			 uint8_t family, struct session_table *t)
{
	char unit[RS_NAME_MAX + 2];
	const struct unit *u;

	snprintf(unit, sizeof(unit), "%s%s", group ? "/" : "", name);
	u = have_find(&rs->have, unit, family);
	if (!u)
		return false;
	snprintf(t->set, sizeof(t->set), "%s%s", group ? "group." : "sessions.",
		 name);
	return true;
}

size_t ruleset_session_ids(const struct ruleset *rs, const char *service,
			   uint8_t family, struct session_id **out)
{
	const struct unit *u = have_find(&rs->have, service, family);
	size_t n = 0;

	*out = xcalloc(u ? u->nelems + 1 : 1, sizeof(**out));
	for (size_t i = 0; u && i < u->nelems; i++)
		if (elem_is_backend(&u->elems[i]))
			(*out)[n++] = (struct session_id){
				elem_id(&u->elems[i]),
				elem_backend_name(&u->elems[i]), true
			};
	return n;
}

uint32_t session_member(const char *name)
{
	uint32_t hash = 0x811c9dc5u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}
