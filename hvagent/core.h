/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the agent: what its files share and nobody else knows. */
#ifndef HVAGENT_CORE_H
#define HVAGENT_CORE_H

#include "hvagent/agent.h"
#include "hvagent/devices.h"
#include "hvagent/want.h"
#include "rulesets/counters.h"

struct agent_core {
	struct vm_ids ids;
	struct devices *devices;
	struct uplink uplinks[HV_UPLINKS_MAX]; /* as conf has their names */
	struct counter_reader *counters;
	ev_io rules_io, links_io;
	ev_timer rules, links, retry;
	bool had[DEVICES];         /* they were there */
	bool crossed[RS_FAMILIES]; /* of the last plan of all: are there any of
				    * bindings' crossed? */
	bool idle;                 /* flushed: nothing is looked after */
	bool known;                /* HAVE is what the kernel holds */
};

/** core_uplinks() - look at them; true: they are not what they were */
bool core_uplinks(struct agent_core *c, const struct hv_conf *conf);

/** core_devices() - have the decapsulating devices; what fails is in the status
 * and tried again */
void core_devices(struct agent *a);

/** core_later() - sync after a while */
void core_later(struct agent *a);

#endif
