/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's API: a new endpoint is one row here and one handler.
 *
 * Must not know: what the handlers do, how a row is found.
 */
#include "control/handlers.h"

_Static_assert(ROUTE_PART_MAX == RS_NAME_MAX, "names fit into parts");
_Static_assert(AT_PARTS <= ROUTE_PARTS_MAX, "there is room for all parts");

#define CONFIG_BODY_MAX ((size_t)16 << 20)

static const struct route_part parts[AT_PARTS] = {
	[AT_SERVICE] = { "{service}", "/" },
	[AT_BACKEND] = { "{backend}", "/" },
	[AT_LIST] = { "{list}", "/" },
	[AT_POOL] = { "{pool}", "/" },
	[AT_REVISION] = { "{revision}", "/" },
	[AT_CLIENT] = { "{client}", "" },
};

static const struct route routes[] = {
	{ "GET", "/", show_page, NULL },
	{ "GET", "/v1/openapi.json", show_openapi, NULL },
	{ "GET", "/v1/status", show_status, NULL },
	{ "GET", "/metrics", show_metrics, NULL },
	{ "GET", "/healthz", show_health, NULL },
	{ "GET", "/v1/version", show_version, NULL },
	{ "GET", "/v1/services", show_services, "connections fields state" },
	{ "GET", "/v1/services/{service}", show_service, "connections" },
	{ "PATCH", "/v1/services/{service}", change_service, "dry_run" },
	{ "GET", "/v1/services/{service}/backends", show_backends, NULL },
	{ "GET", "/v1/services/{service}/backends/{backend}", show_backend,
	  NULL },
	{ "PATCH", "/v1/services/{service}/backends/{backend}", change_backend,
	  "dry_run" },
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
	{ "GET", "/v1/history", show_history, "service" },
	{ "GET", "/v1/route", show_route, "service client port" },
	{ "GET", "/v1/lists", show_lists, NULL },
	{ "GET", "/v1/lists/{list}", show_list, NULL },
	{ "POST", "/v1/lists/{list}", change_list, NULL },
	{ "GET", "/v1/lists/{list}/test", test_list, "address" },
	{ "GET", "/v1/check", show_host, NULL },
	{ "GET", "/v1/plan", show_plan, NULL },
	{ "GET", "/v1/ruleset", show_ruleset, NULL },
	{ "GET", "/v1/config", show_config, NULL },
	{ "PUT", "/v1/config", config_put, "confirm dry_run" },
	{ "POST", "/v1/config/check", config_check, NULL },
	{ "POST", "/v1/config/apply", config_apply, "confirm dry_run" },
	{ "POST", "/v1/config/confirm", config_confirm, NULL },
	{ "POST", "/v1/config/rollback", config_rollback, NULL },
	{ "GET", "/v1/config/revisions", show_revisions, NULL },
	{ "GET", "/v1/config/revisions/{revision}", show_revision, NULL },
	{ "GET", "/v1/pools", show_pools, NULL },
	{ "GET", "/v1/pools/{pool}", show_pool, NULL },
	{ "GET", "/v1/pools/{pool}/backends/{backend}", show_member, NULL },
	{ "PUT", "/v1/pools/{pool}/backends/{backend}", put_member, "dry_run" },
	{ "DELETE", "/v1/pools/{pool}/backends/{backend}", delete_member,
	  "dry_run" },
	{ "POST", "/v1/config/diff", config_diff, NULL },
	{ "POST", "/v1/config/reload", config_reload, "dry_run" },
	{ "POST", "/v1/sync", do_sync, "dry_run" },
	{ "POST", "/v1/flush", do_flush, NULL },
};

/* What a read-only token may have beside GET. */
static const char *const looks[] = { "/v1/config/check", "/v1/config/diff",
				     NULL };

/* Whole configurations. */
static const char *const large[] = { "/v1/config", "/v1/config/check",
				     "/v1/config/apply", NULL };

const struct route_table control_routes = {
	.list = routes,
	.n = sizeof(routes) / sizeof(routes[0]),
	.parts = parts,
	.nparts = AT_PARTS,
	.looks = looks,
	.large = large,
	.large_max = CONFIG_BODY_MAX,
};
