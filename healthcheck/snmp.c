/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SNMP check: a GET of one object, and its value within bounds.
 *
 * Must not know how the agent is asked (snmp_run.c), intervals, results or the
 * daemon.
 */
#include "healthcheck/snmp.h"

#include <stdlib.h>

#include "healthcheck/snmp_feed.h"
#include "healthcheck/snmp_run.h"
#include "lib/xalloc.h"

const char *snmp_prepare(struct spec *s, struct ev_loop *loop)
{
	struct snmp_shared *shared;
	const char *wrong;
	unsigned long oid[OID_MAX];

	if (!s->of.oid || !oid_numbers(s->of.oid, oid))
		return "no OID";
	wrong = snmp_shared_make(s, loop, s->of.feed == SPEC_YES);
	if (wrong)
		return wrong;
	shared = s->prepared;
	shared->noid = oid_numbers(s->of.oid, shared->oid);
	return NULL;
}

static int32_t clamp32(int64_t n)
{
	return n > INT32_MAX   ? INT32_MAX
	       : n < INT32_MIN ? INT32_MIN
			       : (int32_t)n;
}

static int value_judge(struct check *c, struct snmp_run *r,
		       const struct snmp_pdu *pdu)
{
	const struct hc_spec *of = &c->spec->of;
	bool bounds = of->min != INT64_MIN || of->max != INT64_MAX;
	struct snmp_value values[SNMP_NAMES_MAX];
	const struct snmp_value *v = &values[0];

	if (!snmp_answers(r, pdu, values))
		return SNMP_UNREADABLE;
	if (v->kind == SNMP_NOTHING || (bounds && v->kind != SNMP_NUMBER))
		return HC_CONTENT;
	c->detail = clamp32(v->number);
	if (bounds && (v->number < of->min || v->number > of->max))
		return HC_RANGE;
	return HC_OK;
}

int snmp_start(struct check *c, const struct hc_job *job)
{
	const struct snmp_shared *shared = c->spec->prepared;
	struct snmp_run *r;

	if (shared->sessions)
		return snmp_feed_start(c, job);
	r = xcalloc(1, sizeof(*r));
	r->ask = (struct snmp_ask){
		.type = SNMP_PDU_GET,
		.names = { { shared->oid, shared->noid } },
		.n = 1,
	};
	r->answered = value_judge;
	c->of.own = r;
	return snmp_run_start(c, r, job, NULL);
}

void snmp_cancel(struct check *c)
{
	struct snmp_run *r = c->of.own;

	snmp_run_end(c, r);
	free(r);
}
