/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A talk over TCP, with TLS where that is said: send, then listen. */
#ifndef HEALTHCHECK_TALK_H
#define HEALTHCHECK_TALK_H

#include <ev.h>
#include <openssl/ssl.h>

#include "healthcheck/checks.h"
#include "lib/buf.h"

#define TALK_MAX 16384 /* bytes that are listened to */

struct talk;

/**
 * talk_hear - what the types make of what the peer said
 * @data: the bytes that came since the last call, at least one
 * Return: enum hc_reason; CHECK_RUNNING: go on listening.
 */
typedef int talk_hear(struct check *c, const void *data, size_t len);

/**
 * talk_judge - what the types make of the end of a talk
 * Return: the reason that counts, @reason itself mostly.
 */
typedef int talk_judge(struct check *c, int reason);

/* What all talks of a spec share. */
struct talk_plan {
	struct buf send; /* may be empty */
	SSL_CTX *tls;    /* NULL: none */
};

/* First in what the type allocates as c->of.own, which sets hear and judge;
 * all else is zero at the start. */
struct talk {
	struct ev_io io; /* its descriptor is the socket */
	const struct hc_job *job;
	const struct talk_plan *plan;
	talk_hear *hear;   /* NULL: the talk is over, and good, when all is
			    * sent */
	talk_judge *judge; /* NULL: a reason counts as it is */
	int (*phase)(struct check *c, struct talk *t);
	SSL *ssl;
	size_t sent, heard;
	bool over;     /* it came to an end of its own */
	bool ssl_dead; /* after a failure, TLS must not be used again */
};

/** talk_plan_make() - of @spec's send and tls; NULL, or what is wrong.
 * In any case: talk_plan_free() */
const char *talk_plan_make(const struct hc_spec *spec, struct talk_plan *plan);
void talk_plan_free(struct talk_plan *plan);

/**
 * talk_start() - connect to @job's target; the rest follows from the loop
 * @t: talk_end() is due after this
 * Return: enum hc_reason or CHECK_RUNNING, as check_ops.start; later ends are
 * said to check_finish().
 */
int talk_start(struct check *c, struct talk *t, const struct hc_job *job,
	       const struct talk_plan *plan);

/** talk_look() - for check_ops.look: goes on, as far as it can now */
int talk_look(struct check *c, struct talk *t);

/** talk_expire() - for check_ops.expire: HC_TIMEOUT mostly, judged */
int talk_expire(struct check *c, struct talk *t);

/** talk_end() - for check_ops.cancel: hang up; @t stays the caller's */
void talk_end(struct check *c, struct talk *t);

#endif
