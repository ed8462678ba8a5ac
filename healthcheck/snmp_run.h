/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe by SNMP under way: requests, and what their answers mean. What is
 * asked for and what is made of the values is its owner's: the snmp check,
 * and the feeds.
 */
#ifndef HEALTHCHECK_SNMP_RUN_H
#define HEALTHCHECK_SNMP_RUN_H

#include <ev.h>
#include <sys/queue.h>

#include "healthcheck/checks.h"
#include "healthcheck/snmp_engine.h"
#include "healthcheck/snmp_session.h"
#include "healthcheck/snmp_wire.h"

/* Of an answer, beside an enum hc_reason and CHECK_RUNNING: */
#define SNMP_NOT_OURS   (-2) /* passed over */
#define SNMP_UNREADABLE (-3) /* the same, and remembered */

/* What the probes of one spec share. */
struct snmp_shared {
	struct ev_loop *loop;
	unsigned long oid[OID_MAX];
	size_t noid;                    /* 0: the type has names of its own */
	struct usm_keys user;           /* version 3: of the passwords */
	struct snmp_engines *engines;   /* checks of version 3; else NULL */
	struct snmp_sessions *sessions; /* feeds; else NULL */
};

struct snmp_run;

/**
 * snmp_answered - what the owner makes of a response without an error
 * Version 1 has one: an empty list where a NEXT has no next object.
 * Return: enum hc_reason; CHECK_RUNNING after another snmp_request();
 * SNMP_UNREADABLE.
 */
typedef int snmp_answered(struct check *c, struct snmp_run *r,
			  const struct snmp_pdu *pdu);

/* First in what the type allocates as c->of.own, which sets the first two. */
struct snmp_run {
	struct snmp_ask ask; /* what is asked for now */
	snmp_answered *answered;
	struct check *check;
	struct snmp_session *session;
	LIST_ENTRY(snmp_run) entry; /* of the session's, if @listed */
	bool listed;
	int verdict; /* CHECK_RUNNING, or enum hc_reason */
	const struct hc_job *job;
	int32_t id; /* of the last request */
	struct ev_timer doubt;
	int32_t plain_id, secret_id; /* of the empty ones; 0 = not sent */
	bool plain_answered, secret_answered;
	bool recalled, unreadable;
	unsigned int tries;
	struct snmp_engine engine; /* version 3 */
};

/**
 * snmp_shared_make() - for check_ops.prepare: what probes of @s need
 * @feed: they share sessions
 * Return: NULL, or what is wrong; @s->prepared is set in the first case, and
 * snmp_release() frees it.
 */
const char *snmp_shared_make(struct spec *s, struct ev_loop *loop, bool feed);

/**
 * snmp_run_start() - ask
 * @r: c->of.own, zeroed but for ask and answered
 * @session: of a feed: the job's; NULL: one of its own
 * Return: as check_ops.start
 */
int snmp_run_start(struct check *c, struct snmp_run *r,
		   const struct hc_job *job, struct snmp_session *session);

/** snmp_run_end() - for check_ops.cancel, before @r is freed */
void snmp_run_end(struct check *c, struct snmp_run *r);

/* What is known of the target's engine: in a session that is shared, or in the
 * spec's cache. */
bool snmp_recall(const struct check *c, struct snmp_run *r);
void snmp_keep(const struct check *c, const struct snmp_run *r);
void snmp_forget(const struct check *c, struct snmp_run *r);

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

/**
 * snmp_answers() - the values of a GET, in the order of its names
 * Return: false where they are of other names.
 */
bool snmp_answers(const struct snmp_run *r, const struct snmp_pdu *pdu,
		  struct snmp_value values[SNMP_NAMES_MAX]);

#endif
