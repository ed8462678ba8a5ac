/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's life: sockets that say that something changed, and what is done
 * then. Events say only that it is time to look; what is there is read anew.
 */
#include "hvagent/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "rulesets/form.h"

/* Changes come in bursts: one look for all of them, and soon. */
#define RULES_DELAY_S 0.02
#define LINKS_DELAY_S 0.02
#define RETRY_S       2.0

static void start_timer(struct agent *a, ev_timer *t, double delay)
{
	if (ev_is_active(t))
		return;
	ev_timer_set(t, delay, 0);
	ev_timer_start(a->loop, t);
}

void core_later(struct agent *a)
{
	start_timer(a, &a->core->retry, RETRY_S);
}

/* ---- interfaces */

bool core_uplinks(struct agent_core *c, const struct hv_conf *conf)
{
	bool other = false;

	for (size_t i = 0; i < conf->nuplinks; i++) {
		struct uplink u;

		devices_uplink(c->devices, conf->uplinks[i], &u);
		other |= memcmp(&u, &c->uplinks[i], sizeof(u)) != 0;
		c->uplinks[i] = u;
	}
	return other;
}

static bool has_gateway(const struct hv_conf *conf, uint8_t family)
{
	for (size_t i = 0; i < conf->ngateways; i++)
		if (conf->gateways[i].family == family)
			return true;
	return false;
}

/* IPv6's takes both families out; IPv4 has a device for each. */
static bool needs_device(const struct agent *a, enum device device)
{
	if (device == DEVICE_6IN4 &&
	    !a->bindings.crossed[family_index(AF_INET6)])
		return false;
	return has_gateway(a->conf, device_forms[device].outer);
}

/* Said when it is another than before. */
static void device_error(struct agent *a, const char *words)
{
	if (strcmp(a->status.device, words) != 0 && *words)
		log_error("%s", words);
	snprintf(a->status.device, sizeof(a->status.device), "%s", words);
}

void core_devices(struct agent *a)
{
	struct err err = { "" };
	bool failed = false;

	if (a->core->idle)
		return;
	for (enum device i = 0; i < DEVICES; i++) {
		int ret;

		if (!needs_device(a, i))
			continue;
		ret = devices_keep(a->core->devices, i, &err);
		failed |= ret < 0;
		if (ret > 0)
			log_info("device=%s made", device_forms[i].name);
		if (ret > 0 && a->core->had[i])
			a->status.repairs++;
		a->core->had[i] |= ret >= 0;
	}
	device_error(a, failed ? err.msg : "");
	if (failed)
		core_later(a);
}

/* ---- events */

static void look_at_rules(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct agent *a = t->data;
	struct err err = { "" };

	if (!a->core->idle && agent_sync(a, &err) < 0)
		log_error("cannot repair the rules: %s", err.msg);
}

static void rules_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct agent *a = w->data;

	if (ruleset_watch_read(a->ruleset))
		start_timer(a, &a->core->rules, RULES_DELAY_S);
}

static void look_at_links(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct agent *a = t->data;
	struct err err = { "" };

	if (a->core->idle)
		return;
	core_devices(a);
	if (!core_uplinks(a->core, a->conf))
		return;
	log_info("an uplink is another than before");
	if (agent_apply(a, &err) < 0)
		log_error("cannot follow the uplink: %s", err.msg);
}

static void links_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct agent *a = w->data;

	devices_drain(a->core->devices);
	start_timer(a, &a->core->links, LINKS_DELAY_S);
}

static void retry_cb(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct agent *a = t->data;
	struct err err = { "" };

	if (a->core->idle)
		return;
	if (a->status.error[0])
		agent_apply(a, &err);
	else
		core_devices(a);
}

static void on_fd(struct agent *a, ev_io *w, int fd,
		  void (*cb)(struct ev_loop *, ev_io *, int))
{
	ev_io_init(w, cb, fd, EV_READ);
	w->data = a;
	ev_io_start(a->loop, w);
}

/* ---- up and down */

int agent_open(struct agent *a, struct err *err)
{
	struct agent_core *c = a->core = xcalloc(1, sizeof(*c));
	int ret = ruleset_open(&a->ruleset, a->conf->table, err);

	ev_init(&c->rules, look_at_rules);
	ev_init(&c->links, look_at_links);
	ev_init(&c->retry, retry_cb);
	c->rules.data = c->links.data = c->retry.data = a;
	if (ret < 0)
		return ret;
	ruleset_agent(a->ruleset);
	ret = devices_open(&c->devices, err);
	if (ret == 0 && a->loop)
		ret = counter_reader_open(&c->counters, a->loop, a->conf->table,
					  err);
	for (size_t i = 0; i < a->conf->bindings.n; i++)
		bindings_put(&a->bindings, a->conf->bindings.list[i], NULL);
	return ret;
}

