/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of [check] and [feed]: which type knows each of them, and beside
 * which others it counts. A feed is asked as a check probes, so they share what
 * is about that.
 */
#include "config/keys.h"

#include <stddef.h>

#include "config/draft.h"
#include "config/values.h"
#include "healthcheck/text.h"

#define DRAFT(field) offsetof(struct check_draft, field)
#define CHECK(field) offsetof(struct check_draft, conf.field)
#define SPEC(field)  offsetof(struct check_draft, conf.spec.field)
#define T(type)      (1u << HC_##type)
#define BOTH         (IN_CHECK | IN_FEED)
#define ALL_TYPES    ((1u << HC_TYPES) - 1)
#define NET_TYPES    (ALL_TYPES & ~(T(SCRIPT) | T(FILE)))
#define HTTP_TYPES   (T(HTTP) | T(HTTPS))
#define TLS_TYPES    (T(TCP) | T(HTTPS))
#define SNMP_TYPES   (T(SNMP) | T(CPU))
#define VIA_TYPES    (HTTP_TYPES | T(TCP) | T(UDP) | T(DNS))

static const struct word check_types[] = {
	{ "tcp", HC_TCP },     { "http", HC_HTTP },
	{ "https", HC_HTTPS }, { "icmp", HC_ICMP },
	{ "udp", HC_UDP },     { "dns", HC_DNS },
	{ "snmp", HC_SNMP },   { "script", HC_SCRIPT },
	{ "agent", HC_AGENT }, { "file", HC_FILE },
	{ NULL, 0 },
};
static const struct word feed_types[] = {
	{ "cpu", HC_CPU },       { "snmp", HC_SNMP }, { "agent", HC_AGENT },
	{ "script", HC_SCRIPT }, { NULL, 0 },
};

