/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of keys. A key exists because it has a row here: parser, messages,
 * list of keys and the manual's test all read it.
 */
#include "hvagent/keys.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/values.h"
#include "hvagent/conf_export.h"

#define DRAFT(field) offsetof(struct hv_draft, field)
#define CONF(field)  offsetof(struct hv_draft, conf.field)

static const struct word export_words[] = {
	{ "none", HV_EXPORT_NONE },
	{ "file", HV_EXPORT_FILE },
	{ "http", HV_EXPORT_HTTP },
	{ "kafka", HV_EXPORT_KAFKA },
	{ NULL, 0 },
};

static const char *service_problem(const char *text)
{
	struct binding b;

	return binding_service_parse(text, &b) ? "not understood" : NULL;
}

static const char *vm_problem(const char *text)
{
	struct binding b;

	return binding_vm_parse(text, &b) ? "not understood" : NULL;
}

static const char *tunnel_problem(const char *text)
{
	struct binding b;

	return binding_tunnel_parse(text, &b) ? "not understood" : NULL;
}

static const char *uplink_problem(const char *text)
{
	const char *rest = text, *problem = NULL;
	char item[LINE_MAX_BYTES];
	size_t n = 0;

	while (!problem && list_next(&rest, item, sizeof(item))) {
		problem = interface_problem(item);
		n++;
	}
	return problem              ? problem
	       : n > HV_UPLINKS_MAX ? "too many interfaces"
				    : NULL;
}

static const char *gateways_problem(const char *text)
{
	const char *rest = text, *problem = NULL;
	char item[ADDR_STRLEN];
	struct addr a;
	size_t n = 0;

	while (!problem && list_next(&rest, item, sizeof(item))) {
		problem =
		    addr_parse(item, &a) ? "not an address" : addr_problem(&a);
		n++;
	}
	return problem               ? problem
	       : n > HV_GATEWAYS_MAX ? "too many addresses"
				     : NULL;
}

static const char *target_problem(const char *text)
{
	return strlen(text) > 1024 ? "too long" : NULL;
}

static const struct conf_key rows[] = {
	{ HV_IN(HV_GLOBAL), "include", VALUE_INCLUDE,
	  .help = "files and patterns to read after this file" },
	{ HV_IN(HV_GLOBAL), "uplink", VALUE_TEXT, DRAFT(uplink),
	  .problem = uplink_problem, .required = true,
	  .takes = "names of interfaces, up to " HV_UPLINKS_TEXT
		   " separated by commas",
	  .help = "interfaces by which the gateways' tunnels come in" },
	{ HV_IN(HV_GLOBAL), "gateways", VALUE_TEXT, DRAFT(gateways),
	  .problem = gateways_problem, .required = true,
	  .takes = "IPv4 and IPv6 unicast addresses, up to " HV_GATEWAYS_TEXT
		   ", separated by commas",
	  .help = "addresses that may send tunnels" },
	{ HV_IN(HV_GLOBAL), "listen", VALUE_TEXT, CONF(listen),
	  .problem = listen_problem,
	  .takes = "ADDRESS:PORT, an IPv6 address in brackets",
	  .help = "where the HTTP API listens beside the socket; off without" },
	{ HV_IN(HV_GLOBAL), "token-file", VALUE_PATH, CONF(token_file),
	  .help = "file with the HTTP API's bearer token" },
	{ HV_IN(HV_GLOBAL), "cert-file", VALUE_PATH, CONF(cert_file),
	  .help = "file with the HTTP API's certificate, and its chain" },
	{ HV_IN(HV_GLOBAL), "key-file", VALUE_PATH, CONF(key_file),
	  .help = "file with the certificate's key" },
	{ HV_IN(HV_GLOBAL), "control-socket", VALUE_SOCKET,
	  CONF(control_socket), .fallback = "/run/nftlb/hvagent.sock",
	  .help = "UNIX socket for nftlbctl" },
	{ HV_IN(HV_GLOBAL), "control-group", VALUE_ACCOUNT, CONF(control_group),
	  .help = "group whose members may use the control socket" },
	{ HV_IN(HV_GLOBAL), "state-dir", VALUE_PATH, CONF(state_dir),
	  .fallback = "/var/lib/nftlb",
	  .help = "directory for what outlives a restart" },
	{ HV_IN(HV_GLOBAL), "table", VALUE_TABLE, CONF(table),
	  .fallback = "hvagent",
	  .help = "name of the agent's nf_tables tables" },
	{ HV_IN(HV_GLOBAL), "log-level", VALUE_WORD, CONF(log_level),
	  .words = log_level_words, .fallback = "info",
	  .help = "least important messages that are logged" },
	{ HV_IN(HV_EXPORT), "type", VALUE_WORD, CONF(export.type),
	  .words = export_words, .fallback = "none",
	  .help = "how the rules are exported" },
	{ HV_IN(HV_EXPORT), "target", VALUE_TEXT, CONF(export.target),
	  .problem = target_problem,
	  .takes = "a path (file), a URL (http), or HOST[:PORT], "
		   "HOST[:PORT].. (kafka), up to 1024 bytes",
	  .help = "where the export goes" },
	{ HV_IN(HV_EXPORT), "topic", VALUE_TEXT, CONF(export.topic),
	  .problem = export_topic_problem,
	  .takes = "letters, digits, '.', '_' and '-', up to 249",
	  .help = "topic that type kafka writes to" },
	{ HV_IN(HV_EXPORT), "token-file", VALUE_PATH, CONF(export.token_file),
	  .help = "file with a bearer token for type http" },
	{ HV_IN(HV_EXPORT), "interval", VALUE_MS, CONF(export.interval_ms),
	  1000, 86400000, .fallback = "1m",
	  .help = "time between two exports" },
	{ HV_IN(HV_BINDING), "service", VALUE_TEXT, DRAFT(service),
	  .problem = service_problem, .required = true,
	  .takes = BINDING_SERVICE_ALLOWED,
	  .help = "what clients ask for: address, port and protocol" },
	{ HV_IN(HV_BINDING), "vm", VALUE_TEXT, DRAFT(vm), .problem = vm_problem,
	  .required = true, .takes = BINDING_VM_ALLOWED,
	  .help = "the machine's address, and its port if another" },
	{ HV_IN(HV_BINDING), "tunnel", VALUE_TEXT, DRAFT(tunnel),
	  .problem = tunnel_problem, .takes = BINDING_TUNNEL_ALLOWED,
	  .help = "address that tunnels to the machine lead to, if another" },
};

static const struct key_table table = { rows, KEY_ROWS(rows),
					HV_IN(HV_GLOBAL) | HV_IN(HV_EXPORT) |
					    HV_IN(HV_BINDING) };
static const struct key_table *const tables[] = { &table };
const struct key_set hv_keys = { tables, 1 };

static const struct doc_kind_form kinds[] = {
	[HV_GLOBAL] = { "global", false },
	[HV_EXPORT] = { "export", false },
	[HV_BINDING] = { "binding", true },
	[HV_KINDS] = { NULL, false },
};

const struct doc_grammar hv_grammar = { kinds,
					"[global], [export], [binding NAME]" };
