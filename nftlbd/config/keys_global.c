/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [global]. */
#include "config/keys.h"

#include <stddef.h>

#include "config/draft.h"

#define GLOBAL(field) offsetof(struct global_draft, conf.field)

static const struct conf_key rows[] = {
	{ IN_GLOBAL, "include", VALUE_INCLUDE,
	  .help = "files and patterns to read after this file" },
	{ IN_GLOBAL, "control-socket", VALUE_SOCKET, GLOBAL(control_socket),
	  .fallback = "/run/nftlb/nftlbd.sock",
	  .help = "UNIX socket for nftlbctl" },
	{ IN_GLOBAL, "control-group", VALUE_ACCOUNT, GLOBAL(control_group),
	  .help = "group whose members may use the control socket" },
	{ IN_GLOBAL, "state-dir", VALUE_PATH, GLOBAL(state_dir),
	  .fallback = "/var/lib/nftlb",
	  .help = "directory for what outlives a restart" },
	{ IN_GLOBAL, "table", VALUE_TABLE, GLOBAL(table), .fallback = "nftlb",
	  .help = "name of the daemon's nf_tables tables" },
	{ IN_GLOBAL, "hash-seed", VALUE_NUMBER, GLOBAL(hash_seed), 0,
	  UINT32_MAX, .fallback = "0x6e66746c",
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
};

const struct key_table keys_of_globals = { rows, KEY_ROWS(rows), IN_GLOBAL };
