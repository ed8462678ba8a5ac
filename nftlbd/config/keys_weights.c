/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [service] and [defaults] for weights that follow the load: of no
 * use with the other schedulers (dynamic.c). */
#include <stddef.h>

#include "config/draft.h"
#include "config/keys.h"

#define SERVICE(field) offsetof(struct service_draft, field)
#define WEIGHTS(field) SERVICE(conf.weights.field)
#define BOTH           (IN_SERVICE | IN_DEFAULTS)
#define PERCENT        (WEIGHTS_ONE / 100)

static const struct conf_key rows[] = {
	{ BOTH, "feed", VALUE_FEEDS, SERVICE(feed), .modes = MODES_FORWARD,
	  .help = "feeds whose load counts; cpu with least-cpu" },
	{ BOTH, "tick", VALUE_MS, WEIGHTS(tick_ms), 100, 60000,
	  .fallback = "1s", .modes = MODES_FORWARD,
	  .help = "how often weights are worked out" },
	{ BOTH, "smoothing", VALUE_MS, WEIGHTS(smoothing_ms), 0, 600000,
	  .modes = MODES_FORWARD,
	  .help = "time in which two thirds of a change are believed" },
	{ BOTH, "max-step", VALUE_SHARE, WEIGHTS(max_step), PERCENT,
	  WEIGHTS_ONE, .fallback = "25%", .modes = MODES_FORWARD,
	  .help = "most that a weight moves in a tick" },
	{ BOTH, "dead-band", VALUE_SHARE, WEIGHTS(dead_band), 0,
	  WEIGHTS_ONE / 2, .fallback = "5%", .modes = MODES_FORWARD,
	  .help = "smaller moves are not made" },
	{ BOTH, "floor", VALUE_FACTOR, WEIGHTS(floor), PERCENT, WEIGHTS_ONE,
	  .fallback = "0.2", .modes = MODES_FORWARD,
	  .help = "least part of its weight that a backend keeps" },
	{ BOTH, "ceiling", VALUE_FACTOR, WEIGHTS(ceiling), WEIGHTS_ONE,
	  10 * WEIGHTS_ONE, .fallback = "3", .modes = MODES_FORWARD,
	  .help = "most times its weight that a backend gets" },
	{ BOTH, "blackout", VALUE_MS, WEIGHTS(blackout_ms), 0, 3600000,
	  .fallback = "10s", .modes = MODES_FORWARD,
	  .help = "how long the load of a backend that came up is not looked "
		  "at" },
};

const struct key_table keys_of_weights = { rows, KEY_ROWS(rows), BOTH };
