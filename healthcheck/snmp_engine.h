/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the SNMP engines of targets: name, clock, keys for them. */
#ifndef HEALTHCHECK_SNMP_ENGINE_H
#define HEALTHCHECK_SNMP_ENGINE_H

#include "healthcheck/protocol.h"
#include "healthcheck/snmp_usm.h"
#include "healthcheck/snmp_wire.h"

struct snmp_engine {
	uint8_t id[SNMP_ENGINE_MAX];
	size_t id_len; /* 0 = not known */
	uint32_t boots, time_s;
	uint64_t learned_us;  /* when that was its time */
	struct usm_keys keys; /* localised */
};

struct snmp_engines;

/** snmp_engines_open() - none is known; free with snmp_engines_close() */
struct snmp_engines *snmp_engines_open(void);
void snmp_engines_close(struct snmp_engines *es);

/** snmp_engine_recall() - false: not known, @e is untouched */
bool snmp_engine_recall(const struct snmp_engines *es, const struct hc_job *job,
			struct snmp_engine *e);
/** snmp_engine_keep() - for the next probe; may displace another target's */
void snmp_engine_keep(struct snmp_engines *es, const struct hc_job *job,
		      const struct snmp_engine *e);
/** snmp_engine_forget() - it was not right */
void snmp_engine_forget(struct snmp_engines *es, const struct hc_job *job);

/** snmp_engine_time() - its clock at @now_us */
uint32_t snmp_engine_time(const struct snmp_engine *e, uint64_t now_us);

#endif
