/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces where packets for services of modes dsr and ipip come in: each
 * has a chain of its own in the table of each kind of addresses.
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

static void collect(struct devices *d, const struct conf_service *c)
{
	if (!rs_is_direct(c->mode))
		return;
	for (size_t i = 0; i < c->naddrs; i++) {
		if (i > 0 && c->addrs[i].family == c->addrs[i - 1].family)
			continue;
		for (size_t k = 0; k < c->direct.ndevices; k++)
			*VEC_PUSH(d->list, d->n, d->cap) =
			    (struct device){ c->direct.devices[k],
					     c->addrs[i].family };
	}
}

void want_devices(struct want_list *w, const struct model *m)
{
	struct devices d = { 0 };

	for (size_t i = 0; i < m->nservices; i++)
		collect(&d, m->services[i].conf);
	if (d.n)
		qsort(d.list, d.n, sizeof(*d.list), device_cmp);
	for (size_t i = 0; i < d.n; i++) {
		if ((i > 0 && !device_cmp(&d.list[i - 1], &d.list[i])) ||
		    !if_nametoindex(d.list[i].name))
			continue;
		*VEC_PUSH(w->list, w->n, w->cap) = (struct rs_service){
			.name = want_own(w, xjoin("@", d.list[i].name, "")),
			.family = d.list[i].family,
			.device = true,
		};
	}
	free(d.list);
}
