/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands for a value in a command: how it is called in a grammar, and
 * which values cannot be right. A new kind of value is a new row.
 */
#include "ctl/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/conf.h"
#include "lib/addr.h"
#include "lib/nets.h"
#include "lib/parse.h"

static int check_name(const char *value, struct err *err)
{
	return name_valid(value)
		   ? 0
		   : err_set(err, -EINVAL,
			     "\"%s\" is no name: letters, digits, '_', '.' and "
			     "'-', 63 at most",
			     value);
}

static int check_client(const char *value, struct err *err)
{
	struct addr a;
	uint16_t port;

	if (addr_parse(value, &a) == 0 || endpoint_parse(value, &a, &port) == 0)
		return 0;
	return err_set(err, -EINVAL,
		       "\"%s\" is no client: ADDRESS, ADDRESS:PORT or "
		       "[ADDRESS]:PORT",
		       value);
}

static int check_weight(const char *value, struct err *err)
{
	uint32_t n;

	if (!strcmp(value, "default") || parse_number(value, 0, 65535, &n) == 0)
		return 0;
	return err_set(err, -EINVAL,
		       "\"%s\" is no weight: 0 to 65535, or default", value);
}

/* Which kinds there are depends on the service: the daemon knows. */
static int check_session(const char *value, struct err *err)
{
	static const char allowed[] = "0123456789abcdefABCDEF.:[]/";

	if (!strcmp(value, "all") ||
	    (value[0] && strspn(value, allowed) == strlen(value)))
		return 0;
	return err_set(err, -EINVAL,
		       "\"%s\" is no client: all, or as `show sessions` writes "
		       "them",
		       value);
}

static int check_address(const char *value, struct err *err)
{
	struct addr a;

	return addr_parse(value, &a) == 0
		   ? 0
		   : err_set(err, -EINVAL, "\"%s\" is no address", value);
}

static int check_entry(const char *value, struct err *err)
{
	struct net_range r;

	return net_parse(value, &r, err);
}

static int check_endpoint(const char *value, struct err *err)
{
	struct addr a;
	uint16_t port;

	if (addr_parse(value, &a) == 0 || endpoint_parse(value, &a, &port) == 0)
		return 0;
	return err_set(err, -EINVAL,
		       "\"%s\" is no address of a backend: ADDRESS, "
		       "ADDRESS:PORT or [ADDRESS]:PORT",
		       value);
}

static int check_revision(const char *value, struct err *err)
{
	uint32_t n;

	return parse_number(value, 1, INT32_MAX, &n) == 0
		   ? 0
		   : err_set(err, -EINVAL,
			     "\"%s\" is no revision: a number from 1, see "
			     "config history",
			     value);
}

static int check_duration(const char *value, struct err *err)
{
	uint32_t ms;

	return parse_duration(value, &ms) == 0 && ms >= 1000 && ms <= 86400000
		   ? 0
		   : err_set(err, -EINVAL,
			     "\"%s\" is no time for a confirm: 1s to 24h",
			     value);
}

static int check_option(const char *value, struct err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(value, "="), value);
	return conf_option_kind(name) != CONF_OPTION_NONE
		   ? 0
		   : err_set(err, -EINVAL,
			     "\"%s\" is no option of a backend line; see "
			     "nftlbd.conf(5)",
			     value);
}

const struct place_info places[PLACES] = {
	[PLACE_SERVICE] = { "SERVICE", "name of a service", check_name,
			    "@services" },
	[PLACE_BACKEND] = { "BACKEND", "name of a backend of that service",
			    check_name, "@backends" },
	[PLACE_CLIENT] = { "CLIENT[:PORT]",
			   "address of a client, IPv6 with "
			   "port in brackets",
			   check_client, "" },
	[PLACE_WEIGHT] = { "N|default", "0 to 65535, or what the file says",
			   check_weight, "default" },
	[PLACE_SESSION] = { "CLIENT|all",
			    "a persistent client as show sessions writes it",
			    check_session, "all" },
	[PLACE_LIST] = { "LIST", "name of a list", check_name, "@lists" },
	[PLACE_ADDRESS] = { "ADDRESS", "an address, IPv6 without brackets",
			    check_address, "" },
	[PLACE_BINDING] = { "BINDING", "name of a binding of hvagent",
			    check_name, "@bindings" },
	[PLACE_BOUND] = { "ADDRESS:PORT/PROTO",
			  "what clients ask for: 192.0.2.10:80/tcp", NULL, "" },
	[PLACE_VM] = { "VM", "ADDRESS or ADDRESS:PORT of a virtual machine",
		       NULL, "" },
	[PLACE_TUNNEL] = { "TUNNEL",
			   "address that gateways send the machine's tunnels "
			   "to, if another",
			   check_address, "" },
	[PLACE_POOL] = { "POOL", "name of a pool", check_name, "@pools" },
	[PLACE_MEMBER] = { "NAME", "name of a backend of that pool", check_name,
			   "@members" },
	[PLACE_ENDPOINT] = { "ADDRESS[:PORT]",
			     "of a backend, IPv6 with a port in brackets",
			     check_endpoint, "" },
	[PLACE_REVISION] = { "N", "number of a revision, see config history",
			     check_revision, "@revisions" },
	[PLACE_DURATION] = { "DURATION", "1s to 24h: 90s, 5m", check_duration,
			     "60s" },
	[PLACE_OPTIONS] = { "OPTION...",
			    "as on a backend line: weight=2 backup check=web",
			    check_option,
			    "weight= check= max-connections= backup disabled" },
	[PLACE_ENTRIES] = { "ENTRY...",
			    "addresses, networks (10.0.0.0/8) or ranges "
			    "(10.0.0.1-10.0.0.9)",
			    check_entry, "" },
	[PLACE_FILE] = { "FILE", "a configuration file", NULL, "@files" },
};
