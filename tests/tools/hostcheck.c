/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host check by itself, for the lab: what the host is for is said on the
 * command line, USE=NAME[,ADDRESS[,INTERFACE]] each (words below); what is
 * found is printed as the daemons print it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostcheck/hostcheck.h"

static const struct {
	const char *word;
	enum host_kind kind;
	unsigned int use;
} uses[] = {
	{ "tracked", HOST_PEER, HOST_TRACKED },
	{ "stateless", HOST_PEER, HOST_STATELESS },
	{ "ahead", HOST_PEER, HOST_AHEAD },
	{ "stateless-service", HOST_ADDRESS, HOST_STATELESS },
	{ "dsr", HOST_PEER, HOST_DSR },
	{ "ipip", HOST_PEER, HOST_IPIP },
	{ "vm", HOST_PEER, HOST_VM },
	{ "sender", HOST_PEER, HOST_SENDER },
	{ "front", HOST_DEVICE, HOST_FRONT },
	{ "uplink", HOST_DEVICE, HOST_UPLINK },
	{ "tunnel", HOST_DEVICE, HOST_TUNNEL },
	{ "module", HOST_MODULE, HOST_PART },
	{ "agent", HOST_ADDRESS, HOST_AGENT },
};

#define NUSES (sizeof(uses) / sizeof(uses[0]))

static bool add(struct host *h, char *text)
{
	struct host_item it = { 0 };
	char *word = strsep(&text, "="), *address;
	size_t i = 0;

	while (i < NUSES && strcmp(uses[i].word, word) != 0)
		i++;
	if (i == NUSES || !text)
		return false;
	it.kind = uses[i].kind;
	it.use = uses[i].use;
	it.name = strsep(&text, ",");
	address = strsep(&text, ",");
	it.device = it.kind == HOST_DEVICE ? it.name : text;
	if (address && addr_parse(address, &it.addr) < 0)
		return false;
	host_add(h, &it);
	return true;
}

int main(int argc, char **argv)
{
	struct host h = { .ngateways = 1 };
	int ret;

	for (int i = 1; i < argc; i++)
		if (!add(&h, argv[i])) {
			fprintf(stderr, "%s: what is %s?\n", argv[0], argv[i]);
			return 2;
		}
	ret = hostcheck_print(&h, STDOUT_FILENO);
	host_free(&h);
	return ret;
}
