/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "revisions/pending.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "revisions/write.h"

#define PENDING_FILE    "pending.json"
#define PENDING_VERSION 1

void pending_free(struct pending *p)
{
	free(p->token);
	*p = (struct pending){ 0 };
}

int64_t pending_left_ms(const struct pending *p, int64_t now_ms)
{
	int64_t left = p->deadline_ms - now_ms;

	if (left < 0)
		return 0;
	return left < (int64_t)p->confirm_ms ? left : (int64_t)p->confirm_ms;
}

static bool get(const json_t *o, const char *key, json_int_t min,
		json_int_t max, json_int_t *out)
{
	const json_t *v = json_object_get(o, key);

	*out = json_integer_value(v);
	return json_is_integer(v) && *out >= min && *out <= max;
}

static bool read_object(const json_t *o, struct pending *p)
{
	const char *token = json_string_value(json_object_get(o, "token"));
	json_int_t version, back, deadline, confirm, uid;

	if (!get(o, "version", PENDING_VERSION, PENDING_VERSION, &version) ||
	    !get(o, "back_to", 1, INT64_MAX, &back) ||
	    !get(o, "deadline_ms", 1, INT64_MAX, &deadline) ||
	    !get(o, "confirm_ms", CONFIRM_MIN_MS, CONFIRM_MAX_MS, &confirm) ||
	    !get(o, "uid", 0, UINT32_MAX, &uid))
		return false;
	*p = (struct pending){ .back_to = (uint64_t)back,
			       .deadline_ms = deadline,
			       .confirm_ms = (uint32_t)confirm,
			       .uid = (uid_t)uid,
			       .token = token ? xstrdup(token) : NULL };
	return true;
}

int pending_load(const char *state_dir, struct pending *out, struct err *err)
{
	char *path = xasprintf("%s/" PENDING_FILE, state_dir);
	json_error_t why;
	json_t *o;
	int ret = 1;

	*out = (struct pending){ 0 };
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		free(path);
		return 0;
	}
	o = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!o || !read_object(o, out))
		ret = err_set(err, -EBADMSG, "%s: %s", path,
			      o ? "it makes no sense" : why.text);
	json_decref(o);
	free(path);
	return ret;
}

int pending_save(const char *state_dir, const struct pending *p,
		 struct err *err)
{
	char *path = xasprintf("%s/" PENDING_FILE, state_dir);
	json_t *o = json_pack(
	    "{s:i, s:I, s:I, s:I, s:I, s:s?}", "version", PENDING_VERSION,
	    "back_to", (json_int_t)p->back_to, "deadline_ms",
	    (json_int_t)p->deadline_ms, "confirm_ms", (json_int_t)p->confirm_ms,
	    "uid", (json_int_t)p->uid, "token", p->token);
	char *text = json_dumps(o, JSON_COMPACT);
	struct write_part part = { text, strlen(text) };
	int ret = write_replace(path, &part, 1, err);

	json_decref(o);
	free(text);
	free(path);
	return ret;
}

int pending_remove(const char *state_dir, struct err *err)
{
	char *path = xasprintf("%s/" PENDING_FILE, state_dir);
	int ret = 0;

	if (unlink(path) < 0 && errno != ENOENT)
		ret = err_set(err, -errno, "%s: %s", path, strerror(errno));
	else
		write_sync_dir(path);
	free(path);
	return ret;
}
