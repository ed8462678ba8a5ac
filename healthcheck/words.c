/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the enumerations of protocol.h are spelled, everywhere. */
#include <stddef.h>

#include "healthcheck/protocol.h"

const struct word hc_type_words[] = {
	{ "tcp", HC_TCP },
	{ NULL, 0 },
};

const struct word hc_start_words[] = {
	{ "up", HC_START_UP },
	{ "down", HC_START_DOWN },
	{ "unknown", HC_START_UNKNOWN },
	{ NULL, 0 },
};

const struct word hc_reason_words[] = {
	{ "ok", HC_OK },
	{ "timeout", HC_TIMEOUT },
	{ "refused", HC_REFUSED },
	{ "unreachable", HC_UNREACHABLE },
	{ "reset", HC_RESET },
	{ "local", HC_LOCAL },
	{ NULL, 0 },
};
