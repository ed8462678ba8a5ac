/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is going to happen, the earliest first: a binary heap. What happens at
 * the same time happens in the order in which it was planned. */
#ifndef TESTS_SIM_AGENDA_H
#define TESTS_SIM_AGENDA_H

#include <stddef.h>
#include <stdint.h>

struct event {
	int64_t at_us;
	uint32_t order;
	uint16_t kind;
	uint16_t gateway;
	uint32_t backend;
	uint32_t thing; /* a request, a user, a signal: by kind */
	double value;
};

struct agenda {
	struct event *events;
	size_t n, cap;
	uint32_t order;
};

void agenda_add(struct agenda *a, struct event e);
/** agenda_next() - takes it out; there must be one */
struct event agenda_next(struct agenda *a);
void agenda_free(struct agenda *a);

#endif
