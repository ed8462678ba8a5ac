/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model as JSON. The shape never depends on how many of something there
 * are: lists are lists, what is not known is null.
 */
#ifndef NFTLB_CONTROL_JSON_H
#define NFTLB_CONTROL_JSON_H

#include <jansson.h>

#include "control/counts.h"
#include "daemon/daemon.h"
#include "http/json.h"

/** json_service() - one service and its backends (contract, section 3) */
json_t *json_service(const struct daemon *d, const struct service *s,
		     const struct counts *c);
/**
 * json_backends() - its backends as an array; each also names the service
 * @only: just this one; NULL = all
 */
json_t *json_backends(const struct daemon *d, const struct service *s,
		      const struct backend *only, const struct counts *c);
/** json_weight() - of a backend: configured, what is set in its place, dynamic,
 * effective, and why; where the scheduler is static, dynamic and why are null
 * json_load() - what was measured of it, an array; empty where it is static
 * json_weights() - of a service: why, and how weights move; null where it is
 * static */
json_t *json_weight(const struct service *s, const struct backend *b);
json_t *json_load(const struct service *s, const struct backend *b,
		  int64_t now_ms);
json_t *json_weights(const struct service *s);
/** json_feeds() - append each feed of @b with its last result to @list */
void json_feeds(const struct daemon *d, const struct service *s,
		const struct backend *b, json_t *list);
/** json_counters() - what a service and its backends counted, as last read
 * json_backend_counters() - of one backend; also names the service
 * json_overflows() - packets that found no room in sets, of all services */
json_t *json_counters(const struct daemon *d, const struct service *s);
json_t *json_backend_counters(const struct daemon *d, const struct service *s,
			      const struct backend *b);
json_t *json_overflows(const struct daemon *d);
/** json_status() - the daemon in numbers */
json_t *json_status(const struct daemon *d);
json_t *json_event(const struct event *e);
/** json_checks() - all checks, and how many backends each finds up or down */
json_t *json_checks(const struct model *m);
/** json_reason() - why its last probe ended as it did; null before the first */
json_t *json_reason(const struct check_state *cs);
/** json_says() - what a check says of its backend, enum hc_says, as words */
json_t *json_says(uint8_t says);
/** json_said_weight() - the weight that it says, "75%" or "3"; null = none */
json_t *json_said_weight(const struct check_state *cs);
/** json_probes() - append each check of @b with its last result to @list */
void json_probes(const struct daemon *d, const struct service *s,
		 const struct backend *b, json_t *list);
/** json_phases() - what the last probe's time went to: add "connect_ms",
 * "tls_ms" and "first_byte_ms" to @o, each null where there was none */
void json_phases(const struct check_state *cs, json_t *o);
/** json_price() - what a plan costs; @flows: null where it is not known */
json_t *json_price(const struct plan_price *price, json_t *flows);
/** json_packed() - a figure of the history, in @parts of one; null where it is
 * not known */
json_t *json_packed(uint16_t code, uint32_t parts);
/** json_service_head() - what a service is, without what it has */
json_t *json_service_head(const struct service *s);
#define HISTORY_POINTS 60 /* of each service, where all are shown */
/** json_rounded() - rounded to three places; null where it is not finite */
json_t *json_rounded(double value);

#endif
