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
#include "hvagent/devices.h"
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

static enum device device_of(const struct binding *b)
{
	if (binding_tunnel(b)->family == AF_INET6)
		return DEVICE_6;
	return b->service.family == AF_INET6 ? DEVICE_6IN4 : DEVICE_4;
}

/* What takes the tunnels' headers off, where machines need it. */
static void need_tunnels(struct host *h, const struct bindings *l)
{
	bool needed[DEVICES] = { false };
	struct host_item it = { .kind = HOST_DEVICE, .use = HOST_TUNNEL };

	for (size_t i = 0; i < l->n; i++)
		needed[device_of(l->list[i])] = true;
	for (enum device i = 0; i < DEVICES; i++) {
		if (!needed[i])
			continue;
		it.name = it.device = device_forms[i].name;
		host_add(h, &it);
		host_add_tunnel(h, device_forms[i].outer,
				i == DEVICE_4 ? AF_INET : AF_INET6);
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
