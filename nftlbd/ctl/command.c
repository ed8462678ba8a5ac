/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of commands and of what may stand in them. What a command sends and
 * how its answer is shown is in its row; a new command is a new row.
 */
#include "ctl/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/live.h"
#include "ctl/render.h"
#include "lib/addr.h"
#include "lib/nets.h"
#include "lib/parse.h"

/* ---- values */

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
	[PLACE_ENTRIES] = { "ENTRY...",
			    "addresses, networks (10.0.0.0/8) or ranges "
			    "(10.0.0.1-10.0.0.9)",
			    check_entry, "" },
	[PLACE_FILE] = { "FILE", "a configuration file", NULL, "@files" },
};

/* ---- bodies */

static json_t *body_weight(const struct call *c)
{
	uint32_t n = 0;

	if (parse_number(c->value[PLACE_WEIGHT], 0, 65535, &n) < 0)
		return json_pack("{s:n}", "weight");
	return json_pack("{s:I}", "weight", (json_int_t)n);
}

static json_t *entries_as(const struct call *c, const char *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nentries; i++)
		json_array_append_new(list, json_string(c->entries[i]));
	return json_pack("{s:o}", key, list);
}

static json_t *body_add(const struct call *c)
{
	return entries_as(c, "add");
}

static json_t *body_remove(const struct call *c)
{
	return entries_as(c, "remove");
}

static json_t *body_binding(const struct call *c)
{
	return json_pack("{s:s, s:s}", "service", c->value[PLACE_BOUND], "vm",
			 c->value[PLACE_VM]);
}

/* The daemon has a working directory of its own. */
static json_t *body_path(const struct call *c)
{
	const char *file = c->value[PLACE_FILE];
	char *dir = file[0] == '/' ? NULL : get_current_dir_name();
	json_t *o = dir ? json_pack("{s:s++}", "path", dir, "/", file)
			: json_pack("{s:s}", "path", file);

	free(dir);
	return o;
}

/* ---- commands */

#define SERVICE_PATH "/v1/services/{SERVICE}"
#define BACKEND_PATH "/v1/services/{SERVICE}/backends/{BACKEND}"
#define LIST_PATH    "/v1/lists/{LIST}"
#define BINDING_PATH "/v1/bindings/{BINDING}"

