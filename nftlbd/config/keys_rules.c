/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of [service] and [defaults] for the rules around a service:
 * persistence, limits, filters, marks, log, helpers, counters. And those of
 * [list].
 */
#include "config/keys.h"

#include <stddef.h>
#include <stdint.h>

#include "config/draft.h"
#include "config/values.h"

#define SERVICE(field) offsetof(struct service_draft, field)
#define BOTH           (IN_SERVICE | IN_DEFAULTS)

static const struct conf_key rows[] = {
	{ BOTH, "persist", VALUE_PERSIST, SERVICE(conf.persist), 1000,
	  PERSIST_MAX_MS, .fallback = "none", .modes = MODES_NAT,
	  .help = "what tells clients that come back, and for how long" },
	{ BOTH, "persist-size", VALUE_NUMBER, SERVICE(conf.persist_size), 1,
	  SETS_MAX, .fallback = "65536", .modes = MODES_NAT,
	  .help = "clients that are remembered at most, of each family" },
	{ IN_SERVICE, "persist-group", VALUE_GROUP, SERVICE(persist_group),
	  .modes = MODES_NAT,
	  .help = "services of a group remember clients together" },
	{ IN_SERVICE, "pin.NAME", VALUE_PIN, .modes = MODES_NAT, .named = true,
	  .help = "one client's backend: CLIENT BACKEND" },

	{ BOTH, "max-connections", VALUE_NUMBER, SERVICE(conf.max_connections),
	  0, RATE_MAX, .fallback = "0", .modes = MODES_NAT,
	  .help = "flows that a backend may have at once; 0 = no limit" },
	{ BOTH, "limit-new-per-source", VALUE_NUMBER,
	  SERVICE(conf.limits.fresh.rate), 0, RATE_MAX, .fallback = "0",
	  .modes = MODES_TRACKED,
	  .help = "new flows of a source in a second; 0 = no limit" },
	{ BOTH, "limit-new-burst", VALUE_NUMBER,
	  SERVICE(conf.limits.fresh.burst), 1, RATE_MAX, .modes = MODES_TRACKED,
	  .help = "new flows of a source at once; the rate without" },
	{ BOTH, "limit-connections-per-source", VALUE_NUMBER,
	  SERVICE(conf.limits.connections), 0, RATE_MAX, .fallback = "0",
	  .modes = MODES_TRACKED,
	  .help = "flows that a source may have at once; 0 = no limit" },
	{ BOTH, "limit-rst", VALUE_NUMBER, SERVICE(conf.limits.rst.rate), 0,
	  RATE_MAX, .fallback = "0", .modes = MODES_TRACKED,
	  .help = "TCP resets by clients in a second; 0 = no limit" },
	{ BOTH, "limit-rst-burst", VALUE_NUMBER, SERVICE(conf.limits.rst.burst),
	  1, RATE_MAX, .modes = MODES_TRACKED,
	  .help = "TCP resets at once; the rate without" },
	{ BOTH, "limit-source", VALUE_PREFIXES, SERVICE(conf.limit_prefix), 1,
	  128, .fallback = "32/128", .modes = MODES_TRACKED,
	  .help = "bits of an address that make a source" },
	{ BOTH, "limit-size", VALUE_NUMBER, SERVICE(conf.limits.size), 1,
	  SETS_MAX, .fallback = "65536", .modes = MODES_TRACKED,
	  .help = "sources that are watched at most, of each family" },
	{ BOTH, "limit-action", VALUE_WORD, SERVICE(conf.limits.action),
	  .words = rs_on_empty_words, .fallback = "drop",
	  .modes = MODES_TRACKED, .help = "what new flows beyond a limit get" },
	{ BOTH, "strict", VALUE_YES, SERVICE(conf.strict), .fallback = "no",
	  .modes = MODES_TRACKED, .help = "invalid packets are dropped" },
	{ BOTH, "allow", VALUE_LISTS, SERVICE(allow), .modes = MODES_ROUTED,
	  .help = "lists of who may connect; everybody without" },
	{ BOTH, "deny", VALUE_LISTS, SERVICE(deny), .modes = MODES_ROUTED,
	  .help = "lists of who may not, whatever allow says" },
	{ BOTH, "filter-action", VALUE_WORD, SERVICE(conf.filter_action),
	  .words = rs_on_empty_words, .fallback = "drop", .modes = MODES_ROUTED,
	  .help = "what new flows get that allow and deny keep out" },

	{ BOTH, "packet-mark", VALUE_MARK, SERVICE(conf.qos.packet),
	  .fallback = "none", .modes = MODES_TRACKED,
	  .help = "mark of packets" },
	{ BOTH, "conntrack-mark", VALUE_MARK, SERVICE(conf.qos.conntrack),
	  .fallback = "none", .modes = MODES_TRACKED, .help = "mark of flows" },
	{ BOTH, "dscp", VALUE_DSCP, SERVICE(conf.qos), .fallback = "none",
	  .modes = MODES_TRACKED,
	  .help = "differentiated services code point of packets" },
	{ BOTH, "priority", VALUE_CLASS, SERVICE(conf.qos.priority),
	  .fallback = "none", .modes = MODES_TRACKED,
	  .help = "class of packets for tc" },

	{ BOTH, "log", VALUE_LOG, SERVICE(conf.log), .fallback = "none",
	  .modes = MODES_TRACKED,
	  .help = "new flows and drops that are logged" },
	{ BOTH, "log-group", VALUE_LOG_GROUP, SERVICE(conf.log.group), 0,
	  UINT16_MAX, .fallback = "kernel", .modes = MODES_TRACKED,
	  .help = "group of nfnetlink_log that gets them" },
	{ BOTH, "log-prefix", VALUE_LOG_PREFIX, SERVICE(conf.log.prefix),
	  .modes = MODES_TRACKED,
	  .help = "what such lines begin with; nftlb SERVICE without" },

	{ BOTH, "helper", VALUE_WORD, SERVICE(conf.helper),
	  .words = rs_helper_words, .fallback = "none", .modes = MODES_NAT,
	  .help = "protocol whose further connections are expected" },
	{ BOTH, "counters", VALUE_YES, SERVICE(conf.counters), .fallback = "no",
	  .modes = MODES_TRACKED,
	  .help = "packets, bytes and flows are counted" },
	{ BOTH, "offload", VALUE_YES, SERVICE(conf.offload), .fallback = "no",
	  .modes = MODES_NAT,
	  .help = "established flows take the kernel's fast path" },
};

static const struct conf_key list_rows[] = {
	{ IN_LIST, "entries", VALUE_ENTRIES,
	  .help = "addresses, networks and ranges; may be repeated" },
	{ IN_LIST, "file", VALUE_LIST_FILE,
	  .help = "file of entries, one a line; may be repeated" },
};

const struct key_table keys_of_lists = { list_rows, KEY_ROWS(list_rows),
					 IN_LIST };
const struct key_table keys_of_rules = { rows, KEY_ROWS(rows), BOTH };
