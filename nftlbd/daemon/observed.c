/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of what the daemon counts of itself. */
#include "daemon/observed.h"

const struct word resync_words[] = {
	{ "start", RESYNC_START },         { "foreign", RESYNC_FOREIGN },
	{ "refused", RESYNC_REFUSED },     { "operator", RESYNC_OPERATOR },
	{ "interface", RESYNC_INTERFACE }, { NULL, 0 },
};
