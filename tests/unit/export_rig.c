/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export_rig.h"
#include "lib/log.h"

#define TICK_S 0.005
#define WAIT_S 90.

static void tick_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct export_rig *r = w->data;
	ev_tstamp now = ev_time();

	if (r->ticked != 0 && now - r->ticked > r->longest)
		r->longest = now - r->ticked;
	r->ticked = now;
}

void rig_fill(struct export_rig *r, size_t n)
{
	struct err err = { "" };

	bindings_free(&r->a.bindings);
	memset(&r->a.bindings, 0, sizeof(r->a.bindings));
	for (size_t i = 1; i <= n; i++) {
		char name[16], vm[32];
		struct binding b = { .name = name };

		snprintf(name, sizeof(name), "b%05zu", i);
		snprintf(vm, sizeof(vm), "10.1.%zu.%zu:8080", i >> 8, i & 255);
		assert_int_equal(binding_service_parse("192.0.2.1:80/tcp", &b),
				 0);
		assert_int_equal(binding_vm_parse(vm, &b), 0);
		if (bindings_put(&r->a.bindings, &b, &err) < 0)
			fail_msg("%s: %s", vm, err.msg);
	}
	r->a.status.revision++;
}

void rig_open(struct export_rig *r, enum hv_export type, const char *target,
	      const char *topic, size_t n)
{
	struct err err = { "" };

	memset(r, 0, sizeof(*r));
	log_set_level(LOG_LVL_ERROR);
	r->a.loop = ev_default_loop(0);
	r->a.conf = &r->conf;
	r->conf.export.type = type;
	r->conf.export.target = (char *)target;
	r->conf.export.topic = (char *)topic;
	r->conf.export.interval_ms = 1000;
	rig_fill(r, n);
	ev_timer_init(&r->tick, tick_cb, TICK_S, TICK_S);
	r->tick.data = r;
	ev_timer_start(r->a.loop, &r->tick);
	if (export_open(&r->a, &err) < 0)
		fail_msg("export_open: %s", err.msg);
}

void rig_close(struct export_rig *r)
{
	export_close(&r->a);
	assert_null(export_status(&r->a));
	ev_timer_stop(r->a.loop, &r->tick);
	bindings_free(&r->a.bindings);
}

void rig_wait(struct export_rig *r, uint64_t good, uint64_t failed)
{
	const struct export_status *st = export_status(&r->a);
	ev_tstamp end = ev_time() + WAIT_S;

	r->ticked = 0;
	while (st->good < good || st->failed < failed) {
		if (ev_time() > end)
			fail_msg("%llu good, %llu failed: %s",
				 (unsigned long long)st->good,
				 (unsigned long long)st->failed, st->error);
		ev_run(r->a.loop, EVRUN_ONCE);
	}
}
