/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the kernel have a part, or can it load it? Loaded modules are below
 * /sys/module; what is built in and what can be loaded is listed beside the
 * modules; where there is no such list, a symbol of the part among the kernel's
 * own tells. Where nothing can be read, nothing is known.
 */
#include "hostcheck/impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Parts, and a function that nobody else has. */
static const struct {
	const char *name, *symbol;
} symbols[] = {
	{ "ipip", "ipip_newlink" },
	{ "sit", "ipip6_newlink" },
	{ "ip6_tunnel", "ip6_tnl_newlink" },
	{ "nft_fwd_netdev", "nft_fwd_netdev_eval" },
	{ "nft_dup_netdev", "nft_dup_netdev_eval" },
	{ "nft_hash", "nft_jhash_eval" },
	{ "nft_numgen", "nft_ng_inc_eval" },
	{ "nft_nat", "nft_nat_eval" },
	{ "nft_masq", "nft_masq_eval" },
	{ "nft_ct", "nft_notrack_eval" },
	{ "nft_chain_nat", "nft_nat_do_chain" },
};

/* '-' and '_' are the same in names of modules. */
static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return b[len] == '\0';
}

/* "kernel/net/ipv4/ipip.ko.xz: kernel/..." */
static bool line_names(const char *line, const char *name)
{
	const char *end = strstr(line, ".ko"), *begin = end;

	while (begin && begin > line && begin[-1] != '/')
		begin--;
	return begin && same_name(begin, name, (size_t)(end - begin));
}

/* "ffffffff81f83b90 t nft_payload_set_eval	[module]" */
static bool line_has_symbol(const char *line, const char *symbol)
{
	const char *at = strchr(line, ' ');

	at = at ? strchr(at + 1, ' ') : NULL;
	return at && !strncmp(at + 1, symbol, strlen(symbol)) &&
	       strcspn(at + 1, " \t\n") == strlen(symbol);
}

static const char *symbol_of(const char *name)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (!strcmp(symbols[i].name, name))
			return symbols[i].symbol;
	return NULL;
}

static bool is_symbol_of(const char *line, const char *name)
{
	const char *symbol = symbol_of(name);

	return symbol && line_has_symbol(line, symbol);
}

/* Items that a line of @path speaks of become @state. True: it can be read. */
static bool search(struct host *h, const char *path, enum host_module state,
		   bool (*speaks)(const char *line, const char *name))
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool any = false;

	if (!f)
		return false;
	while (getline(&line, &size, f) > 0) {
		any = true;
		for (size_t i = 0; i < h->n; i++)
			if (h->items[i].kind == HOST_MODULE &&
			    h->items[i].module == HOST_MODULE_UNKNOWN &&
			    speaks(line, h->items[i].name))
				h->items[i].module = state;
	}
	free(line);
	fclose(f);
	return any;
}

static bool search_list(struct host *h, const char *list,
			enum host_module state)
{
	char path[160];

	snprintf(path, sizeof(path), "/lib/modules/%s/%s", h->kernel, list);
	return search(h, path, state, line_names);
}

/* Return: how many are still not known */
static size_t look_loaded(struct host *h)
{
	size_t left = 0;
	char path[128];

	for (size_t i = 0; i < h->n; i++) {
		struct host_item *it = &h->items[i];

		if (it->kind != HOST_MODULE)
			continue;
		snprintf(path, sizeof(path), "/sys/module/%s", it->name);
		it->module = access(path, F_OK) == 0 ? HOST_MODULE_THERE
						     : HOST_MODULE_UNKNOWN;
		left += it->module == HOST_MODULE_UNKNOWN;
	}
	return left;
}

void read_modules(struct host *h)
{
	bool builtin, modules, kernel;

	if (look_loaded(h) == 0)
		return;
	builtin = search_list(h, "modules.builtin", HOST_MODULE_THERE);
	modules = search_list(h, "modules.dep", HOST_MODULE_LOADABLE);
	kernel = search(h, "/proc/kallsyms", HOST_MODULE_THERE, is_symbol_of);
	for (size_t i = 0; i < h->n; i++) {
		struct host_item *it = &h->items[i];

		if (it->kind == HOST_MODULE &&
		    it->module == HOST_MODULE_UNKNOWN &&
		    ((builtin && modules) || (kernel && symbol_of(it->name))))
			it->module = HOST_MODULE_MISSING;
	}
}
