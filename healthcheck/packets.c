/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon says, looked at before it is believed: version, type, count,
 * length, and each record's ranges. Specs and runs come in parts, which are put
 * together here and decoded when the last one is there.
 *
 * Invariants: nothing that is not the protocol gets past packets_take(); no
 * record of a packet is acted on before all of them were looked at; parts come
 * in order, of one blob at a time, and nothing comes between them.
 *
 * Must not know sockets, nor what becomes of jobs and specs.
 */
#include "healthcheck/packets.h"

#include <string.h>
#include <sys/socket.h>

#include "healthcheck/checks.h"

struct packet {
	struct hc_header head;
	union {
		struct hc_job jobs[HC_RECORDS_MAX];
		struct hc_stop stops[HC_RECORDS_MAX];
		struct {
			struct hc_part head;
			uint8_t bytes[HC_PART_MAX];
		} part;
	} of;
};

_Static_assert(sizeof(struct packet) == PACKETS_BYTES_MAX,
	       "a part is the largest packet");

/* ---- jobs */

static bool interval_valid(uint32_t interval_ms, const struct hc_job *j)
{
	return interval_ms >= 100 && interval_ms <= 3600000 &&
	       interval_ms >= j->timeout_ms;
}

static bool times_valid(const struct hc_job *j)
{
	return interval_valid(j->interval_ms, j) &&
	       interval_valid(j->fast_ms, j) && interval_valid(j->down_ms, j) &&
	       j->timeout_ms >= 10 && j->first_ms <= 3600000 &&
	       j->jitter_pct <= 50;
}

/* The text ends, and nothing hides behind its end. */
static bool name_valid(const char *name)
{
	static const char zeros[HC_NAME_MAX + 1];
	const char *end = memchr(name, '\0', sizeof(zeros));

	return end && !memcmp(end, zeros, sizeof(zeros) - (size_t)(end - name));
}

static bool job_valid(const struct hc_job *j)
{
	const struct check_ops *ops = check_ops_of(j->type);

	return ops && (j->family == AF_INET || j->family == AF_INET6) &&
	       times_valid(j) && j->rise >= 1 && j->rise <= 1000 &&
	       j->fall >= 1 && j->fall <= 1000 &&
	       (j->port != 0 || !ops->needs_port) && name_valid(j->name);
}

static const char *jobs_take(struct packets *p, const struct packet *packet)
{
	for (uint32_t i = 0; i < packet->head.count; i++) {
		const struct hc_job *j = &packet->of.jobs[i];
		int type;

		if (!job_valid(j))
			return "a job out of range";
		type = p->ops->spec_type(p->arg, j->spec);
		if (type < 0)
			return "a job without its spec";
		if (type != j->type)
			return "a job of another type than its spec";
	}
	for (uint32_t i = 0; i < packet->head.count; i++)
		p->ops->job(p->arg, &packet->of.jobs[i]);
	return NULL;
}

static const char *stops_take(struct packets *p, const struct packet *packet)
{
	for (uint32_t i = 0; i < packet->head.count; i++)
		p->ops->stop(p->arg, packet->of.stops[i].id);
	return NULL;
}

static const char *spec_stops_take(struct packets *p,
				   const struct packet *packet)
{
	const char *wrong = NULL;

	for (uint32_t i = 0; i < packet->head.count && !wrong; i++)
		wrong = p->ops->spec_stop(p->arg, packet->of.stops[i].id);
	return wrong;
}

/* ---- specs and runs, in parts */

static const char *part_wrong(const struct packets *p, uint16_t message,
			      const struct hc_part *part)
{
	if (part->type >= HC_TYPES ||
	    (message == HC_MSG_RUN && part->type != HC_SCRIPT))
		return "a part of an unknown type";
	if (part->total == 0 || part->total > HC_BLOB_MAX)
		return "a total out of range";
	if (p->of && (part->id != p->first.id || part->type != p->first.type ||
		      part->total != p->first.total))
		return "a part of something else";
	if (part->offset != p->bytes.len)
		return "a part out of order";
	if (part->len > part->total - part->offset)
		return "a part longer than the rest";
	return NULL;
}

static const char *whole_take(struct packets *p, uint16_t message)
{
	struct hc_spec of;
	const char *wrong = spec_decode(&of, p->bytes.data, p->bytes.len);

	p->of = 0;
	buf_free(&p->bytes); /* may be large, and was the only one for long */
	if (wrong) {
		spec_free(&of);
		return wrong;
	}
	if (message == HC_MSG_RUN)
		return p->ops->run(p->arg, p->first.id, &of);
	return p->ops->spec(p->arg, p->first.id, (enum hc_type)p->first.type,
			    &of);
}

static const char *part_take(struct packets *p, const struct packet *packet)
{
	const struct hc_part *part = &packet->of.part.head;
	const char *wrong = part_wrong(p, packet->head.type, part);

	if (wrong)
		return wrong;
	if (!p->of)
		p->first = *part;
	p->of = packet->head.type;
	buf_append(&p->bytes, packet->of.part.bytes, part->len);
	if (p->bytes.len < part->total)
		return NULL;
	return whole_take(p, packet->head.type);
}

/* ---- packets */

static const struct {
	size_t record;
	const char *(*take)(struct packets *p, const struct packet *packet);
} messages[] = {
	[HC_MSG_JOB] = { sizeof(struct hc_job), jobs_take },
	[HC_MSG_STOP] = { sizeof(struct hc_stop), stops_take },
	[HC_MSG_SPEC] = { sizeof(struct hc_part), part_take },
	[HC_MSG_SPEC_STOP] = { sizeof(struct hc_stop), spec_stops_take },
	[HC_MSG_RUN] = { sizeof(struct hc_part), part_take },
};

static bool in_parts(uint16_t type)
{
	return messages[type].take == part_take;
}

/* What its header and the header of a part say; 0 = not even that is right. */
static size_t packet_len(const struct packet *packet, size_t len)
{
	const struct hc_header *head = &packet->head;
	size_t all = sizeof(*head) + head->count * messages[head->type].record;

	if (!in_parts(head->type))
		return all;
	if (head->count != 1 || len < all || packet->of.part.head.len == 0 ||
	    packet->of.part.head.len > HC_PART_MAX)
		return 0;
	return all + packet->of.part.head.len;
}

const char *packets_take(struct packets *p, const void *data, size_t len)
{
	const struct packet *packet = data;
	const struct hc_header *head = data;

	if (len < sizeof(*head))
		return "shorter than its header";
	if (head->version != HC_VERSION)
		return "another version";
	if (head->type >= sizeof(messages) / sizeof(messages[0]) ||
	    !messages[head->type].take)
		return "an unknown type";
	if (head->count == 0 || head->count > HC_RECORDS_MAX)
		return "a count out of range";
	if (len != packet_len(packet, len))
		return "a length that does not fit its count";
	if (p->of && p->of != head->type)
		return "something else between parts";
	return messages[head->type].take(p, packet);
}

void packets_init(struct packets *p, const struct packets_ops *ops, void *arg)
{
	memset(p, 0, sizeof(*p));
	p->ops = ops;
	p->arg = arg;
}

void packets_free(struct packets *p)
{
	buf_free(&p->bytes);
}
