/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's packets. Input: packets, each behind its length (two bytes, host
 * order); the first that is refused is the last. Whatever was accepted has to
 * be in range.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/packets.h"
#include "tests/fuzz/fuzz.h"

#define SPECS 8 /* ids that are kept */

struct world {
	int types[SPECS]; /* 0 = no such spec, else its type + 1 */
};

static void must(bool truth)
{
	if (!truth)
		abort();
}

static int on_spec_type(void *arg, uint32_t id)
{
	const struct world *w = arg;

	return id < SPECS ? w->types[id] - 1 : -1;
}

static void on_job(void *arg, const struct hc_job *j)
{
	must(on_spec_type(arg, j->spec) == j->type);
	must(j->timeout_ms >= 10 && j->timeout_ms <= j->interval_ms);
	must(j->timeout_ms <= j->fast_ms && j->timeout_ms <= j->down_ms);
	must(j->rise > 0 && j->fall > 0 && j->jitter_pct <= 50);
	must(strnlen(j->name, sizeof(j->name)) <= HC_NAME_MAX);
}

static void on_stop(void *arg, uint32_t id)
{
}

static const char *on_spec(void *arg, uint32_t id, enum hc_type type,
			   struct hc_spec *of)
{
	struct world *w = arg;

	must(type < HC_TYPES);
	spec_free(of);
	if (id < SPECS)
		w->types[id] = (int)type + 1;
	return NULL;
}

static const char *on_run(void *arg, uint32_t id, struct hc_spec *of)
{
	spec_free(of);
	return NULL;
}

static const char *on_spec_stop(void *arg, uint32_t id)
{
	struct world *w = arg;

	if (id < SPECS)
		w->types[id] = 0;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct packets_ops ops = {
		on_spec_type, on_job, on_stop, on_spec, on_run, on_spec_stop,
	};
	struct world world = { 0 };
	const char *wrong = NULL;
	struct packets p;
	uint16_t len;

	packets_init(&p, &ops, &world);
	while (!wrong && size >= sizeof(len)) {
		void *packet = NULL;

		memcpy(&len, data, sizeof(len));
		data += sizeof(len);
		size -= sizeof(len);
		if (len > size)
			len = (uint16_t)size;
		packet = malloc(len ? len : 1);
		must(packet != NULL);
		memcpy(packet, data, len);
		wrong = packets_take(&p, packet, len);
		free(packet);
		data += len;
		size -= len;
	}
	packets_free(&p);
	return 0;
}
