/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "revisions/record.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define FILES_MAX 100000

const struct word revision_cause_words[] = {
	{ "start", CAUSE_START },
	{ "reload", CAUSE_RELOAD },
	{ "apply", CAUSE_APPLY },
	{ "put", CAUSE_PUT },
	{ "rollback", CAUSE_ROLLBACK },
	{ "undone", CAUSE_UNDONE },
	{ NULL, 0 },
};

void revision_free(struct revision *r)
{
	conf_files_free(r->files, r->nfiles);
	free(r->token);
	*r = (struct revision){ 0 };
}

static uint64_t sum_add(uint64_t sum, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)data[i]) * 0x100000001b3u;
	return sum;
}

uint64_t record_sum(const struct conf_file *files, size_t n)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++) {
		sum = sum_add(sum, files[i].path, strlen(files[i].path) + 1);
		sum = sum_add(sum, (const char *)&files[i].len,
			      sizeof(files[i].len));
		sum = sum_add(sum, files[i].text, files[i].len);
	}
	return sum;
}

void record_head(const struct revision *r, struct buf *out)
{
	json_t *files = json_array(), *o;
	char sum[20], *text;

	for (size_t i = 0; i < r->nfiles; i++)
		json_array_append_new(
		    files, json_pack("{s:s, s:I}", "path", r->files[i].path,
				     "bytes", (json_int_t)r->files[i].len));
	snprintf(sum, sizeof(sum), "%016" PRIx64, r->sum);
	o = json_pack("{s:i, s:I, s:I, s:I, s:s?, s:s, s:I, s:I, s:s, s:o}",
		      "version", RECORD_VERSION, "number",
		      (json_int_t)r->number, "time_ms", (json_int_t)r->time_ms,
		      "uid", (json_int_t)r->uid, "token", r->token, "cause",
		      word_text(revision_cause_words, (int)r->cause), "added",
		      (json_int_t)r->added, "removed", (json_int_t)r->removed,
		      "sum", sum, "files", files);
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	buf_printf(out, "%s\n", text ? text : "");
	free(text);
	json_decref(o);
}

/* ---- reading */

static bool get_number(const json_t *o, const char *key, uint64_t *out)
{
	const json_t *v = json_object_get(o, key);

	*out = (uint64_t)json_integer_value(v);
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool read_files(const json_t *list, struct revision *r)
{
	size_t n = json_array_size(list);

	if (n == 0 || n > FILES_MAX)
		return false;
	r->files = xcalloc(n, sizeof(*r->files));
	for (; r->nfiles < n; r->nfiles++) {
		const json_t *o = json_array_get(list, r->nfiles);
		const char *path =
		    json_string_value(json_object_get(o, "path"));
		uint64_t bytes;

		if (!path || *path != '/' || !get_number(o, "bytes", &bytes) ||
		    bytes > SIZE_MAX / 2)
			return false;
		r->files[r->nfiles].path = xstrdup(path);
		r->files[r->nfiles].len = (size_t)bytes;
		r->bytes += bytes;
	}
	return true;
}

static bool read_head(const json_t *o, struct revision *r)
{
	const char *token = json_string_value(json_object_get(o, "token"));
	const char *cause = json_string_value(json_object_get(o, "cause"));
	const char *sum = json_string_value(json_object_get(o, "sum"));
	uint64_t version, time_ms, uid;
	int word = cause ? word_find(revision_cause_words, cause) : -1;

	if (!get_number(o, "version", &version) || version != RECORD_VERSION ||
	    !get_number(o, "number", &r->number) || !r->number ||
	    !get_number(o, "time_ms", &time_ms) ||
	    !get_number(o, "uid", &uid) || word < 0 || !sum ||
	    !get_number(o, "added", &r->added) ||
	    !get_number(o, "removed", &r->removed))
		return false;
	r->time_ms = (int64_t)time_ms;
	r->uid = (uid_t)uid;
	r->token = token ? xstrdup(token) : NULL;
	r->cause = (enum revision_cause)word;
	r->sum = strtoull(sum, NULL, 16);
	return read_files(json_object_get(o, "files"), r);
}

static void read_texts(const char *data, struct revision *r)
{
	for (size_t i = 0; i < r->nfiles; i++) {
		struct conf_file *f = &r->files[i];

		f->text = xreallocarray(NULL, f->len + 1, 1);
		memcpy(f->text, data, f->len);
		f->text[f->len] = '\0';
		data += f->len;
	}
}

int record_read(const char *data, size_t len, uint64_t size, bool all,
		struct revision *out, struct err *err)
{
	const char *end = len ? memchr(data, '\n', len) : NULL;
	size_t head = end ? (size_t)(end - data) + 1 : 0;
	json_t *o =
	    end ? json_loadb(data, head, JSON_REJECT_DUPLICATES, NULL) : NULL;
	bool good = o && read_head(o, out);

	json_decref(o);
	if (!good)
		return err_set(err, -EBADMSG, "its first line makes no sense");
	if (size != head + out->bytes)
		return err_set(err, -EBADMSG,
			       "it has %" PRIu64
			       " bytes and should have %" PRIu64,
			       size, head + out->bytes);
	if (!all)
		return 0;
	if (len != size)
		return err_set(err, -EBADMSG, "it is cut short");
	read_texts(data + head, out);
	return record_sum(out->files, out->nfiles) == out->sum
		   ? 0
		   : err_set(err, -EBADMSG, "its texts are not what they were");
}