static const struct conf_key rows[] = {
	{ IN_CHECK, "type", VALUE_WORD, CHECK(type), .words = check_types,
	  .fallback = "tcp", .help = "what a probe does" },
	{ IN_FEED, "type", VALUE_WORD, CHECK(type), .words = feed_types,
	  .fallback = "cpu", .help = "who is asked, and how" },
	{ IN_FEED, "low", VALUE_DECIMAL, DRAFT(low),
	  .help = "value of a backend that is idle; 0 with cpu" },
	{ IN_FEED, "high", VALUE_DECIMAL, DRAFT(high),
	  .help = "value of one that bears no more; 1 with cpu" },
	{ BOTH, "interval", VALUE_MS, CHECK(interval_ms), 100, 3600000,
	  .fallback = "2s", .help = "from the start of a probe to the next" },
	{ IN_CHECK, "fast-interval", VALUE_MS, CHECK(fast_ms), 100, 3600000,
	  .help = "interval while rise or fall are counted" },
	{ IN_CHECK, "down-interval", VALUE_MS, CHECK(down_ms), 100, 3600000,
	  .help = "interval while down" },
	{ BOTH, "timeout", VALUE_MS, CHECK(timeout_ms), 10, 3600000,
	  .fallback = "1s", .help = "longest wait for an answer" },
	{ IN_CHECK, "rise", VALUE_NUMBER, CHECK(rise), 1, 1000, .fallback = "2",
	  .help = "successes in a row until up" },
	{ IN_CHECK, "fall", VALUE_NUMBER, CHECK(fall), 1, 1000, .fallback = "3",
	  .help = "failures in a row until down" },
	{ BOTH, "jitter", VALUE_PERCENT, CHECK(jitter_pct), 0, 50,
	  .fallback = "10%", .help = "intervals are shortened by up to this" },
	{ BOTH, "port", VALUE_PORT, CHECK(port), 1, UINT16_MAX,
	  .help = "port to probe, where it is not the backend's",
	  .types = ALL_TYPES & ~T(ICMP) },
	{ IN_CHECK, "start", VALUE_WORD, CHECK(start), .words = hc_start_words,
	  .fallback = "up", .help = "health before the first results" },
	{ IN_CHECK, "via", VALUE_WORD, CHECK(via), .words = conf_via_words,
	  .fallback = "direct", .help = "the way that probes take",
	  .types = VIA_TYPES },
	{ BOTH, "source-address", VALUE_SENDER, CHECK(spec),
	  .help = "addresses that probes come from", .types = NET_TYPES },
	{ BOTH, "interface", VALUE_TEXT, SPEC(interface),
	  .help = "network interface that probes leave by", .types = NET_TYPES,
	  .problem = interface_problem,
	  .takes = "the name of an interface, up to 15 characters" },

	{ BOTH, "send", VALUE_TEXT, SPEC(send),
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

	{ BOTH, "version", VALUE_WORD, SPEC(snmp_version),
	  .words = spec_snmp_words, .fallback = "2c", .help = "version of SNMP",
	  .types = SNMP_TYPES },
	{ IN_CHECK, "community", VALUE_TEXT, SPEC(community),
	  .help = "community of SNMP versions 1 and 2c", .types = T(SNMP),
	  .when = WHEN_COMMUNITY, .required = true, .secret = true,
	  .problem = community_problem, .takes = "1 to 255 bytes" },
	/* of feeds: what agents know that nobody has set up for us */
	{ IN_FEED, "community", VALUE_TEXT, SPEC(community),
	  .fallback = "public", .help = "community of SNMP versions 1 and 2c",
	  .types = SNMP_TYPES, .when = WHEN_COMMUNITY, .secret = true,
	  .problem = community_problem, .takes = "1 to 255 bytes" },
	{ BOTH, "oid", VALUE_TEXT, SPEC(oid),
	  .help = "object that is asked for", .types = T(SNMP),
	  .required = true, .problem = oid_problem,
	  .takes = "numbers separated by dots, such as 1.3.6.1.2.1.1.3.0" },
	{ IN_CHECK, "min", VALUE_LOW, SPEC(min), .fallback = "none",
	  .help = "lowest good value", .types = T(SNMP) },
	{ IN_CHECK, "max", VALUE_HIGH, SPEC(max), .fallback = "none",
	  .help = "highest good value", .types = T(SNMP) },
	{ BOTH, "user", VALUE_TEXT, SPEC(snmp_user),
	  .help = "user of SNMP version 3", .types = SNMP_TYPES,
	  .when = WHEN_USER, .required = true, .problem = snmp_user_problem,
	  .takes = "1 to 32 bytes" },
	{ BOTH, "auth", VALUE_WORD, SPEC(snmp_auth), .words = spec_auth_words,
	  .fallback = "none", .help = "how messages are signed",
	  .types = SNMP_TYPES, .when = WHEN_USER },
	{ BOTH, "auth-password", VALUE_TEXT, SPEC(auth_password),
	  .help = "password for signing", .types = SNMP_TYPES,
	  .when = WHEN_AUTH, .required = true, .secret = true,
	  .problem = password_problem, .takes = "8 to 255 bytes" },
	{ BOTH, "priv", VALUE_WORD, SPEC(snmp_priv), .words = spec_priv_words,
	  .fallback = "none", .help = "how messages are encrypted",
	  .types = SNMP_TYPES, .when = WHEN_USER },
	{ BOTH, "priv-password", VALUE_TEXT, SPEC(priv_password),
	  .help = "password for encryption", .types = SNMP_TYPES,
	  .when = WHEN_PRIV, .required = true, .secret = true,
	  .problem = password_problem, .takes = "8 to 255 bytes" },
	{ BOTH, "context", VALUE_TEXT, SPEC(context),
	  .help = "context of SNMP version 3", .types = SNMP_TYPES,
	  .when = WHEN_USER, .problem = context_problem,
	  .takes = "1 to 255 bytes" },

	{ BOTH, "command", VALUE_COMMAND, SPEC(command),
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
};

const struct key_table keys_of_checks = { rows, KEY_ROWS(rows), BOTH };
