/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of the daemon's API, and what a request is to them. */
#ifndef NFTLB_CONTROL_HANDLERS_H
#define NFTLB_CONTROL_HANDLERS_H

#include "daemon/daemon.h"
#include "http/request.h"

/* Parts of paths: rq->at[...]. */
enum {
	AT_SERVICE,
	AT_BACKEND,
	AT_LIST,
	AT_POOL,
	AT_REVISION,
	AT_CLIENT, /* the rest of the path */
	AT_PARTS
};

extern const struct route_table control_routes;

/** request_control() - the control socket that it came on
 * request_daemon() - whose that is
 * request_author() - who asks */
struct control *request_control(const struct request *rq);
struct daemon *request_daemon(const struct request *rq);
struct author request_author(const struct request *rq);
/** control_revision() - for struct pieces: answers are about one model */
uint64_t control_revision(const void *context);

/** may_read_files() - what configuration files say? False: answered, 403 */
bool may_read_files(struct request *rq);

struct conf_errors;
/** reply_errors() - 422 with every complaint of a configuration */
void reply_errors(struct request *rq, const struct conf_errors *errors);

struct counts;
struct stream;
struct service;
/** services_reply() - an array over the services that ?state= asks for */
void services_reply(struct request *rq, struct counts *c,
		    void (*item)(struct stream *s, const struct service *svc,
				 size_t index));

/* Handlers: one answer each, at once or later. */
void show_page(struct request *rq);
void show_summary(struct request *rq);
void show_history(struct request *rq);
void show_openapi(struct request *rq);
void show_status(struct request *rq);
void show_metrics(struct request *rq); /* metrics/scrape.c */
void show_health(struct request *rq);  /* metrics/healthy.c */
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
void show_host(struct request *rq);
void show_plan(struct request *rq);
void show_ruleset(struct request *rq);
void show_route(struct request *rq);
void change_service(struct request *rq);
void change_backend(struct request *rq);
void config_check(struct request *rq);
void config_diff(struct request *rq);
void config_reload(struct request *rq);
void config_put(struct request *rq);
void config_apply(struct request *rq);
void config_rollback(struct request *rq);
void config_confirm(struct request *rq);
void show_revisions(struct request *rq);
void show_revision(struct request *rq);
void show_pools(struct request *rq);
void show_pool(struct request *rq);
void show_member(struct request *rq);
void put_member(struct request *rq);
void delete_member(struct request *rq);
void show_lists(struct request *rq);
void show_list(struct request *rq);
void test_list(struct request *rq);
void change_list(struct request *rq);
void do_sync(struct request *rq);
void do_flush(struct request *rq);

#endif
