/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted since there are services, by name, as plain data:
 * "in.www/b1" is what went to backend b1 of www, "in.www" what went to backends
 * that it has no longer (or to www itself, mode local).
 */
#ifndef NFTLB_DAEMON_COUNTERS_TOTALS_H
#define NFTLB_DAEMON_COUNTERS_TOTALS_H

#include "daemon/counters_overflow.h"
#include "model/model.h"
#include "rulesets/counters.h"

#define TOTAL_NAME_MAX 160 /* prefix, service, backend */

struct total {
	char *name; /* lies behind the total */
	/* of the kernel's counters of this name that are no more */
	uint64_t packets, bytes;
	/* those that are there, as last seen, by enum rs_table: a service may
	 * have rules in two tables of a family */
	struct counter_value here[RS_TABLES];
	uint32_t listed[RS_TABLES]; /* round of totals_round() that named it */
};

struct totals_service {
	char *name;
	struct total **list; /* by name */
	size_t n, cap;
	bool bounded; /* it has a total of one of these: */
	struct overflow overflow[OVERFLOW_ALL];
};

struct totals {
	struct totals_service **list; /* by name */
	size_t n, cap;
	struct total **dead; /* in no service any more */
	size_t ndead, capdead;
	uint32_t round;
	bool changed; /* since the owner last said false */
};

void totals_free(struct totals *t);

/** totals_at() - the total of that name, made where there is none; NULL where
 * it is no name of ours ("PREFIX.SERVICE[/BACKEND]") */
struct total *totals_at(struct totals *t, const char *name);
struct totals_service *totals_service(const struct totals *t,
				      const char *service);
/** totals_service_next() - the same as totals_service(); where the last one
 * was,
 * *@place, and behind it is looked first */
struct totals_service *totals_service_next(const struct totals *t,
					   const char *service, size_t *place);
/** totals_service_of() - the service of a total that is in @t */
struct totals_service *totals_service_of(const struct totals *t,
					 const char *name);
/** totals_find() - NULL where there is none; @backend may be NULL
 * totals_find_next() - the same; *@place is looked at first, and is the one
 * after it then: who asks for many in their order finds them at once
 * totals_sum() - of @s and of all of its backends, also those that are gone
 * false: nothing of that kind was ever counted. */
struct total *totals_find(const struct totals_service *s, const char *prefix,
			  const char *backend);
struct total *totals_find_next(const struct totals_service *s,
			       const char *prefix, const char *backend,
			       size_t *place);
bool totals_sum(const struct totals_service *s, const char *prefix,
		uint64_t *packets, uint64_t *bytes);

uint64_t total_packets(const struct total *t);
uint64_t total_bytes(const struct total *t);

/**
 * total_seen() - the kernel's counter was read
 * @table: enum rs_table. One that is not there, or not the one that was there,
 * means that what was seen of the old one is all there was of it.
 * Return: does the total differ from before?
 */
bool total_seen(struct totals *t, struct total *at, unsigned int table,
		const struct counter_value *v);

/**
 * totals_round() - the kernel's counters are named anew, totals_list() for each
 * total_is_read() - is there something to read: it was named, or was there when
 * it was last seen?
 */
void totals_round(struct totals *t);
struct total *totals_list(struct totals *t, const char *name,
			  unsigned int table);
bool total_is_read(const struct totals *t, const struct total *at,
		   unsigned int table);

/**
 * totals_trim() - services that @m does not have are forgotten; what backends
 * that it does not have counted is their service's
 * To be called when the kernel's counters have been named. Pointers to totals
 * are good until totals_bury().
 */
void totals_trim(struct totals *t, const struct model *m);
void totals_bury(struct totals *t);

#endif
