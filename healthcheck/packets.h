/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's packets: validated, put together, handed on. */
#ifndef HEALTHCHECK_PACKETS_H
#define HEALTHCHECK_PACKETS_H

#include <stddef.h>

#include "healthcheck/protocol.h"
#include "healthcheck/spec.h"
#include "lib/buf.h"

/* The largest packet that is one. */
#define PACKETS_BYTES_MAX                                                      \
	(sizeof(struct hc_header) + sizeof(struct hc_part) + HC_PART_MAX)

/* What the daemon asks for. Records are in range when they get here; texts say
 * what is wrong with them all the same, NULL = nothing. */
struct packets_ops {
	/* a job is to come: type of the spec of this id, -1 = unknown */
	int (*spec_type)(void *arg, uint32_t id);
	void (*job)(void *arg, const struct hc_job *job);
	void (*stop)(void *arg, uint32_t id);
	/* both take over what is in @of */
	const char *(*spec)(void *arg, uint32_t id, enum hc_type type,
			    struct hc_spec *of);
	const char *(*run)(void *arg, uint32_t id, struct hc_spec *of);
	const char *(*spec_stop)(void *arg, uint32_t id);
};

struct packets {
	const struct packets_ops *ops;
	void *arg;
	uint16_t of;          /* message whose parts are coming, 0 = none */
	struct hc_part first; /* of them */
	struct buf bytes;     /* those that came */
};

void packets_init(struct packets *p, const struct packets_ops *ops, void *arg);
void packets_free(struct packets *p);

/**
 * packets_take() - act on one packet
 * @packet: aligned as a struct hc_header
 * @len: all of its bytes, also where they are more than PACKETS_BYTES_MAX
 * Return: NULL, or what is wrong with it: then nothing of it was acted on, and
 * @p is not to be used further.
 */
const char *packets_take(struct packets *p, const void *packet, size_t len);

#endif
