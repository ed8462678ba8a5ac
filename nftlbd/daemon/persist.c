/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.json in state-dir. Written to a temporary file and renamed, so that a
 * reader finds the old or the new. Not synced to disk: it has to live through
 * kill -9 and not to hold up the loop; after a power loss the checks find out
 * anew.
 */
#include "daemon/persist.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define STATE_VERSION 1

static char *state_path(const struct model *m, const char *suffix)
{
	return xasprintf("%s/state.json%s", m->conf->state_dir, suffix);
}

/* ---- save */

/* An object with what differs from the configuration, or NULL. */
static json_t *backend_state_json(const struct backend *b)
{
	json_t *o = json_object();

	if (b->admin != (b->conf->disabled ? ADMIN_DISABLED : ADMIN_ENABLED))
		json_object_set_new(
		    o, "admin", json_string(word_text(admin_words, b->admin)));
	if (b->weight != WEIGHT_DEFAULT)
		json_object_set_new(o, "weight", json_integer(b->weight));
	if (b->conf->check && b->health == HEALTH_DOWN)
		json_object_set_new(o, "health", json_string("down"));
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *service_state_json(const struct service *s)
{
	json_t *o = json_object(), *backends = json_object();

	if (s->disabled)
		json_object_set_new(o, "admin", json_string("disabled"));
	for (size_t i = 0; i < s->nbackends; i++) {
		json_t *b = backend_state_json(&s->backends[i]);

		if (b)
			json_object_set_new(backends, s->backends[i].conf->name,
					    b);
	}
	if (json_object_size(backends) > 0)
		json_object_set(o, "backends", backends);
	json_decref(backends);
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *model_state_json(const struct model *m)
{
	json_t *services = json_object();

	for (size_t i = 0; i < m->nservices; i++) {
		json_t *s = NULL;

		/* of 10,000 services a few: a save costs what was changed */
		if (m->services[i].touched)
			s = service_state_json(&m->services[i]);
		if (s)
			json_object_set_new(services, m->services[i].conf->name,
					    s);
	}
	return json_pack("{s:i, s:o}", "version", STATE_VERSION, "services",
			 services);
}

int persist_save(const struct model *m)
{
	char *path = state_path(m, ""), *tmp = state_path(m, ".new");
	json_t *root = model_state_json(m);
	int ret = 0;

	if (json_dump_file(root, tmp, JSON_INDENT(1)) < 0 ||
	    chmod(tmp, 0600) < 0 || rename(tmp, path) < 0) {
		ret = errno ? -errno : -EIO;
		log_warning("cannot save state to %s: %s", path,
			    strerror(-ret));
		unlink(tmp);
	}
	json_decref(root);
	free(path);
	free(tmp);
	return ret;
}

/* ---- load: every value is looked at, the file may have been edited */

static void backend_restore(struct backend *b, const json_t *o)
{
	const char *admin = json_string_value(json_object_get(o, "admin"));
	const char *health = json_string_value(json_object_get(o, "health"));
	const json_t *weight = json_object_get(o, "weight");
	int value = admin ? word_find(admin_words, admin) : -1;

	if (value >= 0)
		b->admin = (enum admin)value;
	if (json_is_integer(weight) && json_integer_value(weight) >= 0 &&
	    json_integer_value(weight) <= 65535)
		b->weight = (int32_t)json_integer_value(weight);
	if (b->conf->check && health && !strcmp(health, "down")) {
		b->health = HEALTH_DOWN;
		b->check.decided = true;
	}
}

static void service_restore(struct service *s, json_t *o)
{
	const char *admin = json_string_value(json_object_get(o, "admin"));
	const char *name;
	json_t *value;

	s->touched = true;
	s->disabled = admin && !strcmp(admin, "disabled");
	json_object_foreach(json_object_get(o, "backends"), name, value) {
		struct backend *b = service_backend(s, name);

		if (b)
			backend_restore(b, value);
	}
}

void persist_load(struct model *m)
{
	char *path = state_path(m, ""), *bad = state_path(m, ".bad");
	json_error_t error;
	json_t *root, *value;
	const char *name;

	if (access(path, F_OK) < 0)
		goto out;
	root = json_load_file(path, 0, &error);
	if (json_integer_value(json_object_get(root, "version")) !=
	    STATE_VERSION) {
		log_warning(
		    "%s:%d: %s; it is set aside as %s, and admin states "
		    "start from the configuration",
		    path, root ? 1 : error.line,
		    root ? "not a state file of this version" : error.text,
		    bad);
		rename(path, bad);
		json_decref(root);
		goto out;
	}
	json_object_foreach(json_object_get(root, "services"), name, value) {
		struct service *s = model_service(m, name);

		if (s)
			service_restore(s, value);
	}
	json_decref(root);
out:
	free(path);
	free(bad);
}
