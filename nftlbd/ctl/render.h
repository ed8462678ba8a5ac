/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of the API as text for people. Pure: JSON in, text out. A field that
 * is missing or of another type shows as "-", so that an older or newer daemon
 * can be spoken to.
 */
#ifndef NFTLB_CTL_RENDER_H
#define NFTLB_CTL_RENDER_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/table.h"
#include "lib/buf.h"

struct render {
	struct buf *out;
	bool colours;
	const json_t *extra; /* a command's second answer, or NULL */
};

/* One for each form of answer; see the table of commands. */
/** status_services() - path of the services that render_status() shows, by what
 * /v1/status says */
const char *status_services(const json_t *answer);
void render_status(struct render *r, const json_t *answer);
void render_services(struct render *r, const json_t *answer);
void render_backends(struct render *r, const json_t *answer);
void render_checks(struct render *r, const json_t *answer);
void render_probes(struct render *r, const json_t *answer);
void render_feeds(struct render *r, const json_t *answer);
void render_sessions(struct render *r, const json_t *answer);
void render_forgotten(struct render *r, const json_t *answer);
void render_slots(struct render *r, const json_t *answer);
void render_counters(struct render *r, const json_t *answer);
void render_lists(struct render *r, const json_t *answer);
void render_list(struct render *r, const json_t *answer);
void render_list_test(struct render *r, const json_t *answer);
void render_list_line(struct render *r, const json_t *answer);
void render_host(struct render *r, const json_t *answer);
/** render_host_failed() - is there an error among what was found? */
bool render_host_failed(const json_t *answer);
/** render_agent() - hvagent's status */
void render_agent(struct render *r, const json_t *answer);
void render_bindings(struct render *r, const json_t *answer);
void render_bound(struct render *r, const json_t *answer);
void render_unbound(struct render *r, const json_t *answer);
void render_plan(struct render *r, const json_t *answer);
/** render_dry_run() - a plan that was asked for by --dry-run */
void render_dry_run(struct render *r, const json_t *answer);
void render_events(struct render *r, const json_t *answer);
/** render_event() - one event as one line, for who follows them */
void render_event(struct render *r, const json_t *event);
enum top_order {
	TOP_STATE, /* what is not well first, then by connections */
	TOP_CONNECTIONS,
	TOP_NAME,
	TOP_WEIGHT,
	TOP_SHARE,
	TOP_TRAFFIC /* bits a second; where nothing is counted, as TOP_STATE */
};
/** render_top() - a screen of @lines; answer: status, extra: backends */
void render_top(struct render *r, const json_t *status, unsigned int lines,
		enum top_order order);
void render_text(struct render *r, const json_t *answer);
void render_version(struct render *r, const json_t *answer);
void render_route(struct render *r, const json_t *answer);
void render_backend_line(struct render *r, const json_t *answer);
void render_service_line(struct render *r, const json_t *answer);
void render_checked(struct render *r, const json_t *answer);
void render_reloaded(struct render *r, const json_t *answer);
void render_applied(struct render *r, const json_t *answer);
void render_history(struct render *r, const json_t *answer);
void render_revision(struct render *r, const json_t *answer);
void render_pools(struct render *r, const json_t *answer);
void render_member(struct render *r, const json_t *answer);
void render_removed(struct render *r, const json_t *answer);
/** render_members(), render_numbers() - one a line, for completion */
void render_members(struct render *r, const json_t *answer);
void render_numbers(struct render *r, const json_t *answer);
/** render_pending() - "revision 7 waits for a confirm, 43 s left"; nothing
 * where
 * @pending is null */
void render_pending(struct render *r, const json_t *pending);
void render_synced(struct render *r, const json_t *answer);
void render_flushed(struct render *r, const json_t *answer);
void render_names(struct render *r, const json_t *answer);

/** field_text() - a string of @o, "-" where there is none */
const char *field_text(const json_t *o, const char *key);
/** field_int(), field_real() - a number of @o, 0 where there is none */
json_int_t field_int(const json_t *o, const char *key);
double field_real(const json_t *o, const char *key);
#define DECIMAL_MAX 32
/** field_decimal() - a number with up to three places, "-" where there is none;
 * returns @buf */
const char *field_decimal(const json_t *o, const char *key,
			  char buf[DECIMAL_MAX]);
/** append_duration() - "2h 5m" */
void append_duration(struct buf *out, json_int_t s);
/** field_list() - an array of strings as "a,b" in @buf */
const char *field_list(const json_t *o, const char *key, char *buf,
		       size_t size);
/** state_colour() - of a state's word */
enum colour state_colour(const char *state);

/* Cells that several tables have. */
void cell_endpoint(struct table *t, const json_t *backend);
#define SAYS_MAX 128
/** field_says() - what a check says of its backend: "drain weight 50%", or "-"
 */
const char *field_says(const json_t *check, char buf[SAYS_MAX]);
void cell_state(struct table *t, const json_t *o, const char *key);
void cell_share(struct table *t, const json_t *backend);
void cell_connections(struct table *t, const json_t *backend);
/** cell_path() - what is known of the way to it, where the mode needs that */
void cell_path(struct table *t, const json_t *backend);
/** cell_backend_state() - and of a drain, how many connections are left */
void cell_backend_state(struct table *t, const json_t *backend);
/** cell_reason() - why a probe ended so: "status 503" */
void cell_reason(struct table *t, const json_t *probe);
/** cell_weight() - the effective one */
void cell_weight(struct table *t, const json_t *backend);
/** cells_dynamic() - the dynamic one, and why; two cells that are empty where
 * the scheduler is static */
void cells_dynamic(struct table *t, const json_t *backend);
/** cell_why() - "why" of @o, or empty; why_text() - for people */
void cell_why(struct table *t, const json_t *o);
const char *why_text(const char *word);
/** cell_load() - what was measured of it, or empty */
void cell_load(struct table *t, const json_t *backend);
/** cell_service_state() - and what is unusual about who serves */
void cell_service_state(struct table *t, const json_t *service);
void cell_check(struct table *t, const json_t *backend);

#endif
