/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces where packets for services of modes dsr and ipip come in, and
 * the one where probes by way of them do: each has a chain of its own in the
 * table of each kind of addresses.
 *
 * Invariant: only those that are there are asked for; the kernel would refuse
 * all of a commit for one that is missing.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/want.h"
#include "lib/xalloc.h"

struct device {
	const char *name;
	uint8_t family;
	bool probes;  /* else clients */
	bool tunnels; /* services are of mode ipip */
};

struct devices {
	struct device *list;
	size_t n, cap;
};

static int device_cmp(const void *pa, const void *pb)
{
	const struct device *a = pa, *b = pb;
	int order = strcmp(a->name, b->name);

	return order ? order : (int)a->family - (int)b->family;
}

static void collect(struct devices *d, const struct service *s)
{
	const struct conf_service *c = s->conf;

	if (!rs_is_direct(c->mode))
		return;
	for (size_t i = 0; i < c->naddrs; i++) {
		if (i > 0 && c->addrs[i].family == c->addrs[i - 1].family)
			continue;
		for (size_t k = 0; k < c->direct.ndevices; k++)
			*VEC_PUSH(d->list, d->n, d->cap) =
			    (struct device){ c->direct.devices[k],
					     c->addrs[i].family, false,
					     c->mode == RS_IPIP };
		if (want_probes(s, c->addrs[i].family))
			*VEC_PUSH(d->list, d->n, d->cap) =
			    (struct device){ RS_PROBE_DEVICE,
					     c->addrs[i].family, true, false };
	}
}

/* All that comes in at the first one's interface; returns how many they are. */
static size_t add_device(struct want_list *w, const struct device *first,
			 size_t left)
{
	struct rs_service out = {
		.name = want_own(w, xjoin("@", first->name, "")),
		.family = first->family,
		.device = true,
		.probes_only = true,
		.tunnels_only = true,
	};
	size_t n;

	for (n = 0; n < left && !device_cmp(first, &first[n]); n++) {
		out.probes |= first[n].probes;
		out.probes_only &= first[n].probes;
		out.tunnels |= first[n].tunnels;
		out.tunnels_only &= first[n].tunnels || first[n].probes;
	}
	if (if_nametoindex(first->name))
		*VEC_PUSH(w->list, w->n, w->cap) = out;
	return n;
}

void want_devices(struct want_list *w, const struct model *m)
{
	struct devices d = { 0 };

	for (size_t i = 0; i < m->nservices; i++)
		collect(&d, &m->services[i]);
	if (d.n)
		qsort(d.list, d.n, sizeof(*d.list), device_cmp);
	for (size_t i = 0; i < d.n;)
		i += add_device(w, &d.list[i], d.n - i);
	free(d.list);
}
