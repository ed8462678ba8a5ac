/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast path of `offload = yes`: what has to be known of the machine.
 *
 * An interface that is not there is no reason to refuse anything: its packets
 * go the long way, and it comes to the table when it is there. An interface
 * that is deleted and made anew under its name is another one to the kernel,
 * known by its number.
 *
 * Must not know: how rules use it.
 */
#include "daemon/offload.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/committer.h"
#include "daemon/daemon.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define LOOK_S 1.0 /* an interface is in the table so late at most */

struct offload {
	struct daemon *d;
	ev_timer look;
	uint64_t generation; /* of the model whose services were asked */
	bool asked;          /* some service wants it */
	unsigned int index[RS_DEVICES_MAX]; /* of those in the file; 0 = not
					     * there */
};

static bool asked_for(const struct conf *c)
{
	for (size_t i = 0; i < c->nservices; i++)
		if (c->services[i].offload)
			return true;
	return false;
}

int offload_check(struct ruleset *rs, const struct conf *c, struct err *err)
{
	bool known[RS_FAMILIES] = { false, false };
	struct err words = { "" };
	int ret = 0;

	for (size_t i = 0; i < c->nservices; i++) {
		const struct conf_service *s = &c->services[i];

		for (size_t a = 0; s->offload && a < s->naddrs; a++) {
			uint8_t family = s->addrs[a].family;

			if (known[family_index(family)])
				continue;
			known[family_index(family)] = true;
			ret = ruleset_can_offload(rs, family, &words);
			if (ret < 0)
				return err_set(err, ret,
					       "service %s: offload = yes: %s",
					       s->name, words.msg);
		}
	}
	return 0;
}

struct rs_hooks offload_hooks(const struct conf *c)
{
	struct rs_hooks hooks = c->hooks;

	hooks.offload.n = 0;
	if (!asked_for(c))
		return hooks;
	for (uint32_t i = 0; i < c->hooks.offload.n; i++)
		if (if_nametoindex(c->hooks.offload.name[i]))
			memcpy(hooks.offload.name[hooks.offload.n++],
			       c->hooks.offload.name[i], RS_DEVICE_NAME);
	return hooks;
}

/* Return: has something changed since the last look? */
static bool look(struct offload *o)
{
	const struct model *m = o->d->model;
	const struct rs_devices *d = &m->conf->hooks.offload;
	bool changed = false;

	if (o->generation != m->generation)
		o->asked = asked_for(m->conf);
	o->generation = m->generation;
	for (uint32_t i = 0; i < RS_DEVICES_MAX; i++) {
		unsigned int index = 0;

		if (o->asked && i < d->n)
			index = if_nametoindex(d->name[i]);
		changed |= index != o->index[i];
		if (o->asked && i < d->n && !index && o->index[i])
			log_warning("offload: the interface %s is gone",
				    d->name[i]);
		o->index[i] = index;
	}
	return changed;
}

static void look_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct offload *o = w->data;
	struct err err = { "" };

	if (!look(o) || o->d->flushed)
		return;
	if (committer_repair(o->d->committer, RESYNC_INTERFACE, &err) < 0)
		committer_retry(o->d->committer, &err);
}

struct offload *offload_open(struct daemon *d)
{
	struct offload *o = xcalloc(1, sizeof(*o));

	o->d = d;
	look(o);
	ev_timer_init(&o->look, look_cb, LOOK_S, LOOK_S);
	o->look.data = o;
	ev_timer_start(d->loop, &o->look);
	return o;
}

void offload_close(struct offload *o)
{
	if (!o)
		return;
	ev_timer_stop(o->d->loop, &o->look);
	free(o);
}
