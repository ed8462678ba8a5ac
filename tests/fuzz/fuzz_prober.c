/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side: a packet of a prober that somebody has taken over. What is
 * accepted has no more records than bytes, all of them in range.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/prober_packet.h"
#include "tests/fuzz/fuzz.h"

static void must(bool truth)
{
	if (!truth)
		abort();
}

static void results_look(const struct prober_packet *p, size_t size)
{
	must(sizeof(p->head) + p->head.count * sizeof(p->of.results[0]) ==
	     size);
	for (uint32_t i = 0; i < p->head.count; i++) {
		must(p->of.results[i].reason < HC_REASON_MAX);
		must((p->of.results[i].says & ~HC_SAYS_ALL) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* as it is received: of its own length, so that ASan sees more */
	struct prober_packet *p = malloc(size ? size : 1);

	must(p != NULL);
	memcpy(p, data, size);
	for (int ready = 0; ready < 2; ready++) {
		if (prober_packet_wrong(p, size, ready))
			continue;
		must((p->head.type == HC_MSG_HELLO) == !ready);
		must(p->head.count <= HC_RECORDS_MAX);
		if (p->head.type == HC_MSG_RESULT)
			results_look(p, size);
	}
	free(p);
	return 0;
}
