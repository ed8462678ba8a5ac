/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket to an SNMP agent, and what is known of its engine. Checks have one
 * for each probe; the feeds of one host that have the same credentials share
 * one, from their first probe on.
 */
#ifndef HEALTHCHECK_SNMP_SESSION_H
#define HEALTHCHECK_SNMP_SESSION_H

#include <ev.h>
#include <sys/queue.h>

#include "healthcheck/checks.h"
#include "healthcheck/shared.h"
#include "healthcheck/snmp_engine.h"

struct snmp_run;
struct snmp_sessions;

LIST_HEAD(snmp_runs, snmp_run);

#define SNMP_SESSION_KEY 32

struct snmp_session {
	struct ev_loop *loop;
	struct ev_io io; /* its descriptor is the socket; -1 = none */
	struct snmp_runs runs;
	unsigned int users;
	bool stale; /* the socket's fault, maybe: another one, when no run has
		     * it */
	struct snmp_sessions *all; /* NULL: of one probe only */
	struct snmp_session *next; /* of those with such a key */
	struct snmp_engine engine; /* version 3, if @all */
	uint8_t key[SNMP_SESSION_KEY];
};

/** snmp_sessions_kind - the loop's sessions that are shared (shared.h) */
extern const struct shared_kind snmp_sessions_kind;

/** snmp_session_new() - of one probe; snmp_session_drop() it */
struct snmp_session *snmp_session_new(struct ev_loop *loop);

/**
 * snmp_session_of() - the one of this host and these credentials
 * @all: held by the caller until after its snmp_session_drop()
 */
struct snmp_session *snmp_session_of(struct snmp_sessions *all,
				     const struct hc_spec *of,
				     const struct hc_job *job);

/** snmp_session_drop() - the last one closes it; no run of his is in it */
void snmp_session_drop(struct snmp_session *s);

/**
 * snmp_session_open() - a socket, if there is none that is good
 * Return: HC_OK, or why there is none.
 */
int snmp_session_open(struct snmp_session *s, const struct spec *spec,
		      const struct hc_job *job);

/**
 * snmp_session_read() - hand what has come to the runs it is for
 * Their verdicts are set; those that have one are finished, but for @looking.
 */
void snmp_session_read(struct snmp_session *s, const struct snmp_run *looking);

#endif
