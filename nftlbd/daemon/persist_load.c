/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the saved state: the journal's lines replace what the snapshot says
 * of the same object, then the result is applied to the model once.
 *
 * Every value is looked at: the files may have been edited, cut off anywhere,
 * or be something else altogether. Changes nothing on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/persist.h"
#include "daemon/persist_text.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/load.h"

#define WEIGHT_MAX    65535
#define READ_SIZE     65536
#define FILE_SIZE_MAX (256 << 20) /* all of 100,000 backends are 10 MB */

/* 0 with the whole file in @text, or -errno. Never waits (a FIFO). */
static int file_read(const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -EINVAL;
	else if (st.st_size > FILE_SIZE_MAX)
		ret = -EFBIG;
	while (ret == 0 && n > 0) {
		n = read(fd, buf_reserve(text, READ_SIZE), READ_SIZE);
		if (n < 0)
			ret = -errno;
		else
			text->len += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- the two files as one JSON tree */

/* The object of that name in @o, made where it is none. Borrowed. */
static json_t *child(json_t *o, const char *name)
{
	if (!json_is_object(json_object_get(o, name)))
		json_object_set_new(o, name, json_object());
	return json_object_get(o, name);
}

/* *root: the snapshot, or an empty object. */
static int snapshot_read(const char *path, json_t **root)
{
	json_error_t error = { .text = "not a state file of this version" };
	struct buf text = { 0 };
	int ret = file_read(path, &text);

	*root = NULL;
	if (ret == 0)
		*root = json_loadb(text.data, text.len, 0, &error);
	else if (ret != -ENOENT)
		strncpy(error.text, strerror(-ret), sizeof(error.text) - 1);
	buf_free(&text);
	if (ret == -ENOENT || json_integer_value(json_object_get(
				  *root, "version")) == PERSIST_VERSION) {
		if (!*root)
			*root = json_object();
		return 0;
	}
	log_warning("%s: %s; admin states start from the configuration", path,
		    error.text[0] ? error.text
				  : "not a state file of this version");
	json_decref(*root);
	*root = json_object();
	return -EBADMSG;
}

static bool known_word(const struct word *words, const json_t *line,
		       const char *key)
{
	const json_t *value = json_object_get(line, key);

	return !value || (json_is_string(value) &&
			  word_find(words, json_string_value(value)) >= 0);
}

static bool weight_good(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0 &&
	       json_integer_value(value) <= WEIGHT_MAX;
}

static bool line_good(const json_t *line)
{
	const json_t *backend = json_object_get(line, "backend");
	const json_t *weight = json_object_get(line, "weight");

	return json_is_string(json_object_get(line, "service")) &&
	       (!backend || json_is_string(backend)) &&
	       (!weight || weight_good(weight)) &&
	       known_word(admin_words, line, "admin") &&
	       known_word(health_words, line, "health");
}

/* A backend's line replaces all that was said of it. */
static void line_merge(json_t *services, json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "service"));
	const char *backend =
	    json_string_value(json_object_get(line, "backend"));
	json_t *service = child(services, name);

	if (backend)
		json_object_set(child(service, "backends"), backend, line);
	else
		json_object_set(service, "admin",
				json_object_get(line, "admin"));
}

/* Does the journal that begins with @line go with the snapshot? Where there is
 * none (a new state-dir, a bad file) the journal is all we have. */
static bool numbers_match(const json_t *root, const json_t *line)
{
	const json_t *wanted = json_object_get(root, "journal");

	return !wanted ||
	       (json_is_integer(wanted) &&
		json_equal(wanted, json_object_get(line, "journal")));
}

static void journal_merge(json_t *root, const char *path, const struct buf *t)
{
	size_t number = 0, first_bad = 0, nbad = 0, len;
	json_t *services = child(root, "services");
	const char *at = t->data, *end = t->data + t->len, *newline;

	for (; at < end; at += len + 1) {
		json_t *line;

		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			break; /* torn by a crash */
		len = (size_t)(newline - at);
		line = json_loadb(at, len, 0, NULL);
		if (++number == 1 && !numbers_match(root, line)) {
			log_info("%s is not of this snapshot, ignored", path);
			json_decref(line);
			return;
		}
		if (line_good(line))
			line_merge(services, line);
		else if (number > 1 || !json_object_get(line, "journal"))
			first_bad = nbad++ ? first_bad : number;
		json_decref(line);
	}
	if (nbad > 0)
		log_warning("%s:%zu: not a state line; %zu such lines skipped",
			    path, first_bad, nbad);
}

/* ---- the tree to the model */

