/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds by SNMP: one object's value, or how fast it counts. */
#ifndef HEALTHCHECK_SNMP_FEED_H
#define HEALTHCHECK_SNMP_FEED_H

#include "healthcheck/counter.h"
#include "healthcheck/snmp_run.h"

/* First in what the feeds by SNMP remember (check.memory). */
struct snmp_memory {
	struct snmp_session *session;
};

/**
 * snmp_memory_of() - @c's memory, made at its first run
 * @size: of it; begins with a struct snmp_memory, the rest is zero at first
 */
void *snmp_memory_of(struct check *c, const struct hc_job *job, size_t size);

/** snmp_uptime_name() - sysUpTime.0 */
struct snmp_name snmp_uptime_name(void);

/** snmp_time_now() - now, and @uptime, which may be nothing */
struct counter_time snmp_time_now(const struct snmp_value *uptime);

/** snmp_feed_start() - as check_ops.start, of an snmp check that is a feed */
int snmp_feed_start(struct check *c, const struct hc_job *job);

#endif
