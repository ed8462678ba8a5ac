/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a prober says, as it comes. */
#ifndef NFTLB_DAEMON_PROBER_PACKET_H
#define NFTLB_DAEMON_PROBER_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "healthcheck/protocol.h"

struct prober_packet {
	struct hc_header head;
	union {
		struct hc_result results[HC_RECORDS_MAX];
		struct hc_ran ran[HC_RECORDS_MAX];
		struct hc_stats stats;
	} of;
};

/**
 * prober_packet_wrong() - is it one that a prober may send?
 * @len: all of its bytes, also where they are more than a packet has
 * @ready: it said hello before
 * Return: NULL: type, count, length and all records are in range; else what is
 * wrong with it.
 */
const char *prober_packet_wrong(const struct prober_packet *p, size_t len,
				bool ready);

#endif
