/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [global]. */
#include "config/keys.h"

#include <stddef.h>

#include "config/draft.h"

/* nf_tables priorities: after conntrack (-200), which the kernel asks of NAT,
 * and before everything that confirms and tracks for good. Numbers with a sign
 * in fields without one: values_rules.c. */
/* Behind conntrack, and where NAT stands whatever its chains' priorities are:
 * what comes before it sees the client's view of a flow, and what after it the
 * backend's. */
#define HOOK_MIN   (uint32_t) - 199
#define BEFORE_NAT (uint32_t) - 101
#define AFTER_NAT  (uint32_t) - 99
#define HOOK_MAX   300

#define GLOBAL(field) offsetof(struct global_draft, conf.field)

static const struct conf_key rows[] = {
	{ IN_GLOBAL, "include", VALUE_INCLUDE,
	  .help = "files and patterns to read after this file" },
	{ IN_GLOBAL, "control-socket", VALUE_SOCKET, GLOBAL(control_socket),
	  .fallback = "/run/nftlb/nftlbd.sock",
	  .help = "UNIX socket for nftlbctl" },
	{ IN_GLOBAL, "control-group", VALUE_ACCOUNT, GLOBAL(control_group),
	  .help = "group whose members may use the control socket" },
	{ IN_GLOBAL, "api-listen", VALUE_LISTEN, GLOBAL(api_listen),
	  .help = "where the HTTP API listens beside the socket; off without" },
	{ IN_GLOBAL, "api-token-file", VALUE_PATH, GLOBAL(api_token_file),
	  .help = "file with the HTTP API's bearer tokens and their roles" },
	{ IN_GLOBAL, "api-cert-file", VALUE_PATH, GLOBAL(api_cert_file),
	  .help = "file with the HTTP API's certificate, and its chain" },
	{ IN_GLOBAL, "api-key-file", VALUE_PATH, GLOBAL(api_key_file),
	  .help = "file with the certificate's key" },
	{ IN_GLOBAL, "state-dir", VALUE_PATH, GLOBAL(state_dir),
	  .fallback = "/var/lib/nftlb",
	  .help = "directory for what outlives a restart" },
	{ IN_GLOBAL, "revisions-kept", VALUE_NUMBER, GLOBAL(revisions_kept), 2,
	  10000, .fallback = "100",
	  .help = "configurations that are kept in state-dir" },
	{ IN_GLOBAL, "table", VALUE_TABLE, GLOBAL(table), .fallback = "nftlb",
	  .help = "name of the daemon's nf_tables tables" },
	{ IN_GLOBAL, "hash-seed", VALUE_NUMBER, GLOBAL(hash_seed), 0,
	  UINT32_MAX, .fallback = CONF_DEFAULT_SEED,
	  .help = "seed of source-hash, the same on every gateway" },
	{ IN_GLOBAL, "log-level", VALUE_WORD, GLOBAL(log_level),
	  .words = log_level_words, .fallback = "info",
	  .help = "least important messages that are logged" },
	{ IN_GLOBAL, "user", VALUE_ACCOUNT, GLOBAL(user), .fallback = "nftlb",
	  .help = "user that the prober runs as" },
	{ IN_GLOBAL, "script-user", VALUE_ACCOUNT, GLOBAL(script_user),
	  .help = "user that script checks and hooks run as; user without" },
	{ IN_GLOBAL, "on-change", VALUE_PATH, GLOBAL(on_change),
	  .help = "program that is run at every change of state" },
	{ IN_GLOBAL, "dstnat-priority", VALUE_SIGNED, GLOBAL(hooks.dstnat),
	  HOOK_MIN, HOOK_MAX, .fallback = "-100",
	  .help = "place among chains of type nat: before routing" },
	{ IN_GLOBAL, "srcnat-priority", VALUE_SIGNED, GLOBAL(hooks.srcnat),
	  HOOK_MIN, HOOK_MAX, .fallback = "100",
	  .help = "place among chains of type nat: after routing" },
	{ IN_GLOBAL, "guard-priority", VALUE_SIGNED, GLOBAL(hooks.guard),
	  HOOK_MIN, BEFORE_NAT, .fallback = "-150",
	  .help = "where invalid packets and resets are dropped" },
	{ IN_GLOBAL, "packet-priority", VALUE_SIGNED, GLOBAL(hooks.packets),
	  AFTER_NAT, HOOK_MAX, .fallback = "-90",
	  .help = "where packets are counted and marked" },
	{ IN_GLOBAL, "egress-priority", VALUE_SIGNED, GLOBAL(hooks.egress),
	  HOOK_MIN, HOOK_MAX, .fallback = "-150",
	  .help = "where packets get their class for tc" },
	{ IN_GLOBAL, "tunnel-source", VALUE_TUNNEL, GLOBAL(tunnel_source),
	  .help = "addresses that tunnels of mode ipip begin at" },
	{ IN_GLOBAL, "offload-interfaces", VALUE_FAST, GLOBAL(hooks.offload),
	  .help = "interfaces between which offload = yes is fast" },
};

const struct key_table keys_of_globals = { rows, KEY_ROWS(rows), IN_GLOBAL };
