/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the SNMP check: a probe under way. */
#ifndef HEALTHCHECK_SNMP_RUN_H
#define HEALTHCHECK_SNMP_RUN_H

#include <ev.h>

#include "healthcheck/checks.h"
#include "healthcheck/snmp_engine.h"
#include "healthcheck/snmp_wire.h"

/* Of an answer, beside an enum hc_reason and CHECK_RUNNING: */
#define SNMP_NOT_OURS   (-2) /* passed over */
#define SNMP_UNREADABLE (-3) /* the same, and remembered */

/* What the checks of one spec share. */
struct snmp_shared {
	unsigned long oid[OID_MAX];
	size_t noid;
	struct usm_keys user;         /* version 3: of the passwords */
	struct snmp_engines *engines; /* NULL = not version 3 */
};

/* A probe under way. */
struct snmp_run {
	struct ev_io io; /* its descriptor is the socket */
	const struct hc_job *job;
	int32_t id; /* of the last request */
	struct ev_timer doubt;
	int32_t plain_id, secret_id; /* of the empty ones; 0 = not sent */
	bool plain_answered, secret_answered;
	bool recalled, unreadable;
	unsigned int tries;
	struct snmp_engine engine; /* version 3 */
};

/** snmp_is_v3() - is this check one of version 3? */
bool snmp_is_v3(const struct check *c);
/** snmp_level() - flags that requests and answers of this user have to have */
uint8_t snmp_level(const struct hc_spec *of);

/** snmp_request() - send a new one; CHECK_RUNNING, or an enum hc_reason */
int snmp_request(struct check *c, struct snmp_run *r);
/** snmp_doubt() - nothing came: send it again, and what tells a wrong key */
void snmp_doubt(struct check *c, struct snmp_run *r);

/**
 * snmp_judge() - what does this datagram mean for the probe?
 * @data: @len bytes, but no more than SNMP_MESSAGE_MAX; written to
 */
int snmp_judge(struct check *c, struct snmp_run *r, uint8_t *data, size_t len);

#endif
