/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands send that is not the same each time. */
#include "ctl/body.h"

#include <stdlib.h>
#include <unistd.h>

#include "ctl/command.h"
#include "lib/parse.h"

json_t *body_weight(const struct call *c)
{
	uint32_t n = 0;

	if (parse_number(c->value[PLACE_WEIGHT], 0, 65535, &n) < 0)
		return json_pack("{s:n}", "weight");
	return json_pack("{s:I}", "weight", (json_int_t)n);
}

static json_t *entries_as(const struct call *c, const char *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nentries; i++)
		json_array_append_new(list, json_string(c->entries[i]));
	return json_pack("{s:o}", key, list);
}

json_t *body_add(const struct call *c)
{
	return entries_as(c, "add");
}

json_t *body_remove(const struct call *c)
{
	return entries_as(c, "remove");
}

json_t *body_binding(const struct call *c)
{
	return json_pack("{s:s, s:s, s:s*}", "service", c->value[PLACE_BOUND],
			 "vm", c->value[PLACE_VM], "tunnel",
			 c->value[PLACE_TUNNEL]);
}

/* The daemon has a working directory of its own. */
json_t *body_path(const struct call *c)
{
	const char *file = c->value[PLACE_FILE];
	char *dir = file[0] == '/' ? NULL : get_current_dir_name();
	json_t *o = dir ? json_pack("{s:s++}", "path", dir, "/", file)
			: json_pack("{s:s}", "path", file);

	free(dir);
	return o;
}
