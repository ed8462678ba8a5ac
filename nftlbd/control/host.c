/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /v1/check: what this gateway is for, in the host check's words. A child
 * asks the kernel: with many backends that takes its time.
 *
 * Must not know: what is good or bad about a host.
 */
#include <stdlib.h>
#include <unistd.h>

#include "control/listing.h"
#include "hostcheck/hostcheck.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define NROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const unsigned int use_of_mode[RS_MODES] = {
	[RS_DNAT] = HOST_TRACKED,        [RS_SNAT] = HOST_TRACKED,
	[RS_STATELESS] = HOST_STATELESS, [RS_DSR] = HOST_DSR,
	[RS_IPIP] = HOST_IPIP,
};

/* Parts of the kernel that a mode cannot do without. */
static const struct {
	enum rs_mode mode;
	const char *name;
} modules[] = {
	{ RS_DNAT, "nft_chain_nat" },  { RS_SNAT, "nft_chain_nat" },
	{ RS_STATELESS, "nft_ct" },    { RS_STATELESS, "nft_hash" },
	{ RS_DSR, "nft_fwd_netdev" },  { RS_DSR, "nft_hash" },
	{ RS_IPIP, "nft_fwd_netdev" }, { RS_IPIP, "nft_hash" },
};

static bool seed_decides(const struct conf_service *s)
{
	return s->scheduler == RS_SOURCE_HASH || rs_is_direct(s->mode);
}

/* A tunnel holds what clients send: the service's families. */
static void need_tunnels(struct host *h, const struct conf_service *s,
			 const struct conf_backend *b)
{
	for (size_t i = 0; i < s->naddrs; i++)
		host_add_tunnel(h, b->addr.family, s->addrs[i].family);
}

static void need_fronts(struct host *h, const struct conf_direct *direct)
{
	struct host_item it = { .kind = HOST_DEVICE, .use = HOST_FRONT };

	for (size_t i = 0; i < direct->ndevices; i++) {
		it.device = direct->devices[i];
		host_add(h, &it);
	}
}

static bool goes_ahead(const struct conf_service *s)
{
	return s->mode == RS_STATELESS && s->direct.ndevices > 0;
}

/* Names are the items' own, and freed with them: need_free(). */
static void need_service(struct host *h, const struct conf_service *s)
{
	struct host_item it = { .use = use_of_mode[s->mode] };

	if (seed_decides(s))
		it.use |= HOST_HASHED;
	for (size_t i = 0; i < NROWS(modules); i++)
		if (modules[i].mode == s->mode)
			host_add_module(h, modules[i].name);
	if (rs_is_direct(s->mode))
		need_fronts(h, &s->direct);
	if (goes_ahead(s))
		host_add_module(h, "nft_fwd_netdev");
	it.kind = HOST_ADDRESS;
	for (size_t i = 0; i < s->naddrs; i++) {
		it.name = xstrdup(s->name);
		it.addr = s->addrs[i];
		host_add(h, &it);
	}
	it.kind = HOST_PEER;
	if (goes_ahead(s))
		it.use |= HOST_AHEAD;
	for (size_t i = 0; i < s->nbackends; i++) {
		it.name = xjoin(s->name, "/", s->backends[i].name);
		it.addr = s->backends[i].addr;
		host_add(h, &it);
		if (s->mode == RS_IPIP)
			need_tunnels(h, s, &s->backends[i]);
	}
}

static void need_free(struct host *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].kind != HOST_MODULE)
			free((char *)h->items[i].name);
	host_free(h);
}

static int host_child(const struct request *rq)
{
	const struct conf *c = request_daemon(rq)->model->conf;
	struct host h = { 0 };
	uint32_t seed = 0;
	int ret;

	parse_number(CONF_DEFAULT_SEED, 0, UINT32_MAX, &seed);
	h.default_seed = c->hash_seed == seed;
	for (size_t i = 0; i < c->nservices; i++)
		if (c->services[i].mode != RS_LOCAL)
			need_service(&h, &c->services[i]);
	ret = hostcheck_print(&h, STDOUT_FILENO);
	need_free(&h);
	return ret;
}

void show_host(struct request *rq)
{
	static const struct listing_kind kind = { "checking the host",
						  "application/json",
						  host_child };

	listing_start(rq, &kind);
}
