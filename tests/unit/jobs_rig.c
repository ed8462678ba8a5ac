/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See jobs_rig.h. */
#include "jobs_rig.h"

#include <string.h>
#include <sys/socket.h>

struct hc_job rig_want(uint16_t port)
{
	return (struct hc_job){ .spec = 1,
				.interval_ms = 1000,
				.timeout_ms = 500,
				.port = port,
				.type = HC_TCP,
				.family = AF_INET };
}

void rig_claim(struct health_jobs *t, uint16_t port, uint32_t service)
{
	struct health_owner owner = { .service = service, .backend = 7 };
	struct hc_job w = rig_want(port);

	health_walk_want(t, &w, &owner, false);
}

void rig_walk(struct health_jobs *t, uint16_t a, uint16_t b)
{
	health_walk_begin(t);
	if (a)
		rig_claim(t, a, a);
	if (b)
		rig_claim(t, b, b);
	health_walk_end(t);
}

uint32_t rig_id(const struct health_jobs *t, uint16_t port)
{
	struct hc_job w = rig_want(port);
	struct health_job *j = health_jobs_like(t, &w);

	return j ? j->conf.id : 0;
}

struct health_packet rig_tell(struct health_jobs *t)
{
	struct health_packet p;

	memset(&p, 0, sizeof(p));
	if (health_jobs_packet(t, &p) > 0)
		health_jobs_sent(t, &p);
	return p;
}

void rig_tell_all(struct health_jobs *t)
{
	while (rig_tell(t).head.count > 0)
		;
}