void agent_start(struct agent *a)
{
	struct err err = { "" };

	on_fd(a, &a->core->rules_io, ruleset_watch_fd(a->ruleset), rules_cb);
	on_fd(a, &a->core->links_io, devices_fd(a->core->devices), links_cb);
	if (agent_apply(a, &err) < 0)
		log_error("%s; tried again", err.msg);
	for (size_t i = 0; i < a->conf->nuplinks; i++) {
		const struct uplink *u = &a->core->uplinks[i];

		if (!u->addr[0].family && !u->addr[1].family)
			log_warning("uplink=%s %s", a->conf->uplinks[i],
				    u->ifindex ? "has no address yet"
					       : "is not there yet");
	}
}

void agent_close(struct agent *a)
{
	struct agent_core *c = a->core;

	if (c && a->loop) {
		ev_io_stop(a->loop, &c->rules_io);
		ev_io_stop(a->loop, &c->links_io);
		ev_timer_stop(a->loop, &c->rules);
		ev_timer_stop(a->loop, &c->links);
		ev_timer_stop(a->loop, &c->retry);
	}
	if (c) {
		if (c->counters)
			counter_reader_close(c->counters);
		devices_close(c->devices);
		vm_ids_free(&c->ids);
	}
	free(c);
	a->core = NULL;
	ruleset_close(a->ruleset);
	a->ruleset = NULL;
	bindings_free(&a->bindings);
	hv_conf_free(a->conf);
	a->conf = NULL;
}

int agent_flush(struct agent *a, struct err *err)
{
	int ret;

	a->core->idle = true;
	a->core->known = false;
	memset(a->core->had, 0, sizeof(a->core->had));
	ret = ruleset_flush(a->ruleset, err);
	for (enum device i = 0; ret == 0 && i < DEVICES; i++)
		ret = devices_remove(a->core->devices, i, err);
	return ret;
}

int agent_drops(struct agent *a, struct agent_drops *out, struct err *err)
{
	enum { KINDS = 3, ASKED = KINDS * RS_FAMILIES };
	static const char *const names[KINDS] = { AGENT_STRANGERS,
						  AGENT_UNBOUND, AGENT_STALE };
	uint64_t *const sums[KINDS] = { &out->strangers, &out->unbound,
					&out->stale };
	struct counter_ask ask[ASKED];
	struct counter_value v[ASKED];
	int ret;

	for (int i = 0; i < ASKED; i++)
		ask[i] = (struct counter_ask){ i < KINDS ? RS_TABLE_IP
							 : RS_TABLE_IP6,
					       names[i % KINDS] };
	ret = counter_reader_now(a->core->counters, ask, ASKED, v);
	*out = (struct agent_drops){ 0 };
	if (ret < 0)
		return err_set(err, ret, "cannot read the counters: %s",
			       strerror(-ret));
	for (int i = 0; i < ASKED; i++)
		*sums[i % KINDS] += v[i].there ? v[i].packets : 0;
	for (enum device i = 0; i < DEVICES; i++)
		devices_received(a->core->devices, i, &out->packets,
				 &out->bytes);
	return 0;
}

/* ---- reload */

/* The file's bindings and the API's, in one list. */
static int join(struct bindings *all, const struct agent *a,
		const struct hv_conf *conf, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < conf->bindings.n; i++)
		bindings_put(all, conf->bindings.list[i], NULL);
	for (size_t i = 0; ret == 0 && i < a->bindings.n; i++) {
		const struct binding *b = a->bindings.list[i];

		if (b->origin == BINDING_OF_FILE)
			continue;
		if (bindings_find(all, b->name))
			ret = err_set(err, -EEXIST,
				      "[binding %s]: the API has made one of "
				      "that name; remove that first",
				      b->name);
		else
			ret = bindings_put(all, b, err);
	}
	return ret;
}

static int follow(struct agent *a, struct hv_conf *conf, struct err *err)
{
	struct bindings all = { 0 }, old = a->bindings;
	struct hv_conf *before = a->conf;
	struct err again;
	int ret = join(&all, a, conf, err);

	if (ret == 0) {
		a->conf = conf;
		a->bindings = all;
		ret = agent_apply(a, err);
	}
	if (ret == 0) {
		bindings_free(&old);
		hv_conf_free(before);
		return 0;
	}
	if (a->conf == conf) {
		a->conf = before;
		a->bindings = old;
		agent_apply(a, &again);
	}
	bindings_free(&all);
	hv_conf_free(conf);
	return ret;
}

int agent_reload(struct agent *a, struct conf_errors *errors, struct err *err)
{
	struct hv_conf *conf;
	int ret = hv_conf_read(a->conf_path, &conf, errors);

	if (ret < 0)
		err_set(err, ret, "%zu error%s in %s, nothing was changed",
			errors->n, errors->n == 1 ? "" : "s", a->conf_path);
	else if (strcmp(conf->table, a->conf->table) != 0)
		log_warning("table=%s counts after a restart", conf->table);
	if (ret == 0)
		ret = follow(a, conf, err);
	if (ret < 0) {
		a->status.reloads_failed++;
		return ret;
	}
	a->status.reloads++;
	a->status.revision++;
	if (a->changed)
		a->changed(a);
	return 0;
}
