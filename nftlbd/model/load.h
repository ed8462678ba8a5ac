/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load: what is measured of backends, and the dynamic weights that follow
 * (weights/). Only services whose scheduler is a dynamic one have them
 * (service_dynamic()); others cost nothing here.
 *
 * Backends are compared with those of their own address family.
 *
 * The signals of a service, in this order: of least-connections, connections;
 * of least-response, one for each type of check that has a time to answer
 * (backends are compared within a type, by the first check of it that each
 * has); where none talks to the service itself, by those of its host (icmp snmp
 * agent); then the service's feeds, in the order of the file. least-cpu has
 * feeds only.
 */
#ifndef NFTLB_MODEL_LOAD_H
#define NFTLB_MODEL_LOAD_H

#include "model/carry.h"
#include "model/changes.h"
#include "model/step.h"
#include "weights/weights.h"

/** service_dynamic() - is its scheduler one that follows the load? */
bool service_dynamic(const struct service *s);

/**
 * backend_home_weight() - what its slot table's size follows from: what it
 * weighs, configured or by the operator. Where weights move all the time the
 * operator's is a move like others, for another size is another table.
 */
uint32_t backend_home_weight(const struct service *s, const struct backend *b);

/** load_new() - for a service that is new; nothing where it is not dynamic */
void load_new(struct service *s);
void load_free(struct service *s);
/** load_carry() - @s goes on where @old was: weights, and the samples of
 * signals that measure the same. After load_new(), and backends by name. */
void load_carry(struct service *s, const struct service *old,
		const struct carry *carry);
/** load_restore() - @b weighs @dynamic parts of WEIGHTS_ONE, by what was found
 * on disk; clamped to what the configuration allows */
void load_restore(struct service *s, const struct backend *b, uint32_t dynamic);

/** backend_dynamic() - parts of WEIGHTS_ONE; WEIGHTS_ONE where it has none */
uint32_t backend_dynamic(const struct service *s, const struct backend *b);
/** backend_why() - why it weighs that; WEIGHTS_STATIC where it has none */
enum weights_why backend_why(const struct service *s, const struct backend *b);
/** service_why() - of its pool; of two families, what has to be said first;
 * WEIGHTS_OUT where nobody serves */
enum weights_why service_why(const struct service *s);

/* One signal of a backend, for those who show it. */
struct load_view {
	const char *name; /* "connections", a type of check, a feed */
	enum weights_law law;
	bool known;     /* it is in date */
	double value;   /* as weights.h says; smoothed */
	int64_t age_ms; /* of the last sample */
};
/** load_signals() - how many a service has; load_view() - number @i of @b */
size_t load_signals(const struct service *s);
struct load_view load_view(const struct service *s, const struct backend *b,
			   size_t i, int64_t now_ms);

/* Samples. None changes a weight: ticks do. */

/** load_connections() - @b has @n established ones; @full: no room for more */
void load_connections(struct service *s, const struct backend *b, uint64_t n,
		      bool full, int64_t now_ms);
/** load_response() - check number @check of @b ended so; observe.c's */
void load_response(struct service *s, const struct backend *b, size_t check,
		   const struct observation *o, int64_t now_ms);
/** load_feed() - feed number @feed of the service said @value of @b, in its own
 * units */
void load_feed(struct service *s, const struct backend *b, size_t feed,
	       double value, int64_t now_ms);
/** load_feed_failed() - it said nothing, and why: for the words when it goes on
 * like that */
void load_feed_failed(struct service *s, const struct backend *b, size_t feed,
		      enum hc_reason reason);
/** load_feed_heard() - has it said anything yet? */
bool load_feed_heard(const struct service *s, const struct backend *b,
		     size_t feed);

/**
 * step_load() - a tick of the dynamic weights of @s, where it is due
 * Settles what moved. Events: "weights" where the pool's why becomes, or ends
 * to be, one of those that hold it (one reporter, saturated); "feed" where one
 * of a backend that serves goes silent, or is back. No weight that moves is
 * one. O(backends); allocates nothing unless there are events.
 */
void step_load(struct model *m, struct service *s, int64_t now_ms,
	       struct changes *out);
/** load_late() - the daemon itself stood still for @late_ms: that is no silence
 * of others */
void load_late(struct service *s, int64_t late_ms, int64_t now_ms);
/** load_next_ms() - when step_load() has something to do; 0 = never */
int64_t load_next_ms(const struct service *s);

#endif