/* Returns -1 where @o has no such whole number in 0..@max. */
static int64_t number_of(const json_t *o, const char *key, int64_t max)
{
	const json_t *value = json_object_get(o, key);
	int64_t number = json_integer_value(value);

	return json_is_integer(value) && number >= 0 && number <= max ? number
								      : -1;
}

/* A Unix time that is not in the future, as the model's; 0 = none. */
static int64_t past_of(const json_t *o, const char *key)
{
	int64_t unix_ms = number_of(o, key, INT64_MAX / 2), now_ms, ms;

	if (unix_ms < 0)
		return 0;
	now_ms = daemon_now_ms();
	ms = persist_model_ms(unix_ms);
	return ms < now_ms ? ms : now_ms;
}

static void check_restore(struct check_state *cs, const json_t *o)
{
	const char *health = json_string_value(json_object_get(o, "health"));
	int value = health ? word_find(health_words, health) : -1;
	int64_t says = number_of(o, "says", HC_SAYS_ALL);
	int64_t weight = number_of(o, "weight", HC_WEIGHT_MAX);

	if (value >= 0)
		cs->health = (uint8_t)value;
	if (says >= 0 && weight >= 0) {
		cs->says = (uint8_t)says;
		cs->weight = (uint16_t)weight;
	}
}

/* Checks that are no more say nothing. Before there could be several, only the
 * health of all of them was saved. */
static void checks_restore(struct backend *b, const json_t *o)
{
	const char *health = json_string_value(json_object_get(o, "health"));
	const json_t *checks = json_object_get(o, "checks");
	bool down = health && !strcmp(health, "down");

	for (size_t i = 0; i < b->conf->checks->n; i++) {
		const struct conf_check *c = b->conf->checks->list[i];

		if (checks)
			check_restore(&b->checks[i],
				      json_object_get(checks, c->name));
		else if (down)
			check_restore(&b->checks[i], o);
	}
	if (down)
		b->health = HEALTH_DOWN; /* it may be held */
}

static void flaps_restore(const struct service *s, struct backend *b,
			  const json_t *o)
{
	int64_t flaps = number_of(o, "flaps", UINT16_MAX);
	int64_t hold = number_of(o, "hold", INT64_MAX / 2);
	int64_t last_ms;

	if (flaps <= 0)
		return;
	b->flaps = (uint16_t)flaps;
	b->flap_ms = past_of(o, "flap");
	if (b->flap_ms == 0)
		b->flap_ms = 1;
	if (hold < 0)
		return;
	b->hold_ms = persist_model_ms(hold);
	last_ms = b->flap_ms + s->conf->flap_hold_max_ms;
	if (b->hold_ms > last_ms)
		b->hold_ms = last_ms;
}

static void backend_restore(struct service *s, struct backend *b,
			    const json_t *o)
{
	const char *admin = json_string_value(json_object_get(o, "admin"));
	const json_t *weight = json_object_get(o, "weight");
	int64_t dynamic = number_of(o, "dynamic", UINT32_MAX);
	int value = admin ? word_find(admin_words, admin) : -1;

	if (value >= 0)
		b->admin = (enum admin)value;
	if (weight_good(weight))
		b->weight = (int32_t)json_integer_value(weight);
	if (b->conf->checks) {
		checks_restore(b, o);
		flaps_restore(s, b, o);
	}
	b->drain_ms = past_of(o, "drain");
	if (dynamic > 0)
		load_restore(s, b, (uint32_t)dynamic);
}

static void service_restore(struct service *s, json_t *o)
{
	const char *admin = json_string_value(json_object_get(o, "admin"));
	const char *name;
	json_t *value;

	s->disabled = admin && !strcmp(admin, "disabled");
	json_object_foreach(json_object_get(o, "backends"), name, value) {
		struct backend *b = service_backend(s, name);

		if (b)
			backend_restore(s, b, value);
	}
}

int persist_load(struct model *m)
{
	const char *dir = m->conf->state_dir, *name;
	char *snapshot = xasprintf("%s/%s", dir, PERSIST_SNAPSHOT);
	char *journal = xasprintf("%s/%s", dir, PERSIST_JOURNAL);
	struct buf lines = { 0 };
	json_t *root, *value;
	int ret = snapshot_read(snapshot, &root), jret;

	jret = file_read(journal, &lines);
	if (jret == 0 && lines.len > 0)
		journal_merge(root, journal, &lines);
	else if (jret < 0 && jret != -ENOENT)
		log_warning("cannot read %s: %s", journal, strerror(-jret));
	json_object_foreach(json_object_get(root, "services"), name, value) {
		struct service *s = model_service(m, name);

		if (s)
			service_restore(s, value);
	}
	json_decref(root);
	buf_free(&lines);
	free(snapshot);
	free(journal);
	return ret;
}
