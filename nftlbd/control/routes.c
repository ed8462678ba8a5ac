/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The route table and how a path is matched against it. Pure. A new endpoint is
 * one row here and one handler.
 *
 * Must not know: what the handlers do, where a request comes from.
 */
#include "control/routes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct route routes[] = {
	{ "GET", "/v1/status", show_status, NULL },
	{ "GET", "/v1/version", show_version, NULL },
	{ "GET", "/v1/services", show_services, "connections fields" },
	{ "GET", "/v1/services/{service}", show_service, NULL },
	{ "PATCH", "/v1/services/{service}", change_service, NULL },
	{ "GET", "/v1/services/{service}/backends", show_backends, NULL },
	{ "GET", "/v1/services/{service}/backends/{backend}", show_backend,
	  NULL },
	{ "PATCH", "/v1/services/{service}/backends/{backend}", change_backend,
	  NULL },
	{ "GET", "/v1/services/{service}/checks", show_probes, NULL },
	{ "GET", "/v1/services/{service}/backends/{backend}/checks",
	  show_probes, NULL },
	{ "GET", "/v1/services/{service}/feeds", show_feeds, NULL },
	{ "GET", "/v1/services/{service}/backends/{backend}/feeds", show_feeds,
	  NULL },
	{ "GET", "/v1/services/{service}/slots", show_slots, NULL },
	{ "GET", "/v1/services/{service}/counters", show_counters, NULL },
	{ "GET", "/v1/services/{service}/backends/{backend}/counters",
	  show_backend_counters, NULL },
	{ "GET", "/v1/counters", show_all_counters, NULL },
	{ "GET", "/v1/services/{service}/sessions", show_sessions, NULL },
	{ "DELETE", "/v1/services/{service}/sessions", delete_sessions, NULL },
	{ "DELETE", "/v1/services/{service}/sessions/{client}", delete_sessions,
	  NULL },
	{ "GET", "/v1/sessions", show_sessions, NULL },
	{ "GET", "/v1/backends", show_all_backends, "connections" },
	{ "GET", "/v1/slots", show_all_slots, NULL },
	{ "GET", "/v1/checks", show_checks, NULL },
	{ "GET", "/v1/feeds", show_all_feeds, NULL },
	{ "GET", "/v1/events", show_events,
	  "since limit follow service backend" },
	{ "GET", "/v1/route", show_route, "service client port" },
	{ "GET", "/v1/lists", show_lists, NULL },
	{ "GET", "/v1/lists/{list}", show_list, NULL },
	{ "POST", "/v1/lists/{list}", change_list, NULL },
	{ "GET", "/v1/lists/{list}/test", test_list, "address" },
	{ "GET", "/v1/plan", show_plan, NULL },
	{ "GET", "/v1/ruleset", show_ruleset, NULL },
	{ "GET", "/v1/config", show_config, NULL },
	{ "POST", "/v1/config/check", config_check, NULL },
	{ "POST", "/v1/config/diff", config_diff, NULL },
	{ "POST", "/v1/config/reload", config_reload, NULL },
	{ "POST", "/v1/sync", do_sync, NULL },
	{ "POST", "/v1/flush", do_flush, NULL },
};

#define NROUTES (sizeof(routes) / sizeof(routes[0]))

/* What stands for a part of a path. */
static const struct {
	const char *pattern;
	size_t at;       /* in struct captures */
	const char *end; /* of the part: bytes that are not of it */
} parts[] = {
	{ "{service}", offsetof(struct captures, service), "/" },
	{ "{backend}", offsetof(struct captures, backend), "/" },
	{ "{list}", offsetof(struct captures, list), "/" },
	{ "{client}", offsetof(struct captures, client), "" },
};

#define NPARTS (sizeof(parts) / sizeof(parts[0]))

/* The part that @pattern begins with; NPARTS: none. */
static size_t part_of(const char *pattern)
{
	size_t i = 0;

	while (i < NPARTS && strncmp(pattern, parts[i].pattern,
				     strlen(parts[i].pattern)) != 0)
		i++;
	return i;
}

/* Does @path have the form of @pattern? */
static bool path_match(const char *pattern, const char *path,
		       struct captures *at)
{
	memset(at, 0, sizeof(*at));
	while (*pattern && *path) {
		size_t part = part_of(pattern), len;

		if (part == NPARTS) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		len = strcspn(path, parts[part].end);
		if (len == 0 || len > RS_NAME_MAX)
			return false;
		/* all of them are RS_NAME_MAX + 1 long, and zero */
		memcpy((char *)at + parts[part].at, path, len);
		pattern += strlen(parts[part].pattern);
		path += len;
	}
	return !*pattern && !*path;
}

static void allow_add(char allow[ROUTES_ALLOW_MAX], const char *method)
{
	size_t used = strlen(allow);

	snprintf(allow + used, ROUTES_ALLOW_MAX - used, "%s%s",
		 used ? ", " : "", method);
}

const struct route *routes_find(const char *method, const char *path,
				struct captures *at,
				char allow[ROUTES_ALLOW_MAX])
{
	allow[0] = '\0';
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (size_t i = 0; i < NROUTES; i++) {
		if (!path_match(routes[i].path, path, at))
			continue;
		if (!strcmp(routes[i].method, method)) {
			allow[0] = '\0';
			return &routes[i];
		}
		allow_add(allow, routes[i].method);
	}
	return NULL;
}
