/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing totals to disk and reading them back. A piece is a few services, so
 * that a hundred thousand counters do not hold up the loop; between pieces
 * totals may change, come and go: where the writer is, is a name.
 *
 * Not synced to disk, as the rest of the state is not. Must not know: when
 * anything is read or written.
 */
#include "daemon/counters_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define PIECE    ((size_t)64 << 10)
#define BOOT_MAX 40
#define TEXT_MAX 1024

struct counters_file {
	char *path, *temporary;
	FILE *out;  /* NULL: nothing is begun */
	char *next; /* the last service that was written; NULL = none */
	int said;   /* errno that was logged last; 0 = all is well */
};

/* Which boot of this machine this is; "" where it does not say. */
static void boot_id(char id[BOOT_MAX])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(id, BOOT_MAX, f))
		id[0] = '\0';
	id[strcspn(id, "\n")] = '\0';
	if (f)
		fclose(f);
}

/* ---- writing */

static void put_here(FILE *out, const struct counter_value *v,
		     unsigned int table, bool first)
{
	fprintf(out,
		"%s{\"family\":%u,\"netdev\":%s,\"table\":%" PRIu64
		",\"handle\":%" PRIu64 ",\"packets\":%" PRIu64
		",\"bytes\":%" PRIu64 "}",
		first ? "" : ",", rs_table_family(table) == AF_INET6 ? 6 : 4,
		rs_table_is_netdev(table) ? "true" : "false", v->table,
		v->handle, v->packets, v->bytes);
}

static void put_total(FILE *out, const struct total *t)
{
	bool first = true;

	fprintf(out,
		"{\"name\":\"%s\",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64
		",\"kernel\":[",
		t->name, t->packets, t->bytes);
	for (unsigned int i = 0; i < RS_TABLES; i++)
		if (t->here[i].there) {
			put_here(out, &t->here[i], i, first);
			first = false;
		}
	fputs("]}\n", out);
}

/* Once, until it works again or fails otherwise. Returns @code. */
static int complain(struct counters_file *f, int code)
{
	if (f->said != code)
		log_warning("cannot save counters to %s: %s; this is tried "
			    "again",
			    f->path, strerror(-code));
	f->said = code;
	if (f->out)
		fclose(f->out);
	f->out = NULL;
	unlink(f->temporary);
	return code;
}

static int begin(struct counters_file *f)
{
	char boot[BOOT_MAX];
	int fd =
	    open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return complain(f, -errno);
	f->out = fdopen(fd, "w");
	if (!f->out)
		xoutofmemory();
	boot_id(boot);
	fprintf(f->out, "{\"version\":%d,\"boot\":\"%s\"}\n",
		COUNTERS_FILE_VERSION, boot);
	free(f->next);
	f->next = NULL;
	return 0;
}

static int finish(struct counters_file *f)
{
	int ret = ferror(f->out) ? -EIO : 0;

	if (fclose(f->out) != 0 && ret == 0)
		ret = -errno;
	f->out = NULL;
	if (ret == 0 && rename(f->temporary, f->path) < 0)
		ret = -errno;
	if (ret < 0)
		return complain(f, ret);
	if (f->said)
		log_info("counters are saved to %s again", f->path);
	f->said = 0;
	return 0;
}

