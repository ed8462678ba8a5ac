/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API as a table: method, path, handler. */
#ifndef NFTLB_CONTROL_ROUTES_H
#define NFTLB_CONTROL_ROUTES_H

#include <stdbool.h>

#include "rulesets/types.h"

struct request;

struct captures {
	char service[RS_NAME_MAX + 1]; /* "" = not in the path */
	char backend[RS_NAME_MAX + 1];
	char client[RS_NAME_MAX + 1]; /* the rest of the path */
	char list[RS_NAME_MAX + 1];
};

struct route {
	const char *method;
	const char *path; /* "/v1/services/{service}" */
	void (*handle)(struct request *rq);
	const char *query; /* allowed ?keys, separated by blanks; NULL = none */
};

#define ROUTES_ALLOW_MAX 64

/**
 * routes_find() - the route of a request
 * @path: without query, percent-decoded. HEAD is answered as GET.
 * @at: names captured from @path
 * @allow: where the path is known and the method is not: "GET, PATCH"; else ""
 * Return: NULL where there is none (404, or 405 where @allow is not empty).
 */
const struct route *routes_find(const char *method, const char *path,
				struct captures *at,
				char allow[ROUTES_ALLOW_MAX]);

/* Handlers: one answer each, at once or later. */
void show_status(struct request *rq);
void show_version(struct request *rq);
void show_events(struct request *rq);
void show_checks(struct request *rq);
void show_probes(struct request *rq);
void show_all_feeds(struct request *rq);
void show_feeds(struct request *rq);
void show_services(struct request *rq);
void show_service(struct request *rq);
void show_all_backends(struct request *rq);
void show_backends(struct request *rq);
void show_backend(struct request *rq);
void show_all_slots(struct request *rq);
void show_slots(struct request *rq);
void show_all_counters(struct request *rq);
void show_counters(struct request *rq);
void show_backend_counters(struct request *rq);
void show_sessions(struct request *rq);
void delete_sessions(struct request *rq);
void show_config(struct request *rq);
void show_plan(struct request *rq);
void show_ruleset(struct request *rq);
void show_route(struct request *rq);
void change_service(struct request *rq);
void change_backend(struct request *rq);
void config_check(struct request *rq);
void config_diff(struct request *rq);
void config_reload(struct request *rq);
void show_lists(struct request *rq);
void show_list(struct request *rq);
void test_list(struct request *rq);
void change_list(struct request *rq);
void do_sync(struct request *rq);
void do_flush(struct request *rq);

#endif
