/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [service] and [defaults] for flows that the kernel does not track
 * (direct.c), and for those that it may forward by itself. */
#include <stddef.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/values.h"

#define SERVICE(field) offsetof(struct service_draft, field)
#define DIRECT(field)  SERVICE(conf.direct.field)
#define BOTH           (IN_SERVICE | IN_DEFAULTS)
#define TIMEOUT_MIN    1000u
#define TIMEOUT_MAX    86400000u

static const struct conf_key rows[] = {
	{ BOTH, "interface", VALUE_DEVICES, SERVICE(interfaces),
	  .modes = MODES_DIRECT,
	  .help = "interfaces that clients' packets come in by" },
	{ BOTH, "session-cache", VALUE_NUMBER, DIRECT(cache), 0, SETS_MAX,
	  .fallback = "65536", .modes = MODES_DIRECT,
	  .help = "flows that are remembered at most, of each family; 0 = "
		  "none" },
	{ BOTH, "session-timeout-tcp", VALUE_MS, DIRECT(tcp_timeout_ms),
	  TIMEOUT_MIN, TIMEOUT_MAX, .fallback = "15m", .modes = MODES_DIRECT,
	  .help = "how long a silent flow of TCP is remembered" },
	{ BOTH, "session-timeout-udp", VALUE_MS, DIRECT(udp_timeout_ms),
	  TIMEOUT_MIN, TIMEOUT_MAX, .fallback = "1m", .modes = MODES_DIRECT,
	  .help = "the same of other protocols" },
	{ BOTH, "syn-limit", VALUE_NUMBER, DIRECT(syn_limit), 0, RATE_MAX,
	  .fallback = "0", .modes = MODES_DIRECT,
	  .help = "new flows in a second above which none are remembered; 0 = "
		  "no limit" },
};

const struct key_table keys_of_direct = { rows, KEY_ROWS(rows), BOTH };
