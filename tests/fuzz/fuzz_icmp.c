/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that ICMP sockets receive. The first byte of the input says from
 * which: raw or not, IPv4 or IPv6.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "healthcheck/icmp_message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp_seen seen = { 0 };
	size_t skip = 0;
	int family;
	bool read;

	if (!size)
		return 0;
	family = *data & 1 ? AF_INET6 : AF_INET;
	if (*data & 2) {
		read = icmp_read_request(family, data + 1, size - 1, &seen);
	} else {
		if (family == AF_INET && *data & 4)
			skip = icmp_behind_ip4(data + 1, size - 1);
		read =
		    icmp_read(family, data + 1 + skip, size - 1 - skip, &seen);
	}
	if (read && size - 1 - skip < ICMP_ECHO_LEN)
		abort();
	return 0;
}
