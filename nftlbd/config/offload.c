/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offload: which interfaces, and what cannot be had together with it. Packets
 * of the fast path pass all rules by, so that what looks at each packet would
 * only see the first few. Asked for by the service itself that is a mistake;
 * [defaults] mean those services that can have it.
 *
 * Must not know: what the kernel can do.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "config/service.h"
#include "config/values.h"
#include "lib/parse.h"

/* ---- names of interfaces */

int fast_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	const char *rest = *text ? text : NULL;
	char item[DEVICE_SIZE];
	struct rs_devices d = { .n = 0 };

	while (list_next(&rest, item, sizeof(item))) {
		*problem = !strcmp(item, "?") ? "no name of an interface"
					      : interface_problem(item);
		if (*problem)
			return -EINVAL;
		if (!strcmp(item, "lo"))
			*problem = "what is local is not forwarded";
		else if (rs_devices_has(&d, item))
			*problem = "an interface is listed twice";
		else if (d.n == RS_DEVICES_MAX)
			*problem = "too many interfaces";
		if (*problem)
			return -EINVAL;
		memcpy(d.name[d.n++], item, strlen(item) + 1);
	}
	*(struct rs_devices *)field = d;
	return 0;
}

void fast_print(const struct conf_key *key, const void *field, struct buf *out)
{
	const struct rs_devices *d = field;

	for (uint32_t i = 0; i < d->n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", d->name[i]);
}

/* ---- what does not go together */

static bool looks_at_packets(const struct rs_qos *q)
{
	return q->packet.mask || q->has_dscp || q->priority;
}

static bool any_backend(const struct look *l)
{
	for (size_t i = 0; i < l->backends->n; i++)
		if (looks_at_packets(&l->backends->list[i].qos))
			return true;
	return false;
}

static bool has_sctp(const struct conf_service *s)
{
	return memchr(s->protos, IPPROTO_SCTP, s->nprotos) != NULL;
}

/* The first thing that is in the way, or NULL. */
static const char *obstacle(const struct look *l)
{
	const struct conf_service *s = &l->draft->conf;
	const struct {
		bool there;
		const char *allowed;
	} list[] = {
		{ has_sctp(s), "offload = yes without protocol sctp, which the "
			       "kernel does not offload" },
		{ s->helper != RS_HELPER_NONE,
		  "offload = yes with helper = none: helpers have to see each "
		  "packet" },
		{ s->counters, "offload = yes with counters = no: packets of "
			       "the fast path are not counted" },
		{ looks_at_packets(&s->qos) || any_backend(l),
		  "offload = yes without packet-mark, dscp and priority: "
		  "packets of the fast path would not get them" },
		{ s->strict, "offload = yes with strict = no: invalid packets "
			     "are not told on the fast path" },
		{ s->persist.kind != RS_PERSIST_NONE,
		  "offload = yes with persist = none: packets of the fast path "
		  "do not keep a client's entry alive" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].there)
			return list[i].allowed;
	return NULL;
}

void offload_judge(struct look *l)
{
	struct conf_service *s = &l->draft->conf;
	const char *allowed = s->offload ? obstacle(l) : NULL;

	if (!s->offload)
		return;
	if (allowed) {
		if (look_said_here(l, "offload"))
			look_refuse(l, "offload", "yes", "does not go together",
				    allowed);
		s->offload = false;
	} else if (!l->r->conf->hooks.offload.n) {
		look_refuse(
		    l, "offload", "yes", "nobody said where",
		    "offload = yes with offload-interfaces in [global]");
	}
}
