/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of SNMP agents, of every version; all that is in them is looked at.
 * The input is tried as a message, as a scoped PDU and as a PDU. */
#include <stdlib.h>
#include <string.h>

#include "healthcheck/snmp_walk.h"
#include "healthcheck/snmp_wire.h"
#include "tests/fuzz/fuzz.h"

static void inside(struct snmp_span s, const uint8_t *data, size_t size)
{
	if (s.len > size ||
	    (s.len && (s.at < data || s.at + s.len > data + size)))
		abort();
}

/* Each lies within the message, and its name is what it is read as. */
static void variables(struct snmp_span rest, const uint8_t *data, size_t size)
{
	unsigned long oid[OID_MAX];
	struct snmp_variable v;

	while (rest.len > 0 && snmp_take_variable(&rest, &v)) {
		size_t n = snmp_take_oid(v.oid, oid);

		inside(v.oid, data, size);
		inside(rest, data, size);
		if (n > OID_MAX || (n > 0 && !snmp_oid_is(v.oid, oid, n)))
			abort();
	}
}

/* Rows only go forward. */
static void walk(const struct snmp_pdu *p)
{
	static const unsigned long column[] = { 1, 3, 6 };
	struct snmp_walk w = { .column = { column, 3 }, .high = 100 };
	struct snmp_run r = { .verdict = 0 };

	snmp_walk_begin(&w, &r, true);
	snmp_walk_take(&w, &r, p);
	if (w.numbers > w.rows || w.sum < 0 || w.sum > 100. * w.numbers ||
	    memcmp(w.last, column, sizeof(column)) != 0 ||
	    (w.rows > 0 && w.nlast <= 3))
		abort();
}

static void pdu(struct snmp_span bytes, const uint8_t *data, size_t size)
{
	static const unsigned long oid[] = { 1, 3, 6, 1, 2, 1, 1, 7, 0 };
	struct snmp_pdu p;

	if (!snmp_take_pdu(bytes, &p))
		return;
	inside(p.oid, data, size);
	inside(p.variables, data, size);
	variables(p.variables, data, size);
	walk(&p);
	snmp_oid_is(p.oid, oid, sizeof(oid) / sizeof(oid[0]));
	if (p.type != SNMP_PDU_REPORT && p.report != SNMP_REPORT_OTHER)
		abort();
}

static void scoped(struct snmp_span bytes, const uint8_t *data, size_t size)
{
	struct snmp_span inner;

	if (!snmp_take_scoped(bytes, &inner))
		return;
	inside(inner, data, size);
	pdu(inner, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snmp_span all = { data, size };
	struct snmp_message m;

	if (snmp_take(data, size, &m)) {
		inside(m.pdu, data, size);
		inside(m.v3.engine, data, size);
		inside(m.v3.user, data, size);
		inside(m.v3.mac, data, size);
		inside(m.v3.salt, data, size);
		inside(m.v3.scoped, data, size);
		if (m.v3.mac.len > SNMP_MAC_MAX ||
		    m.v3.engine.len > SNMP_ENGINE_MAX)
			abort();
		pdu(m.pdu, data, size);
		scoped(m.v3.scoped, data, size);
	}
	scoped(all, data, size);
	pdu(all, data, size);
	return 0;
}
