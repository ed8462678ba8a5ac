/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /v1/check: what this hypervisor is for, in the host check's words. A
 * child asks the kernel: with many bindings that takes its time.
 *
 * Must not know: what is good or bad about a host.
 */
#include <unistd.h>

#include "hostcheck/hostcheck.h"
#include "http/listing.h"
#include "hvagent/api_impl.h"
#include "rulesets/form.h"

/* Parts of the kernel that our rules cannot do without. */
static const char *const modules[] = { "nft_chain_nat", "nft_fib_inet",
				       "nft_ct" };

static void need_machines(struct host *h, const struct bindings *l)
{
	struct host_item it = { .kind = HOST_PEER, .use = HOST_VM };

	for (size_t i = 0; i < l->n; i++) {
		it.name = l->list[i]->name;
		it.addr = l->list[i]->vm;
		host_add(h, &it);
	}
}

static void need_gateways(struct host *h, const struct hv_conf *c)
{
	struct host_item it = { .kind = HOST_PEER,
				.use = HOST_SENDER,
				.name = "gateway" };

	h->ngateways = c->ngateways;
	if (c->nuplinks == 1) /* else by which one is not known */
		it.device = c->uplinks[0];
	for (size_t i = 0; i < c->ngateways; i++) {
		it.addr = c->gateways[i];
		host_add(h, &it);
	}
}

static void need_uplinks(struct host *h, const struct hv_conf *c)
{
	struct host_item it = { .kind = HOST_DEVICE,
				.use = HOST_UPLINK | HOST_AGENT };

	for (size_t i = 0; i < c->nuplinks; i++) {
		it.name = it.device = c->uplinks[i];
		host_add(h, &it);
	}
}

/* What takes the tunnels' headers off, where machines need it. */
static void need_tunnels(struct host *h, const struct bindings *l)
{
	static const char *const devices[] = { AGENT_DEVICE4, AGENT_DEVICE6 };
	bool needed[RS_FAMILIES] = { false };
	struct host_item it = { .kind = HOST_DEVICE, .use = HOST_TUNNEL };

	for (size_t i = 0; i < l->n; i++)
		needed[family_index(l->list[i]->vm.family)] = true;
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		if (!needed[f])
			continue;
		it.name = it.device = devices[f];
		host_add(h, &it);
		host_add_tunnel(h, family_of(f), family_of(f));
	}
}

static int check_child(const struct request *rq)
{
	const struct agent *a = request_api(rq)->a;
	struct host h = { 0 };
	int ret;

	need_uplinks(&h, a->conf);
	need_gateways(&h, a->conf);
	need_machines(&h, &a->bindings);
	need_tunnels(&h, &a->bindings);
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		host_add_module(&h, modules[i]);
	ret = hostcheck_print(&h, STDOUT_FILENO);
	host_free(&h);
	return ret;
}

void api_show_check(struct request *rq)
{
	static const struct listing_kind kind = { "checking the host",
						  "application/json",
						  check_child };

	listing_start(rq, &kind);
}
