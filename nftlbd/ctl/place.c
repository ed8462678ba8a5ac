/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands for a value in a command: how it is called in a grammar, and
 * which values cannot be right. A new kind of value is a new row.
 */
#include "ctl/command.h"

#include <errno.h>
#include <string.h>

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
	[PLACE_ENTRIES] = { "ENTRY...",
			    "addresses, networks (10.0.0.0/8) or ranges "
			    "(10.0.0.1-10.0.0.9)",
			    check_entry, "" },
	[PLACE_FILE] = { "FILE", "a configuration file", NULL, "@files" },
};
