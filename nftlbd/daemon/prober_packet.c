/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A prober reads what anybody sends; so what it says itself is looked at like
 * what comes from the network. Pure. Must not know jobs or processes.
 */
#include "daemon/prober_packet.h"

#include <math.h>

#define DURATION_MAX_US 3600000000u

static const char *hello_wrong(const struct prober_packet *p)
{
	return p->head.count != 0 ? "a hello with records" : NULL;
}

static const char *results_wrong(const struct prober_packet *p)
{
	for (uint32_t i = 0; i < p->head.count; i++) {
		const struct hc_result *r = &p->of.results[i];

		if (r->reason >= HC_REASON_MAX)
			return "an unknown reason";
		if (r->duration_us > DURATION_MAX_US)
			return "a duration out of range";
		if (r->says & ~HC_SAYS_ALL)
			return "unknown words";
		if (r->connect_us > DURATION_MAX_US ||
		    r->tls_us > DURATION_MAX_US ||
		    r->first_us > DURATION_MAX_US)
			return "a phase out of range";
		if (r->has_value > 1 || !isfinite(r->value))
			return "a value that is no number";
	}
	return NULL;
}

static const char *ran_wrong(const struct prober_packet *p)
{
	return NULL; /* any status may be */
}

static const char *stats_wrong(const struct prober_packet *p)
{
	return p->head.count != 1 ? "a count out of range" : NULL;
}

static const struct {
	size_t record;
	const char *(*wrong)(const struct prober_packet *p);
} messages[] = {
	[HC_MSG_HELLO] = { 0, hello_wrong },
	[HC_MSG_RESULT] = { sizeof(struct hc_result), results_wrong },
	[HC_MSG_RAN] = { sizeof(struct hc_ran), ran_wrong },
	[HC_MSG_STATS] = { sizeof(struct hc_stats), stats_wrong },
};

/* The first word is hello, and only the first. */
static const char *order_wrong(const struct hc_header *head, bool ready)
{
	if (head->type == HC_MSG_HELLO)
		return ready ? "a second hello" : NULL;
	if (!ready)
		return "records before hello";
	if (head->count == 0 || head->count > HC_RECORDS_MAX)
		return "a count out of range";
	return NULL;
}

const char *prober_packet_wrong(const struct prober_packet *p, size_t len,
				bool ready)
{
	const struct hc_header *head = &p->head;
	const char *wrong;

	if (len < sizeof(*head))
		return "shorter than its header";
	if (head->version != HC_VERSION)
		return "another version";
	if (head->type >= sizeof(messages) / sizeof(messages[0]) ||
	    !messages[head->type].wrong)
		return "an unknown type";
	if (len !=
	    sizeof(*head) + (size_t)head->count * messages[head->type].record)
		return "a length that does not fit its count";
	wrong = order_wrong(head, ready);
	return wrong ? wrong : messages[head->type].wrong(p);
}
