/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands send that is not the same each time. */
#include "ctl/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
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

/* "check-port=80" -> "check_port": 80. What is no number where one is wanted,
 * the daemon says. */
static void add_option(json_t *o, const char *word)
{
	size_t n = strcspn(word, "=");
	const char *value = word[n] ? word + n + 1 : NULL;
	char key[64], field[64];
	uint32_t number;

	snprintf(key, sizeof(key), "%.*s", (int)n, word);
	for (size_t i = 0; i <= strlen(key); i++)
		field[i] = key[i] == '-' ? '_' : key[i];
	if (!value)
		json_object_set_new(o, field, json_true());
	else if (conf_option_kind(key) == CONF_OPTION_NUMBER &&
		 parse_number(value, 0, UINT32_MAX, &number) == 0)
		json_object_set_new(o, field, json_integer(number));
	else
		json_object_set_new(o, field, json_string(value));
}

json_t *body_member(const struct call *c)
{
	char text[ADDR_STRLEN];
	struct addr a;
	uint16_t port = 0;
	json_t *o;

	if (addr_parse(c->value[PLACE_ENDPOINT], &a) < 0)
		endpoint_parse(c->value[PLACE_ENDPOINT], &a, &port);
	o = json_pack("{s:s}", "address", addr_format(&a, text));
	if (port)
		json_object_set_new(o, "port", json_integer(port));
	for (size_t i = 0; i < c->nentries; i++)
		add_option(o, c->entries[i]);
	return o;
}

json_t *body_rollback(const struct call *c)
{
	json_t *o = json_object();
	uint32_t n;

	if (c->value[PLACE_REVISION] &&
	    parse_number(c->value[PLACE_REVISION], 1, INT32_MAX, &n) == 0)
		json_object_set_new(o, "revision", json_integer(n));
	if (c->value[PLACE_DURATION])
		json_object_set_new(o, "confirm",
				    json_string(c->value[PLACE_DURATION]));
	return o;
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
