/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has been: of each service and backend the states, as spans of time, and
 * some figures, as samples at even distances. All of it is bounded. Pure: who
 * calls has the clock.
 *
 * An hour is sampled, each 10 s; with many backends (HISTORY_MANY) each 40 s.
 * That is 1,440 bytes a service and 1,080 a backend, or 360 and 270; and 8
 * bytes for each span of states, of which there is one for who never changed
 * and HISTORY_SPANS at most.
 */
#ifndef NFTLB_MODEL_HISTORY_H
#define NFTLB_MODEL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

#define HISTORY_HOUR_MS 3600000
#define HISTORY_STEP_MS 10000
#define HISTORY_SLOW_MS 40000
#define HISTORY_MANY    2000
#define HISTORY_SPANS   32

/* A number in 16 bits, of 0.1 %: see history_pack(). */
#define HISTORY_UNKNOWN   UINT16_MAX
#define HISTORY_NO_SHARE  UINT8_MAX
#define HISTORY_SHARE_ONE 250

/* State of a span: enum service_state or enum backend_state, or several: the
 * shortest spans are put together when there are too many. */
#define HISTORY_MIXED UINT8_MAX

struct history_span {
	uint32_t begin_ds; /* tenths of seconds since the history began */
	uint8_t state;
};

struct history_spans {
	struct history_span *list; /* oldest first; the last one goes on */
	uint16_t n, cap;
};

struct history_backend {
	char *name;
	struct history_spans spans;
	uint16_t *connections; /* of each cell, packed */
	uint8_t *share;        /* of its family's weight, or NO_SHARE */
};

struct history_service {
	char *name;
	struct history_spans spans;
	uint16_t *connections; /* packed */
	uint16_t *new_flows;   /* packed: hundredths a second */
	uint64_t flows_seen;   /* the total when it was last read */
	bool flows_known;
	struct history_backend *backends; /* as the service's */
	size_t nbackends;
};

struct history {
	struct history_service *services; /* as the model's */
	size_t nservices;
	uint32_t *by_name;
	uint64_t generation; /* of that model */
	int64_t began_ms;
	uint32_t step_ms, cells;
	int64_t tick; /* number of the newest sample; -1 = none yet */
};

/** history_pack() - a number that fits into 16 bits; loses 0.1 % at most
 * history_unpack() - and back */
uint16_t history_pack(uint64_t n);
uint64_t history_unpack(uint16_t code);

/** history_sync() - from now on it is about @m: who is still there goes on
 * where he was (samples only while the distance is the same) */
void history_sync(struct history *h, const struct model *m, int64_t now_ms);
void history_free(struct history *h);

/** history_states() - note the states of a service and its backends as they
 * are; costs nothing where they are what they were */
void history_states(struct history *h, const struct model *m,
		    const struct service *s, int64_t now_ms);

/** history_tick() - a sample is due at @now_ms: those that were missed are
 * unknown, and so is this one until it is said. False: it is not due yet. */
bool history_tick(struct history *h, int64_t now_ms);
/** history_shares() - of the newest sample, of the backends of @s */
void history_shares(struct history *h, const struct model *m,
		    const struct service *s);
/** history_cell() - where the sample that is @ago steps old is; < 0: none */
int history_cell(const struct history *h, uint32_t ago);

/** history_of() - by name; NULL: it is not there */
struct history_service *history_of(const struct history *h, const char *name);

#endif