/* The first service after the last that was written. */
static size_t resume_at(const struct counters_file *f, const struct totals *t)
{
	size_t lo = 0, hi = t->n;

	while (f->next && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t->list[mid]->name, f->next) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int counters_file_write(struct counters_file *f, const struct totals *t,
			bool whole)
{
	int ret = f->out ? 0 : begin(f);
	size_t i;
	long start;

	if (ret < 0)
		return ret;
	start = ftell(f->out);
	for (i = resume_at(f, t); i < t->n; i++) {
		const struct totals_service *s = t->list[i];

		if (!whole && (size_t)(ftell(f->out) - start) > PIECE)
			break;
		for (size_t j = 0; j < s->n; j++)
			put_total(f->out, s->list[j]);
		free(f->next);
		f->next = xstrdup(s->name);
	}
	return i < t->n ? 1 : finish(f);
}

struct counters_file *counters_file_open(const char *dir)
{
	struct counters_file *f = xcalloc(1, sizeof(*f));

	f->path = xasprintf("%s/%s", dir, COUNTERS_FILE);
	f->temporary = xasprintf("%s/%s.new", dir, COUNTERS_FILE);
	return f;
}

void counters_file_close(struct counters_file *f)
{
	if (!f)
		return;
	if (f->out) {
		fclose(f->out);
		unlink(f->temporary);
	}
	free(f->next);
	free(f->path);
	free(f->temporary);
	free(f);
}

/* ---- reading */

/* A whole number that is not negative; false: it is none. */
static bool number(const json_t *o, const char *key, uint64_t *n)
{
	const json_t *value = json_object_get(o, key);

	*n = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool load_here(struct total *at, const json_t *o)
{
	struct counter_value v = { .there = true };
	uint64_t family;

	if (!number(o, "family", &family) || !number(o, "table", &v.table) ||
	    !number(o, "handle", &v.handle) ||
	    !number(o, "packets", &v.packets) ||
	    !number(o, "bytes", &v.bytes) || (family != 4 && family != 6))
		return false;
	at->here[rs_table(family == 6 ? AF_INET6 : AF_INET,
			  json_is_true(json_object_get(o, "netdev")))] = v;
	return true;
}

static bool load_total(struct totals *t, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "name"));
	struct total *at = name ? totals_at(t, name) : NULL;
	const json_t *here;
	uint64_t packets, bytes;
	size_t i;
	bool good = true;

	if (!at || !number(line, "packets", &packets) ||
	    !number(line, "bytes", &bytes))
		return false;
	at->packets = packets;
	at->bytes = bytes;
	json_array_foreach(json_object_get(line, "kernel"), i, here)
		good = load_here(at, here) && good;
	return good;
}

/* Of an earlier boot: those counters are no more. */
static void all_ended(struct totals *t)
{
	static const struct counter_value none;

	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < RS_TABLES * t->list[i]->n; j++)
			total_seen(t, t->list[i]->list[j / RS_TABLES],
				   j % RS_TABLES, &none);
}

static bool is_head(const json_t *line)
{
	return json_integer_value(json_object_get(line, "version")) ==
	       COUNTERS_FILE_VERSION;
}

static bool this_boot(const json_t *line)
{
	const char *was = json_string_value(json_object_get(line, "boot"));
	char boot[BOOT_MAX];

	boot_id(boot);
	return was && boot[0] && !strcmp(was, boot);
}

static void load_lines(struct totals *t, FILE *in, const char *path)
{
	size_t number_of = 0, first_bad = 0, nbad = 0;
	bool same_boot = false;
	char text[TEXT_MAX];

	while (fgets(text, sizeof(text), in)) {
		json_t *line = json_loads(text, 0, NULL);
		bool good;

		if (++number_of == 1) {
			good = is_head(line);
			same_boot = good && this_boot(line);
		} else {
			good = load_total(t, line);
		}
		if (!good)
			first_bad = nbad++ ? first_bad : number_of;
		json_decref(line);
	}
	if (nbad > 0)
		log_warning("%s:%zu: not a line of counters; %zu such lines "
			    "skipped",
			    path, first_bad, nbad);
	if (!same_boot)
		all_ended(t);
}

void counters_file_load(struct totals *t, const char *dir)
{
	char *path = xasprintf("%s/%s", dir, COUNTERS_FILE);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");

	if (in)
		load_lines(t, in, path);
	else if (errno != ENOENT)
		log_warning("cannot read %s: %s", path, strerror(errno));
	if (in)
		fclose(in);
	free(path);
}
