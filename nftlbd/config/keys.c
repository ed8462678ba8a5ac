/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key table. A key exists because it has a row here: parser, checker,
 * printer, error messages, list of keys and the manual's test all read it.
 * A row without a default is required or off; a default is text, read by the
 * same code as the user's, so it cannot be out of range unnoticed.
 */
#include "config/keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/doc.h"
#include "config/draft.h"
#include "lib/near.h"
#include "rulesets/slots.h"

#define GLOBAL(field)  offsetof(struct global_draft, conf.field)
#define CHECK(field)   offsetof(struct check_draft, conf.field)
#define SERVICE(field) offsetof(struct service_draft, field)
#define BACKEND(field) offsetof(struct backend_draft, field)

const struct conf_key conf_keys[] = {
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

	{ IN_CHECK, "type", VALUE_WORD, CHECK(type), .words = hc_type_words,
	  .fallback = "tcp", .help = "what a probe does" },
	{ IN_CHECK, "interval", VALUE_MS, CHECK(interval_ms), 100, 3600000,
	  .fallback = "2s", .help = "from the start of a probe to the next" },
	{ IN_CHECK, "timeout", VALUE_MS, CHECK(timeout_ms), 10, 3600000,
	  .fallback = "1s", .help = "longest wait for an answer" },
	{ IN_CHECK, "rise", VALUE_NUMBER, CHECK(rise), 1, 1000, .fallback = "2",
	  .help = "successes in a row until up" },
	{ IN_CHECK, "fall", VALUE_NUMBER, CHECK(fall), 1, 1000, .fallback = "3",
	  .help = "failures in a row until down" },
	{ IN_CHECK, "jitter", VALUE_PERCENT, CHECK(jitter_pct), 0, 50,
	  .fallback = "10%", .help = "intervals are shortened by up to this" },
	{ IN_CHECK, "port", VALUE_PORT, CHECK(port), 1, UINT16_MAX,
	  .help = "port to probe, where it is not the backend's" },
	{ IN_CHECK, "start", VALUE_WORD, CHECK(start), .words = hc_start_words,
	  .fallback = "up", .help = "health before the first results" },

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
	  SERVICE(conf),
	  .help = "source address of mode snat; masquerade without" },
	{ IN_SERVICE | IN_DEFAULTS, "scheduler", VALUE_WORD,
	  SERVICE(conf.scheduler), .words = rs_scheduler_words,
	  .fallback = "round-robin", .help = "which backend a new flow gets" },
	{ IN_SERVICE | IN_DEFAULTS, "hash-key", VALUE_WORD,
	  SERVICE(conf.hash_key), .words = rs_hash_key_words,
	  .fallback = "source", .help = "what source-hash looks at" },
	{ IN_SERVICE | IN_DEFAULTS, "slots", VALUE_SLOTS, SERVICE(conf.slots),
	  1, SLOTS_MAX, .fallback = "auto", .help = "size of the slot table" },
	{ IN_SERVICE | IN_DEFAULTS, "on-empty", VALUE_WORD,
	  SERVICE(conf.on_empty), .words = rs_on_empty_words,
	  .fallback = "reject",
	  .help = "what new flows get when no backend is usable" },
	{ IN_SERVICE | IN_DEFAULTS, "check", VALUE_REF, SERVICE(check),
	  .fallback = "none", .help = "check of the backends" },
	{ IN_SERVICE | IN_DEFAULTS, "pool", VALUE_REF, SERVICE(pool),
	  .help = "pool whose members are backends of the service" },

	{ IN_SERVICE | IN_POOL, "backend.NAME", VALUE_BACKEND,
	  .help = "one backend: ADDRESS[:PORT] and options" },

	{ IN_BACKEND, "weight", VALUE_NUMBER, BACKEND(weight), 0, 65535,
	  .fallback = "1", .help = "share of new flows; 0 = none" },
	{ IN_BACKEND, "check", VALUE_REF, BACKEND(check),
	  .help = "check of this backend, or none" },
	{ IN_BACKEND, "check-address", VALUE_ADDR, BACKEND(check_addr),
	  .help = "address to probe" },
	{ IN_BACKEND, "check-port", VALUE_PORT, BACKEND(check_port), 1,
	  UINT16_MAX, .help = "port to probe" },
	{ IN_BACKEND, "disabled", VALUE_FLAG, BACKEND(disabled),
	  .help = "starts disabled; takes no value" },
	{ 0 },
};

const size_t conf_nkeys = sizeof(conf_keys) / sizeof(conf_keys[0]) - 1;

_Static_assert(sizeof(conf_keys) / sizeof(conf_keys[0]) <= DRAFT_KEYS_MAX,
	       "drafts have room for every row");

const struct conf_key *key_find(unsigned int place, const char *name)
{
	bool backend = !strncmp(name, "backend.", 8);
	const struct conf_key *k;

	for (k = conf_keys; k->name; k++) {
		if ((k->places & place) && (backend ? k->kind == VALUE_BACKEND
						    : !strcmp(k->name, name)))
			return k;
	}
	return NULL;
}

const char *key_near(unsigned int place, const char *name)
{
	const char *words[DRAFT_KEYS_MAX];
	const struct conf_key *k;
	size_t n = 0;

	for (k = conf_keys; k->name; k++) {
		if (k->places & place)
			words[n++] = k->name;
	}
	return near_word(name, words, n);
}

const char *keys_list(unsigned int place, char *buf, size_t size)
{
	const struct conf_key *k;
	size_t used = 0;
	int n;

	buf[0] = '\0';
	for (k = conf_keys; k->name && used < size; k++) {
		if (!(k->places & place))
			continue;
		n = snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
			     k->name);
		used += n > 0 ? (size_t)n : 0;
	}
	return buf;
}