const struct command commands[] = {
	{ .grammar = "status",
	  .help = "the daemon, its services, backends and connections",
	  .method = "GET",
	  .path = "/v1/status",
	  .extra = "/v1/services",
	  .text = render_status },
	{ .grammar = "show services",
	  .help = "all services",
	  .method = "GET",
	  .path = "/v1/services",
	  .text = render_services },
	{ .grammar = "show services SERVICE",
	  .help = "one service",
	  .method = "GET",
	  .path = SERVICE_PATH,
	  .text = render_services,
	  .one_of_many = true },
	{ .grammar = "show backends",
	  .help = "all backends: state, weight, share, connections, check",
	  .method = "GET",
	  .path = "/v1/backends",
	  .text = render_backends },
	{ .grammar = "show backends SERVICE",
	  .help = "the backends of a service",
	  .method = "GET",
	  .path = SERVICE_PATH "/backends",
	  .text = render_backends },
	{ .grammar = "show backends SERVICE BACKEND",
	  .help = "one backend",
	  .method = "GET",
	  .path = BACKEND_PATH,
	  .text = render_backends,
	  .one_of_many = true },
	{ .grammar = "show checks",
	  .help = "the checks, and what they find",
	  .method = "GET",
	  .path = "/v1/checks",
	  .text = render_checks },
	{ .grammar = "show checks SERVICE",
	  .help = "what each probe of a service's backends found last",
	  .method = "GET",
	  .path = SERVICE_PATH "/checks",
	  .text = render_probes },
	{ .grammar = "show checks SERVICE BACKEND",
	  .help = "what each probe of a backend found last",
	  .method = "GET",
	  .path = BACKEND_PATH "/checks",
	  .text = render_probes },
	{ .grammar = "show feeds",
	  .help = "what the feeds of dynamic weights say of backends",
	  .method = "GET",
	  .path = "/v1/feeds",
	  .text = render_feeds },
	{ .grammar = "show feeds SERVICE",
	  .help = "the feeds of a service",
	  .method = "GET",
	  .path = SERVICE_PATH "/feeds",
	  .text = render_feeds },
	{ .grammar = "show feeds SERVICE BACKEND",
	  .help = "the feeds of one backend",
	  .method = "GET",
	  .path = BACKEND_PATH "/feeds",
	  .text = render_feeds },
	{ .grammar = "show slots",
	  .help = "the slot tables as the kernel has them",
	  .method = "GET",
	  .path = "/v1/slots",
	  .text = render_slots },
	{ .grammar = "show slots SERVICE",
	  .help = "the slot tables of a service",
	  .method = "GET",
	  .path = SERVICE_PATH "/slots",
	  .text = render_slots },
	{ .grammar = "show counters",
	  .help = "what services and backends counted",
	  .method = "GET",
	  .path = "/v1/counters",
	  .text = render_counters },
	{ .grammar = "show counters SERVICE",
	  .help = "what a service and its backends counted",
	  .method = "GET",
	  .path = SERVICE_PATH "/counters",
	  .text = render_counters,
	  .one_of_many = true },
	{ .grammar = "show counters SERVICE BACKEND",
	  .help = "what one backend counted",
	  .method = "GET",
	  .path = BACKEND_PATH "/counters",
	  .text = render_counters,
	  .one_of_many = true },
	{ .grammar = "show sessions",
	  .help = "persistent clients, and their backends",
	  .method = "GET",
	  .path = "/v1/sessions",
	  .text = render_sessions },
	{ .grammar = "show sessions SERVICE",
	  .help = "the persistent clients of a service",
	  .method = "GET",
	  .path = SERVICE_PATH "/sessions",
	  .text = render_sessions },
	{ .grammar = "show lists",
	  .help = "the lists: how large, what was changed, who uses them",
	  .method = "GET",
	  .path = "/v1/lists",
	  .text = render_lists },
	{ .grammar = "check",
	  .help = "what is wrong with this host, and how to mend it",
	  .method = "GET",
	  .path = "/v1/check",
	  .text = render_host,
	  .failed = render_host_failed },
	{ .grammar = "show plan",
	  .help = "what sync would change",
	  .method = "GET",
	  .path = "/v1/plan",
	  .text = render_plan },
	{ .grammar = "show ruleset",
	  .help = "our tables as nft lists them",
	  .method = "GET",
	  .path = "/v1/ruleset",
	  .text = render_text },
	{ .grammar = "show events",
	  .help = "the last changes of state",
	  .method = "GET",
	  .path = "/v1/events",
	  .text = render_events },
	{ .grammar = "show events SERVICE",
	  .help = "the last changes of a service and its backends",
	  .method = "GET",
	  .path = "/v1/events?service={SERVICE}",
	  .text = render_events },
	{ .grammar = "show events SERVICE BACKEND",
	  .help = "the last changes of a backend",
	  .method = "GET",
	  .path = "/v1/events?service={SERVICE}&backend={BACKEND}",
	  .text = render_events },
	{ .grammar = "show config",
	  .help = "the configuration in effect, defaults included",
	  .method = "GET",
	  .path = "/v1/config",
	  .text = render_text },
	{ .grammar = "show version",
	  .help = "the daemon's version",
	  .method = "GET",
	  .path = "/v1/version",
	  .text = render_version },
	{ .grammar = "top",
	  .help = "live view; q ends it",
	  .method = "GET",
	  .path = "/v1/status",
	  .live = live_top },
	{ .grammar = "monitor",
	  .help = "follow the changes of state as they happen",
	  .method = "GET",
	  .path = "/v1/events?follow=yes",
	  .live = live_monitor },
	{ .grammar = "monitor SERVICE",
	  .help = "follow the changes of a service and its backends",
	  .method = "GET",
	  .path = "/v1/events?follow=yes&service={SERVICE}",
	  .live = live_monitor },
	{ .grammar = "route SERVICE CLIENT[:PORT]",
	  .help = "which backend would get this client, and why",
	  .method = "GET",
	  .path = "/v1/route?service={SERVICE}&{CLIENT[:PORT]}",
	  .text = render_route },
	{ .grammar = "backend enable SERVICE BACKEND",
	  .help = "new connections again",
	  .method = "PATCH",
	  .path = BACKEND_PATH,
	  .body = "{\"admin\":\"enabled\"}",
	  .text = render_backend_line },
	{ .grammar = "backend disable SERVICE BACKEND",
	  .help = "take it out; its UDP flows are cut",
	  .method = "PATCH",
	  .path = BACKEND_PATH,
	  .body = "{\"admin\":\"disabled\"}",
	  .text = render_backend_line },
	{ .grammar = "backend drain SERVICE BACKEND",
	  .help = "no new connections; those that are there go on",
	  .method = "PATCH",
	  .path = BACKEND_PATH,
	  .body = "{\"admin\":\"drain\"}",
	  .text = render_backend_line },
	{ .grammar = "backend weight SERVICE BACKEND N|default",
	  .help = "another weight than the file's",
	  .method = "PATCH",
	  .path = BACKEND_PATH,
	  .make_body = body_weight,
	  .text = render_backend_line },
	{ .grammar = "service enable SERVICE",
	  .help = "serve it again",
	  .method = "PATCH",
	  .path = SERVICE_PATH,
	  .body = "{\"admin\":\"enabled\"}",
	  .text = render_service_line },
	{ .grammar = "service disable SERVICE",
	  .help = "take it out of the rule set",
	  .method = "PATCH",
	  .path = SERVICE_PATH,
	  .body = "{\"admin\":\"disabled\"}",
	  .text = render_service_line },
	{ .grammar = "session delete SERVICE CLIENT|all",
	  .help = "forget a persistent client: it gets any backend next time",
	  .method = "DELETE",
	  .path = SERVICE_PATH "/sessions{CLIENT|all}",
	  .text = render_forgotten },
	{ .grammar = "list show LIST",
	  .help = "all that is on a list, and what was changed of it",
	  .method = "GET",
	  .path = LIST_PATH,
	  .text = render_list },
	{ .grammar = "list test LIST ADDRESS",
	  .help = "is this address on the list, and why?",
	  .method = "GET",
	  .path = LIST_PATH "/test?address={ADDRESS}",
	  .text = render_list_test },
	{ .grammar = "list add LIST ENTRY...",
	  .help = "put entries on a list, whatever its files say",
	  .method = "POST",
	  .path = LIST_PATH,
	  .make_body = body_add,
	  .text = render_list_line },
	{ .grammar = "list remove LIST ENTRY...",
	  .help = "take entries off a list, whatever its files say",
	  .method = "POST",
	  .path = LIST_PATH,
	  .make_body = body_remove,
	  .text = render_list_line },
	{ .grammar = "config check",
	  .help = "is the daemon's configuration file good?",
	  .method = "POST",
	  .path = "/v1/config/check",
	  .text = render_checked },
	{ .grammar = "config check FILE",
	  .help = "is this file good? Needs no daemon",
	  .text = render_checked,
	  .local = check_file },
	{ .grammar = "config diff",
	  .help = "what would a reload change, and what does it cost?",
	  .method = "POST",
	  .path = "/v1/config/diff",
	  .text = render_plan },
	{ .grammar = "config diff FILE",
	  .help = "the same, with another file",
	  .method = "POST",
	  .path = "/v1/config/diff",
	  .make_body = body_path,
	  .text = render_plan },
	{ .grammar = "config reload",
	  .help = "adopt the configuration file, or change nothing",
	  .method = "POST",
	  .path = "/v1/config/reload",
	  .text = render_reloaded },
	{ .grammar = "sync",
	  .help = "read the kernel again and repair",
	  .method = "POST",
	  .path = "/v1/sync",
	  .text = render_synced },
	{ .grammar = "flush",
	  .help = "remove our tables until sync, reload or restart",
	  .method = "POST",
	  .path = "/v1/flush",
	  .text = render_flushed },
	{ .grammar = "show bindings",
	  .help = "hvagent: which machine has which service",
	  .method = "GET",
	  .path = "/v1/bindings",
	  .text = render_bindings,
	  .agent = true },
	{ .grammar = "show bindings BINDING",
	  .help = "hvagent: one binding",
	  .method = "GET",
	  .path = BINDING_PATH,
	  .text = render_bindings,
	  .one_of_many = true,
	  .agent = true },
	{ .grammar = "binding add BINDING ADDRESS:PORT/PROTO VM",
	  .help = "hvagent: bind, or bind otherwise",
	  .method = "PUT",
	  .path = BINDING_PATH,
	  .make_body = body_binding,
	  .text = render_bound,
	  .agent = true },
	{ .grammar = "binding remove BINDING",
	  .help = "hvagent: give up a binding",
	  .method = "DELETE",
	  .path = BINDING_PATH,
	  .text = render_unbound,
	  .agent = true },
	{ .grammar = "completion bash",
	  .help = "print a completion script for bash",
	  .local = completion_bash },
	{ .grammar = "completion zsh",
	  .help = "print a completion script for zsh",
	  .local = completion_zsh },
	{ .grammar = "complete-names services",
	  .help = "names, one a line; for completion scripts",
	  .method = "GET",
	  .path = "/v1/services?fields=name",
	  .text = render_names,
	  .hidden = true },
	{ .grammar = "complete-names lists",
	  .help = "names, one a line; for completion scripts",
	  .method = "GET",
	  .path = "/v1/lists",
	  .text = render_names,
	  .hidden = true },
	{ .grammar = "complete-names bindings",
	  .help = "names, one a line; for completion scripts",
	  .method = "GET",
	  .path = "/v1/bindings",
	  .text = render_names,
	  .agent = true,
	  .hidden = true },
	{ .grammar = "complete-names backends SERVICE",
	  .help = "names, one a line; for completion scripts",
	  .method = "GET",
	  .path = SERVICE_PATH "/backends",
	  .text = render_names,
	  .hidden = true },
	{ 0 },
};
