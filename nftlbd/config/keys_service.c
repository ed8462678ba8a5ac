/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [service] and [defaults] that say who serves, and the options of
 * backend lines. */
#include "config/keys.h"

#include <stddef.h>

#include "config/draft.h"
#include "config/values.h"
#include "rulesets/slots.h"

#define SERVICE(field) offsetof(struct service_draft, field)
#define BACKEND(field) offsetof(struct backend_draft, field)
#define QUORUM_MAX     (RS_BACKENDS_MAX * 65535u)

static const struct conf_key backend_rows[] = {
	{ IN_SERVICE | IN_POOL, "backend.NAME", VALUE_BACKEND, .named = true,
	  .help = "one backend: ADDRESS[:PORT] and options" },
	{ IN_BACKEND, "weight", VALUE_NUMBER, BACKEND(weight), 0, 65535,
	  .fallback = "1", .help = "share of new flows; 0 = none" },
	{ IN_BACKEND, "check", VALUE_CHECKS, BACKEND(check),
	  .help = "checks of this backend, or none" },
	{ IN_BACKEND, "check-address", VALUE_ADDR, BACKEND(check_addr),
	  .help = "address to probe" },
	{ IN_BACKEND, "check-port", VALUE_PORT, BACKEND(check_port), 1,
	  UINT16_MAX, .help = "port to probe" },
	{ IN_BACKEND, "max-connections", VALUE_NUMBER, BACKEND(max_connections),
	  0, RATE_MAX, .help = "flows at once; the service's without" },
	{ IN_BACKEND, "packet-mark", VALUE_MARK, BACKEND(qos.packet),
	  .help = "mark of packets; the service's without" },
	{ IN_BACKEND, "conntrack-mark", VALUE_MARK, BACKEND(qos.conntrack),
	  .help = "mark of flows; the service's without" },
	{ IN_BACKEND, "dscp", VALUE_DSCP, BACKEND(qos),
	  .help = "code point of packets; the service's without" },
	{ IN_BACKEND, "priority", VALUE_CLASS, BACKEND(qos.priority),
	  .help = "class of packets for tc; the service's without" },
	{ IN_BACKEND, "backup", VALUE_FLAG, BACKEND(backup),
	  .help = "serves when too few others can; takes no value" },
	{ IN_BACKEND, "disabled", VALUE_FLAG, BACKEND(disabled),
	  .help = "starts disabled; takes no value" },
};

const struct key_table keys_of_backends = { backend_rows,
					    KEY_ROWS(backend_rows),
					    IN_SERVICE | IN_POOL | IN_BACKEND };

