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
#include "config/values.h"
#include "healthcheck/text.h"
#include "lib/near.h"
#include "rulesets/slots.h"

#define GLOBAL(field)  offsetof(struct global_draft, conf.field)
#define CHECK(field)   offsetof(struct check_draft, conf.field)
#define SPEC(field)    offsetof(struct check_draft, conf.spec.field)
#define SERVICE(field) offsetof(struct service_draft, field)
#define BACKEND(field) offsetof(struct backend_draft, field)

#define T(type)    (1u << HC_##type)
#define ALL_TYPES  ((1u << HC_TYPES) - 1)
#define NET_TYPES  (ALL_TYPES & ~(T(SCRIPT) | T(FILE)))
#define HTTP_TYPES (T(HTTP) | T(HTTPS))
#define TLS_TYPES  (T(TCP) | T(HTTPS))
#define VIA_TYPES  (HTTP_TYPES | T(TCP) | T(UDP) | T(DNS))
#define QUORUM_MAX (RS_BACKENDS_MAX * 65535u)

const struct conf_key conf_keys[] = {
	/* first, since there may be a hundred thousand of these lines; and
	 * backends.c has a bit for each of these rows */
	{ IN_SERVICE | IN_POOL, "backend.NAME", VALUE_BACKEND,
	  .help = "one backend: ADDRESS[:PORT] and options" },
	{ IN_BACKEND, "weight", VALUE_NUMBER, BACKEND(weight), 0, 65535,
	  .fallback = "1", .help = "share of new flows; 0 = none" },
	{ IN_BACKEND, "check", VALUE_CHECKS, BACKEND(check),
	  .help = "checks of this backend, or none" },
	{ IN_BACKEND, "check-address", VALUE_ADDR, BACKEND(check_addr),
	  .help = "address to probe" },
	{ IN_BACKEND, "check-port", VALUE_PORT, BACKEND(check_port), 1,
	  UINT16_MAX, .help = "port to probe" },
	{ IN_BACKEND, "backup", VALUE_FLAG, BACKEND(backup),
	  .help = "serves when too few others can; takes no value" },
	{ IN_BACKEND, "disabled", VALUE_FLAG, BACKEND(disabled),
	  .help = "starts disabled; takes no value" },

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

	{ IN_CHECK, "type", VALUE_WORD, CHECK(type), .words = hc_type_words,
	  .fallback = "tcp", .help = "what a probe does" },
	{ IN_CHECK, "interval", VALUE_MS, CHECK(interval_ms), 100, 3600000,
	  .fallback = "2s", .help = "from the start of a probe to the next" },
	{ IN_CHECK, "fast-interval", VALUE_MS, CHECK(fast_ms), 100, 3600000,
	  .help = "interval while rise or fall are counted" },
	{ IN_CHECK, "down-interval", VALUE_MS, CHECK(down_ms), 100, 3600000,
	  .help = "interval while down" },
	{ IN_CHECK, "timeout", VALUE_MS, CHECK(timeout_ms), 10, 3600000,
	  .fallback = "1s", .help = "longest wait for an answer" },
	{ IN_CHECK, "rise", VALUE_NUMBER, CHECK(rise), 1, 1000, .fallback = "2",
	  .help = "successes in a row until up" },
	{ IN_CHECK, "fall", VALUE_NUMBER, CHECK(fall), 1, 1000, .fallback = "3",
	  .help = "failures in a row until down" },
	{ IN_CHECK, "jitter", VALUE_PERCENT, CHECK(jitter_pct), 0, 50,
	  .fallback = "10%", .help = "intervals are shortened by up to this" },
	{ IN_CHECK, "port", VALUE_PORT, CHECK(port), 1, UINT16_MAX,
	  .help = "port to probe, where it is not the backend's",
	  .types = ALL_TYPES & ~T(ICMP) },
	{ IN_CHECK, "start", VALUE_WORD, CHECK(start), .words = hc_start_words,
	  .fallback = "up", .help = "health before the first results" },
	{ IN_CHECK, "via", VALUE_WORD, CHECK(via), .words = conf_via_words,
	  .fallback = "direct", .help = "the way that probes take",
	  .types = VIA_TYPES },
	{ IN_CHECK, "source-address", VALUE_SENDER, CHECK(spec),
	  .help = "addresses that probes come from", .types = NET_TYPES },
	{ IN_CHECK, "interface", VALUE_TEXT, SPEC(interface),
	  .help = "network interface that probes leave by", .types = NET_TYPES,
	  .problem = interface_problem,
	  .takes = "the name of an interface, up to 15 characters" },

	{ IN_CHECK, "send", VALUE_TEXT, SPEC(send),
	  .help = "bytes to send, with escapes",
	  .types = T(TCP) | T(UDP) | T(AGENT), .problem = send_problem,
	  .takes =
	      "up to 4096 bytes, with \\r \\n \\t \\0 \\\\ \\xHH for bytes" },
	{ IN_CHECK, "expect", VALUE_TEXT, SPEC(expect),
	  .help = "what the answer begins with; ? and * stand for any",
	  .types = T(TCP) | T(UDP), .problem = pattern_problem,
	  .takes = "up to 4096 bytes, ? for any byte and * for any bytes, \\? "
		   "\\* \\r \\n \\t \\0 \\\\ \\xHH for themselves" },
	{ IN_CHECK, "tls", VALUE_WORD, SPEC(tls), .words = spec_yes_words,
	  .fallback = "no", .help = "speak TLS", .types = T(TCP) },
	{ IN_CHECK, "tls-verify", VALUE_WORD, SPEC(tls_verify),
	  .words = spec_yes_words, .fallback = "yes",
	  .help = "a bad certificate is a failure", .types = TLS_TYPES,
	  .when = WHEN_TLS },
	{ IN_CHECK, "sni", VALUE_TEXT, SPEC(sni),
	  .help = "name that is asked for in TLS", .types = TLS_TYPES,
	  .when = WHEN_TLS, .problem = sni_problem,
	  .takes = "the name of a host" },
	{ IN_CHECK, "ca-file", VALUE_PATH, CHECK(ca_file),
	  .help = "issuers that are trusted, in PEM", .types = TLS_TYPES,
	  .when = WHEN_VERIFY },
	{ IN_CHECK, "cert-file", VALUE_PATH, CHECK(cert_file),
	  .help = "client certificate, in PEM", .types = TLS_TYPES,
	  .when = WHEN_TLS },
	{ IN_CHECK, "key-file", VALUE_PATH, CHECK(key_file),
	  .help = "key of the client certificate, in PEM", .types = TLS_TYPES,
	  .when = WHEN_TLS },

	{ IN_CHECK, "method", VALUE_TEXT, SPEC(method), .fallback = "GET",
	  .help = "HTTP method", .types = HTTP_TYPES, .problem = method_problem,
	  .takes = "a method of HTTP, such as GET or HEAD" },
	{ IN_CHECK, "path", VALUE_TEXT, SPEC(path), .fallback = "/",
	  .help = "path, and query, that is asked for", .types = HTTP_TYPES,
	  .problem = path_problem,
	  .takes = "a path that begins with / and has no blanks" },
	{ IN_CHECK, "host", VALUE_TEXT, SPEC(host),
	  .help = "Host that is asked for", .types = HTTP_TYPES,
	  .problem = host_problem, .takes = "NAME or NAME:PORT, as in a URL" },
	{ IN_CHECK, "header", VALUE_HEADERS, SPEC(headers),
	  .help = "header to send; may be given several times",
	  .types = HTTP_TYPES, .problem = header_problem,
	  .takes = "NAME: VALUE, up to 64 such lines" },
	{ IN_CHECK, "expect-status", VALUE_TEXT, SPEC(expect_status),
	  .fallback = "200-399", .help = "statuses that are good",
	  .types = HTTP_TYPES, .problem = status_problem,
	  .takes = "statuses 100..599 and ranges such as 200-299, separated by "
		   "commas" },
	{ IN_CHECK, "expect-body", VALUE_TEXT, SPEC(expect_body),
	  .help = "regular expression that the body has to match",
	  .types = HTTP_TYPES, .problem = regex_problem,
	  .takes = "a POSIX extended regular expression" },
	{ IN_CHECK, "body-limit", VALUE_NUMBER, SPEC(body_max), 1, 1048576,
	  .fallback = "65536", .help = "bytes of a body that are read",
	  .types = HTTP_TYPES },
	{ IN_CHECK, "http-version", VALUE_WORD, SPEC(http_version),
	  .words = spec_http_words, .fallback = "1.1",
	  .help = "version of HTTP", .types = HTTP_TYPES },

	{ IN_CHECK, "query", VALUE_TEXT, SPEC(query),
	  .help = "name that is asked for", .types = T(DNS), .required = true,
	  .problem = dns_name_problem, .takes = "a domain name" },
	{ IN_CHECK, "query-type", VALUE_TEXT, SPEC(query_type), .fallback = "A",
	  .help = "type of record that is asked for", .types = T(DNS),
	  .problem = dns_type_problem,
	  .takes = "a type of record, such as A, AAAA, SOA or TXT" },
	{ IN_CHECK, "expect-rcode", VALUE_TEXT, SPEC(expect_rcode),
	  .fallback = "NOERROR", .help = "code that is answered",
	  .types = T(DNS), .problem = dns_rcode_problem,
	  .takes = "a response code, such as NOERROR or NXDOMAIN" },
	{ IN_CHECK, "expect-answer", VALUE_TEXT, SPEC(expect_answer),
	  .help = "record that has to be in the answer", .types = T(DNS),
	  .problem = answer_problem,
	  .takes = "an address, a name or a text, up to 255 bytes" },

	{ IN_CHECK, "version", VALUE_WORD, SPEC(snmp_version),
	  .words = spec_snmp_words, .fallback = "2c", .help = "version of SNMP",
	  .types = T(SNMP) },
	{ IN_CHECK, "community", VALUE_TEXT, SPEC(community),
	  .help = "community of SNMP versions 1 and 2c", .types = T(SNMP),
	  .when = WHEN_COMMUNITY, .required = true, .secret = true,
	  .problem = community_problem, .takes = "1 to 255 bytes" },
	{ IN_CHECK, "oid", VALUE_TEXT, SPEC(oid),
	  .help = "object that is asked for", .types = T(SNMP),
	  .required = true, .problem = oid_problem,
	  .takes = "numbers separated by dots, such as 1.3.6.1.2.1.1.3.0" },
	{ IN_CHECK, "min", VALUE_LOW, SPEC(min), .fallback = "none",
	  .help = "lowest good value", .types = T(SNMP) },
	{ IN_CHECK, "max", VALUE_HIGH, SPEC(max), .fallback = "none",
	  .help = "highest good value", .types = T(SNMP) },
	{ IN_CHECK, "user", VALUE_TEXT, SPEC(snmp_user),
	  .help = "user of SNMP version 3", .types = T(SNMP), .when = WHEN_USER,
	  .required = true, .problem = snmp_user_problem,
	  .takes = "1 to 32 bytes" },
	{ IN_CHECK, "auth", VALUE_WORD, SPEC(snmp_auth),
	  .words = spec_auth_words, .fallback = "none",
	  .help = "how messages are signed", .types = T(SNMP),
	  .when = WHEN_USER },
	{ IN_CHECK, "auth-password", VALUE_TEXT, SPEC(auth_password),
	  .help = "password for signing", .types = T(SNMP), .when = WHEN_AUTH,
	  .required = true, .secret = true, .problem = password_problem,
	  .takes = "8 to 255 bytes" },
	{ IN_CHECK, "priv", VALUE_WORD, SPEC(snmp_priv),
	  .words = spec_priv_words, .fallback = "none",
	  .help = "how messages are encrypted", .types = T(SNMP),
	  .when = WHEN_USER },
	{ IN_CHECK, "priv-password", VALUE_TEXT, SPEC(priv_password),
	  .help = "password for encryption", .types = T(SNMP),
	  .when = WHEN_PRIV, .required = true, .secret = true,
	  .problem = password_problem, .takes = "8 to 255 bytes" },
	{ IN_CHECK, "context", VALUE_TEXT, SPEC(context),
	  .help = "context of SNMP version 3", .types = T(SNMP),
	  .when = WHEN_USER, .problem = context_problem,
	  .takes = "1 to 255 bytes" },

	{ IN_CHECK, "command", VALUE_COMMAND, SPEC(command),
	  .help = "program and arguments; no shell", .types = T(SCRIPT),
	  .required = true,
	  .takes = "an absolute path and arguments, up to 64 words, quoted by "
		   "\" where they have blanks, with {address}, {port} and "
		   "{backend}" },
	{ IN_CHECK, "unreachable", VALUE_WORD, SPEC(silent),
	  .words = spec_silent_words, .fallback = "down",
	  .help = "what an agent that does not answer means",
	  .types = T(AGENT) },
	{ IN_CHECK, "file", VALUE_TEXT, SPEC(file),
	  .help = "path of the file that is looked for", .types = T(FILE),
	  .required = true, .problem = file_problem,
	  .takes = "an absolute path, with {address}, {port} and {backend}" },
	{ IN_CHECK, "present", VALUE_WORD, SPEC(present),
	  .words = spec_says_words, .fallback = "drain",
	  .help = "what it means that the file is there", .types = T(FILE) },

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
	{ IN_SERVICE | IN_DEFAULTS, "check", VALUE_CHECKS, SERVICE(check),
	  .fallback = "none", .help = "checks of the backends" },
	{ IN_SERVICE | IN_DEFAULTS, "check-require", VALUE_NEED, SERVICE(need),
	  1, CONF_CHECKS_MAX, .fallback = "all",
	  .help = "how many of its checks have to be good" },
	{ IN_SERVICE | IN_DEFAULTS, "backup-when", VALUE_NUMBER,
	  SERVICE(conf.backup_when), 1, RS_BACKENDS_MAX, .fallback = "1",
	  .help = "backups serve while fewer primaries can" },
	{ IN_SERVICE | IN_DEFAULTS, "minimum-usable", VALUE_PERCENT,
	  SERVICE(conf.min_usable_pct), 0, 100, .fallback = "0%",
	  .help = "below this share of usable backends, all of them serve" },
	{ IN_SERVICE | IN_DEFAULTS, "quorum", VALUE_NUMBER,
	  SERVICE(conf.quorum), 0, QUORUM_MAX, .fallback = "0",
	  .help = "weight of usable backends for the service to be up" },
	{ IN_SERVICE | IN_DEFAULTS, "quorum-hysteresis", VALUE_NUMBER,
	  SERVICE(conf.quorum_hysteresis), 0, QUORUM_MAX, .fallback = "0",
	  .help = "so much more to be up again, so much less to be down" },
	{ IN_SERVICE | IN_DEFAULTS, "slow-start", VALUE_MS,
	  SERVICE(conf.slow_start_ms), 0, 3600000, .fallback = "0",
	  .help = "time in which the weight of a new backend grows" },
	{ IN_SERVICE | IN_DEFAULTS, "flap-hold", VALUE_MS,
	  SERVICE(conf.flap_hold_ms), 0, 3600000, .fallback = "0",
	  .help = "how long a backend that fell again stays down" },
	{ IN_SERVICE | IN_DEFAULTS, "flap-hold-max", VALUE_MS,
	  SERVICE(conf.flap_hold_max_ms), 0, 86400000, .fallback = "5m",
	  .help = "longest time that it stays down for that" },
	{ IN_SERVICE | IN_DEFAULTS, "drain-timeout", VALUE_MS,
	  SERVICE(conf.drain_timeout_ms), 0, 86400000, .fallback = "0",
	  .help = "when the flows of a drained backend are cut; 0 = never" },
	{ IN_SERVICE | IN_DEFAULTS, "on-down", VALUE_WORD,
	  SERVICE(conf.on_down), .words = conf_on_down_words,
	  .fallback = "keep",
	  .help = "what happens to flows of a backend "
		  "that went down" },
	{ IN_SERVICE | IN_DEFAULTS, "on-change", VALUE_HOOK, SERVICE(on_change),
	  .help = "program that is run at changes, in place of the global" },
	{ IN_SERVICE | IN_DEFAULTS, "pool", VALUE_REF, SERVICE(pool),
	  .help = "pool whose members are backends of the service" },
	{ 0 },
};

static const size_t conf_nkeys = sizeof(conf_keys) / sizeof(conf_keys[0]) - 1;

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
	const struct conf_key *k = conf_keys + 1;
	size_t used = 0, i;
	int n;

	buf[0] = '\0';
	/* beginning with the second row: backend.NAME comes last */
	for (i = 0; i < conf_nkeys && used < size; i++, k++) {
		if (i + 1 == conf_nkeys)
			k = conf_keys;
		if (!(k->places & place))
			continue;
		n = snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
			     k->name);
		used += n > 0 ? (size_t)n : 0;
	}
	return buf;
}
