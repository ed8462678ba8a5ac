/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks: what comes next, and next, until it is of another column. In pieces
 * (BULK) that fit into a packet, and row by row in version 1.
 *
 * Invariant: each row comes after the one before, or the walk is over: an agent
 * that goes in circles does not keep us. Must not know sockets.
 */
#include "healthcheck/snmp_walk.h"

#include <math.h>
#include <string.h>

#define REPETITIONS 40 /* of 25 bytes or so */

void snmp_walk_begin(struct snmp_walk *w, struct snmp_run *r, bool bulk)
{
	memcpy(w->last, w->column.at, w->column.n * sizeof(*w->last));
	w->nlast = w->column.n;
	w->rows = w->numbers = 0;
	w->sum = 0;
	r->ask = (struct snmp_ask){
		.type = bulk ? SNMP_PDU_BULK : SNMP_PDU_NEXT,
		.names = { { w->last, w->nlast } },
		.n = 1,
		.repetitions = REPETITIONS,
	};
}

static bool of_column(const struct snmp_walk *w, const unsigned long *oid,
		      size_t n)
{
	return n > w->column.n &&
	       !memcmp(oid, w->column.at, w->column.n * sizeof(*oid));
}

static bool after_last(const struct snmp_walk *w, const unsigned long *oid,
		       size_t n)
{
	for (size_t i = 0; i < n && i < w->nlast; i++)
		if (oid[i] != w->last[i])
			return oid[i] > w->last[i];
	return n > w->nlast;
}

static void row_take(struct snmp_walk *w, const struct snmp_value *v)
{
	w->rows++;
	if (v->kind != SNMP_NUMBER)
		return;
	w->numbers++;
	w->sum += fmin(fmax(v->real, w->low), w->high);
}

int snmp_walk_take(struct snmp_walk *w, struct snmp_run *r,
		   const struct snmp_pdu *pdu)
{
	struct snmp_span rest = pdu->variables;
	unsigned long oid[OID_MAX];
	struct snmp_variable v;

	if (rest.len == 0)
		return HC_OK;
	while (rest.len > 0) {
		size_t n;

		if (!snmp_take_variable(&rest, &v))
			return SNMP_UNREADABLE;
		n = snmp_take_oid(v.oid, oid);
		if (n == 0)
			return SNMP_UNREADABLE;
		if (v.value.kind == SNMP_NOTHING || !of_column(w, oid, n) ||
		    !after_last(w, oid, n) || w->rows == SNMP_WALK_ROWS)
			return HC_OK;
		memcpy(w->last, oid, n * sizeof(*oid));
		w->nlast = n;
		row_take(w, &v.value);
	}
	r->ask.names[0].n = w->nlast;
	return CHECK_RUNNING;
}