static const struct conf_key service_rows[] = {
	{ IN_SERVICE, "address", VALUE_ADDRS, SERVICE(conf),
	  .help = "addresses that clients reach" },
	{ IN_SERVICE, "protocol", VALUE_PROTOS, SERVICE(conf),
	  .words = rs_proto_words, .fallback = "tcp",
	  .help = "transport protocols" },
	{ IN_SERVICE, "port", VALUE_PORTS, SERVICE(conf), 1, UINT16_MAX,
	  .help = "ports that clients reach" },
	{ IN_SERVICE | IN_DEFAULTS, "mode", VALUE_WORD, SERVICE(conf.mode),
	  .words = rs_mode_words, .fallback = "dnat",
	  .help = "how packets reach the backend" },
	{ IN_SERVICE | IN_DEFAULTS, "source-address", VALUE_SOURCE,
	  SERVICE(conf), .forwards = true,
	  .help = "source address of mode snat; masquerade without" },
	{ IN_SERVICE | IN_DEFAULTS, "scheduler", VALUE_WORD,
	  SERVICE(conf.scheduler), .words = rs_scheduler_words,
	  .fallback = "round-robin", .forwards = true,
	  .help = "which backend a new flow gets" },
	{ IN_SERVICE | IN_DEFAULTS, "hash-key", VALUE_WORD,
	  SERVICE(conf.hash_key), .words = rs_hash_key_words,
	  .fallback = "source", .forwards = true,
	  .help = "what source-hash looks at" },
	{ IN_SERVICE | IN_DEFAULTS, "slots", VALUE_SLOTS, SERVICE(conf.slots),
	  1, SLOTS_MAX, .fallback = "auto", .forwards = true,
	  .help = "size of the slot table" },
	{ IN_SERVICE | IN_DEFAULTS, "on-empty", VALUE_WORD,
	  SERVICE(conf.on_empty), .words = rs_on_empty_words,
	  .fallback = "reject", .forwards = true,
	  .help = "what new flows get when no backend is usable" },
	{ IN_SERVICE | IN_DEFAULTS, "check", VALUE_CHECKS, SERVICE(check),
	  .fallback = "none", .forwards = true,
	  .help = "checks of the backends" },
	{ IN_SERVICE | IN_DEFAULTS, "check-require", VALUE_NEED, SERVICE(need),
	  1, CONF_CHECKS_MAX, .fallback = "all", .forwards = true,
	  .help = "how many of its checks have to be good" },
	{ IN_SERVICE | IN_DEFAULTS, "backup-when", VALUE_NUMBER,
	  SERVICE(conf.backup_when), 1, RS_BACKENDS_MAX, .fallback = "1",
	  .forwards = true, .help = "backups serve while fewer primaries can" },
	{ IN_SERVICE | IN_DEFAULTS, "minimum-usable", VALUE_PERCENT,
	  SERVICE(conf.min_usable_pct), 0, 100, .fallback = "0%",
	  .forwards = true,
	  .help = "below this share of usable backends, all of them serve" },
	{ IN_SERVICE | IN_DEFAULTS, "quorum", VALUE_NUMBER,
	  SERVICE(conf.quorum), 0, QUORUM_MAX, .fallback = "0",
	  .forwards = true,
	  .help = "weight of usable backends for the service to be up" },
	{ IN_SERVICE | IN_DEFAULTS, "quorum-hysteresis", VALUE_NUMBER,
	  SERVICE(conf.quorum_hysteresis), 0, QUORUM_MAX, .fallback = "0",
	  .forwards = true,
	  .help = "so much more to be up again, so much less to be down" },
	{ IN_SERVICE | IN_DEFAULTS, "slow-start", VALUE_MS,
	  SERVICE(conf.slow_start_ms), 0, 3600000, .fallback = "0",
	  .forwards = true,
	  .help = "time in which the weight of a new backend grows" },
	{ IN_SERVICE | IN_DEFAULTS, "flap-hold", VALUE_MS,
	  SERVICE(conf.flap_hold_ms), 0, 3600000, .fallback = "0",
	  .forwards = true,
	  .help = "how long a backend that fell again stays down" },
	{ IN_SERVICE | IN_DEFAULTS, "flap-hold-max", VALUE_MS,
	  SERVICE(conf.flap_hold_max_ms), 0, 86400000, .fallback = "5m",
	  .forwards = true,
	  .help = "longest time that it stays down for that" },
	{ IN_SERVICE | IN_DEFAULTS, "drain-timeout", VALUE_MS,
	  SERVICE(conf.drain_timeout_ms), 0, 86400000, .fallback = "0",
	  .forwards = true,
	  .help = "when the flows of a drained backend are cut; 0 = never" },
	{ IN_SERVICE | IN_DEFAULTS, "on-down", VALUE_WORD,
	  SERVICE(conf.on_down), .words = conf_on_down_words,
	  .fallback = "keep", .forwards = true,
	  .help = "what happens to flows of a backend "
		  "that went down" },
	{ IN_SERVICE | IN_DEFAULTS, "on-change", VALUE_HOOK, SERVICE(on_change),
	  .help = "program that is run at changes, in place of the global" },
	{ IN_SERVICE | IN_DEFAULTS, "pool", VALUE_REF, SERVICE(pool),
	  .forwards = true,
	  .help = "pool whose members are backends of the service" },
};

const struct key_table keys_of_services = { service_rows,
					    KEY_ROWS(service_rows),
					    IN_SERVICE | IN_DEFAULTS };
