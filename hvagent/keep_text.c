/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change is a line of JSON: {"put":[...]}, {"set":[...]} (and no others), or
 * {"remove":"NAME"}. A line that is cut anywhere is no JSON.
 *
 * Must not know: files.
 */
#include "hvagent/keep_text.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* Names and addresses need no escapes. */
void keep_text_put(struct buf *out, const struct binding *list, size_t n,
		   bool only)
{
	char service[BINDING_SERVICE_TEXT], vm[ENDPOINT_STRLEN];

	buf_printf(out, "{\"%s\":[", only ? "set" : "put");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out,
			   "%s{\"name\":\"%s\",\"service\":\"%s\",\"vm\":\"%s"
			   "\"",
			   i ? "," : "", list[i].name,
			   binding_service_text(&list[i], service),
			   binding_vm_text(&list[i], vm));
		if (list[i].tunnel.family)
			buf_printf(out, ",\"tunnel\":\"%s\"",
				   addr_format(&list[i].tunnel, vm));
		buf_printf(out, "}");
	}
	buf_printf(out, "]}\n");
}

void keep_text_remove(struct buf *out, const char *name)
{
	buf_printf(out, "{\"remove\":\"%s\"}\n", name);
}

/* ---- reading */

static int put_one(const json_t *o, struct bindings *l, struct err *err)
{
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *service = json_string_value(json_object_get(o, "service"));
	const char *vm = json_string_value(json_object_get(o, "vm"));
	const json_t *tunnel = json_object_get(o, "tunnel"); /* or NULL */
	struct binding b = { .name = (char *)name, .origin = BINDING_OF_API };

	if (!name || !service || !vm ||
	    binding_service_parse(service, &b) < 0 ||
	    binding_vm_parse(vm, &b) < 0 ||
	    (tunnel && (!json_is_string(tunnel) ||
			binding_tunnel_parse(json_string_value(tunnel), &b))))
		return err_set(err, -EBADMSG, "no binding");
	return bindings_put(l, &b, err) < 0 ? -EBADMSG : 0;
}

static int put_all(const json_t *list, struct bindings *l, size_t *items,
		   struct err *err)
{
	const json_t *o;
	size_t i;
	int ret = 0;

	/* Two may have changed places: first all of them go. */
	json_array_foreach(list, i, o) {
		const char *name =
		    json_string_value(json_object_get(o, "name"));

		if (name)
			bindings_remove(l, name);
	}
	json_array_foreach(list, i, o) {
		if (ret == 0)
			ret = put_one(o, l, err);
		(*items)++;
	}
	return ret;
}

static int read_change(const json_t *o, struct bindings *l, size_t *items,
		       struct err *err)
{
	const json_t *put = json_object_get(o, "put");
	const json_t *set = json_object_get(o, "set");
	const char *gone = json_string_value(json_object_get(o, "remove"));

	if (json_object_size(o) != 1 ||
	    !(json_is_array(put) || json_is_array(set) || gone))
		return err_set(err, -EBADMSG, "no change of bindings");
	if (gone) {
		(*items)++;
		bindings_remove(l, gone);
		return 0;
	}
	if (set)
		bindings_free(l);
	return put_all(set ? set : put, l, items, err);
}

int keep_text_read(const char *line, size_t len, struct bindings *l,
		   size_t *items, struct err *err)
{
	json_error_t where;
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);
	int ret = o ? read_change(o, l, items, err)
		    : err_set(err, -EBADMSG, "%s", where.text);

	json_decref(o);
	return ret;
}
