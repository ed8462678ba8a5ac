/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the kernel's named counters, as many as there may be, without holding
 * up the loop. Knows names, not what they count.
 */
#ifndef RULESETS_COUNTERS_H
#define RULESETS_COUNTERS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct counter_reader;

struct counter_ask {
	uint8_t table; /* enum rs_table */
	const char *name;
};

struct counter_value {
	bool there;
	/* Together they tell one counter from a later one of the same name, as
	 * long as the machine is not booted. */
	uint64_t table, handle;
	uint64_t packets, bytes;
};

/** counter_reader_open() - for our tables; @table: as the configuration has it,
 * copied */
int counter_reader_open(struct counter_reader **out, struct ev_loop *loop,
			const char *table, struct err *err);
/** counter_reader_close() - calls under way are answered with -ECANCELED */
void counter_reader_close(struct counter_reader *r);

/**
 * counter_reader_start() - read @n counters, piece by piece from the loop
 * @ask: with its names it must live until @done was called
 * @done: called once, from the loop or from counter_reader_close(). @status: 0
 * or -errno of the socket. @values: in the order of @ask; lives as long as the
 * call. It may start the next.
 */
typedef void counters_read_fn(void *arg, int status,
			      const struct counter_value *values, size_t n);
void counter_reader_start(struct counter_reader *r,
			  const struct counter_ask *ask, size_t n,
			  counters_read_fn *done, void *arg);

/** counter_reader_now() - read them at once: about 4 us each; 0 or -errno */
int counter_reader_now(struct counter_reader *r, const struct counter_ask *ask,
		       size_t n, struct counter_value *values);

/* ---- which counters there are */

struct ruleset;

/** ruleset_counters() - @fn for each counter that HAVE has */
typedef void ruleset_counter_fn(void *arg, unsigned int table,
				const char *name);
void ruleset_counters(const struct ruleset *rs, ruleset_counter_fn *fn,
		      void *arg);
/** ruleset_counters_version() - another number: there may be others */
uint64_t ruleset_counters_version(const struct ruleset *rs);

/**
 * ruleset_on_counters_leaving() - @fn is called by a commit before it deletes
 * counters, when no rule leads to them any more; NULL = nobody is
 */
typedef void ruleset_leaving_fn(void *arg, const struct counter_ask *ask,
				size_t n);
void ruleset_on_counters_leaving(struct ruleset *rs, ruleset_leaving_fn *fn,
				 void *arg);

#endif
