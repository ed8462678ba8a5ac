/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's changes on disk: lists.journal in state-dir, a line for each,
 * appended:
 *
 *   {"list":"bad","add":["192.0.2.1"],"remove":["10.0.0.0/8"]}
 *
 * It is written anew, a few lines for each list, when the daemon starts and
 * when it has become long. Knows nothing of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/lists_impl.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define KEEP_FILE   "lists.journal"
#define LINES_MAX   10000u
#define LINE_RANGES 1000u

struct list_keep {
	struct lists *l;
	char *path, *temporary;
	FILE *file; /* for appending; NULL = cannot be written */
	size_t nlines;
	int said; /* errno that was logged last */
};

static void complain(struct list_keep *k, int code)
{
	if (k->said != code)
		log_warning("cannot save changes of lists to %s: %s", k->path,
			    strerror(code));
	k->said = code;
}

/* ---- writing */

static void put_ranges(FILE *f, const char *key, const struct net_range *list,
		       size_t n)
{
	char text[96];

	fprintf(f, ",\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		net_print(&list[i], text, sizeof(text));
		fprintf(f, "%s\"%s\"", i ? "," : "", text);
	}
	fputc(']', f);
}

static void put_line(struct list_keep *k, FILE *f, const char *name,
		     const struct list_edit *e)
{
	fprintf(f, "{\"list\":\"%s\"", name);
	put_ranges(f, "add", e->add, e->nadd);
	put_ranges(f, "remove", e->remove, e->nremove);
	fputs("}\n", f);
	k->nlines++;
}

static void put_nets(struct list_keep *k, FILE *f, const char *name, bool add,
		     const struct nets *s)
{
	for (size_t i = 0; i < s->n; i += LINE_RANGES) {
		size_t n = s->n - i < LINE_RANGES ? s->n - i : LINE_RANGES;
		struct list_edit e = { 0 };

		if (add) {
			e.add = s->list + i;
			e.nadd = n;
		} else {
			e.remove = s->list + i;
			e.nremove = n;
		}
		put_line(k, f, name, &e);
	}
}

static int replace_file(struct list_keep *k, const struct lists *l)
{
	FILE *f = fopen(k->temporary, "we");
	int failed;

	if (!f)
		return -errno;
	k->nlines = 0;
	for (size_t i = 0; i < l->n; i++)
		for (unsigned int fam = 0; fam < RS_FAMILIES; fam++) {
			const struct list *list = &l->list[i];

			put_nets(k, f, list->name, true,
				 &list->overlay[fam].added);
			put_nets(k, f, list->name, false,
				 &list->overlay[fam].removed);
		}
	failed = ferror(f);
	if (fclose(f) != 0 || failed || rename(k->temporary, k->path) < 0) {
		int code = errno ? errno : EIO;

		unlink(k->temporary);
		return -code;
	}
	return 0;
}

void list_keep_all(struct list_keep *k, const struct lists *l)
{
	int ret = replace_file(k, l);

	if (k->file)
		fclose(k->file);
	k->file = ret == 0 ? fopen(k->path, "ae") : NULL;
	if (k->file)
		k->said = 0;
	else
		complain(k, ret < 0 ? -ret : errno);
}

void list_keep_edit(struct list_keep *k, const char *name,
		    const struct list_edit *edit)
{
	/* What could not be written before is in the whole. */
	if (!k->file || k->nlines >= LINES_MAX) {
		list_keep_all(k, k->l);
		return;
	}
	put_line(k, k->file, name, edit);
	if (fflush(k->file) == 0)
		return;
	complain(k, errno);
	fclose(k->file);
	k->file = NULL;
}

/* ---- reading */

static bool read_ranges(const json_t *line, const char *key,
			struct net_range **out, size_t *n)
{
	const json_t *array = json_object_get(line, key), *value;
	size_t i;

	*n = json_array_size(array);
	*out = xcalloc(*n + 1, sizeof(**out));
	json_array_foreach(array, i, value)
		if (!json_is_string(value) ||
		    net_parse(json_string_value(value), &(*out)[i], NULL) < 0)
			return false;
	return true;
}

/* A list that is no more is passed over. */
static bool read_line(struct lists *l, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "list"));
	const struct conf_list *base;
	struct list_edit e;
	bool good;

	if (!name)
		return false;
	base = lists_conf(l->d->model->conf, name);
	if (!base)
		return true;
	good = read_ranges(line, "add", &e.add, &e.nadd);
	good &= read_ranges(line, "remove", &e.remove, &e.nremove);
	if (good)
		lists_edit_apply(lists_get(l, name)->overlay, base, &e);
	free(e.add);
	free(e.remove);
	return good;
}

static void read_file(struct list_keep *k)
{
	FILE *f = fopen(k->path, "re");
	size_t size = 0, number = 0;
	char *text = NULL;
	ssize_t len;

	if (!f && errno != ENOENT)
		log_warning("cannot read %s: %s", k->path, strerror(errno));
	while (f && (len = getline(&text, &size, f)) > 0) {
		json_t *line = json_loadb(text, (size_t)len, 0, NULL);

		number++;
		if (!read_line(k->l, line))
			log_warning("%s:%zu: not a change of a list, skipped",
				    k->path, number);
		json_decref(line);
	}
	if (f)
		fclose(f);
	free(text);
}

struct list_keep *list_keep_open(struct lists *l)
{
	const char *dir = l->d->model->conf->state_dir;
	struct list_keep *k = xcalloc(1, sizeof(*k));

	k->l = l;
	k->path = xasprintf("%s/%s", dir, KEEP_FILE);
	k->temporary = xasprintf("%s/%s.new", dir, KEEP_FILE);
	read_file(k);
	list_keep_all(k, l);
	return k;
}

void list_keep_close(struct list_keep *k)
{
	if (k->file)
		fclose(k->file);
	free(k->path);
	free(k->temporary);
	free(k);
}
