/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet goes through our rules within one read-side section of the kernel's
 * RCU. One that got its slot by the old rule may look that slot up much later:
 * where the processor is a virtual one that waits for its turn, milliseconds.
 * If the slot were gone by then, its SYN would be dropped; if it were somebody
 * else's already, it would go astray. (Seen: one connection of 50,000 lost,
 * with 800 such changes a second.)
 *
 * membarrier(MEMBARRIER_CMD_GLOBAL) returns after such a grace period.
 */
#include "rulesets/grace.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Where the kernel does not say (nohz_full): longer than it would take. */
#define GRACE_NS 25000000

void grace_wait(void)
{
	struct timespec pause = { 0, GRACE_NS };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		nanosleep(&pause, NULL);
}
