/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all types of check share: the start, the timeout and the end.
 *
 * Invariants: a running check has its timer active; check_finish() is the only
 * way to `done`; resources are given back before `done`, which may start the
 * check again.
 *
 * A timeout is only said when it is true: timers run by the loop's own, older
 * time and a loop can be late. So the real clock is asked first, and the
 * type's look() once more after it: an answer that lies in the kernel counts.
 * Time in which the loop stood still is given to the check once more. Where
 * that was longer than the whole time-out, or came to more than twice of it,
 * nothing can be said of the peer: HC_LATE.
 *
 * Must not know intervals, the link to the daemon, or services.
 */
#include "healthcheck/checks.h"

#include <string.h>

#include "healthcheck/agent.h"
#include "healthcheck/clock.h"
#include "healthcheck/cpu.h"
#include "healthcheck/dns.h"
#include "healthcheck/file.h"
#include "healthcheck/http.h"
#include "healthcheck/snmp.h"

#define DURATION_MAX_US 3600000000u

static const struct check_ops ops_of_type[] = {
	[HC_TCP] = { tcp_start, tcp_look, tcp_cancel, tcp_prepare, tcp_release,
		     .kernel_answers = true, .needs_port = true },
	[HC_UDP] = { udp_start, udp_look, udp_cancel, udp_prepare, udp_release,
		     .needs_port = true, .expire = udp_expire },
	[HC_AGENT] = { agent_start, agent_look, agent_cancel, agent_prepare,
		       agent_release, .needs_port = true,
		       .expire = agent_expire },
	[HC_HTTP] = { http_start, http_look, http_cancel, http_prepare,
		      http_release, .needs_port = true },
	[HC_HTTPS] = { http_start, http_look, http_cancel, http_prepare,
		       http_release, .needs_port = true },
	[HC_SNMP] = { snmp_start, snmp_look, snmp_cancel, snmp_prepare,
		      snmp_release, .needs_port = true, .expire = snmp_expire },
	[HC_CPU] = { cpu_start, snmp_look, cpu_cancel, cpu_prepare,
		     snmp_release, .needs_port = true, .expire = snmp_expire },
	[HC_SCRIPT] = { script_start, script_look, script_cancel,
			script_prepare, script_release },
	[HC_FILE] = { file_start, file_look, file_cancel },
	[HC_ICMP] = { icmp_start, icmp_look, icmp_cancel, icmp_prepare,
		      icmp_release },
	[HC_DNS] = { dns_start, dns_look, dns_cancel, dns_prepare, dns_release,
		     .needs_port = true },
};

const struct check_ops *check_ops_of(unsigned int type)
{
	if (type >= sizeof(ops_of_type) / sizeof(ops_of_type[0]) ||
	    !ops_of_type[type].start)
		return NULL;
	return &ops_of_type[type];
}

bool check_running(const struct check *c)
{
	return c->ops != NULL;
}

static uint64_t elapsed_us(const struct check *c)
{
	return clock_now_us() - c->started_us;
}

static void timeout_arm(struct check *c, uint64_t after_us)
{
	ev_timer_set(&c->timeout, (double)after_us / 1e6, 0);
	ev_timer_start(c->loop, &c->timeout);
}

/* No answer, and the time is over. Was it the peer's? */
static void timeout_judge(struct check *c, uint64_t now_us)
{
	uint64_t timeout_us = (uint64_t)c->timeout_ms * 1000;
	uint64_t stalled_us = lag_stalled_us(c->lag, now_us) - c->stalled_us;
	uint64_t until_us;

	if (stalled_us == 0 || c->ops->kernel_answers) {
		check_finish(c, c->ops->expire
				    ? (enum hc_reason)c->ops->expire(c)
				    : HC_TIMEOUT);
		return;
	}
	c->lag->extended += c->extended_us == 0;
	c->stalled_us += stalled_us;
	c->extended_us += stalled_us;
	if (stalled_us > timeout_us || c->extended_us > 2 * timeout_us) {
		check_finish(c, HC_LATE);
		return;
	}
	until_us = c->started_us + timeout_us + c->extended_us;
	timeout_arm(c, until_us > now_us ? until_us - now_us : 0);
}

static void timeout_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct check *c = w->data;
	uint64_t limit_us = (uint64_t)c->timeout_ms * 1000 + c->extended_us;
	uint64_t now_us = clock_now_us(), past_us = now_us - c->started_us;
	int reason;

	if (past_us < limit_us) {
		timeout_arm(c, limit_us - past_us);
		return;
	}
	reason = c->ops->look(c);
	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
	else
		timeout_judge(c, now_us);
}

void check_init(struct check *c, struct ev_loop *loop, struct lag *lag,
		check_done *done)
{
	memset(c, 0, sizeof(*c));
	c->loop = loop;
	c->lag = lag;
	c->done = done;
	ev_init(&c->timeout, timeout_cb);
	c->timeout.data = c;
}

void check_start(struct check *c, const struct spec *spec,
		 const struct hc_job *job)
{
	int reason;

	c->ops = check_ops_of(job->type);
	c->spec = spec;
	c->detail = 0;
	c->says = 0;
	c->weight = 0;
	c->phases = (struct check_phases){ 0 };
	c->has_value = false;
	c->timeout_ms = job->timeout_ms;
	c->started_us = c->phase_us = clock_now_us();
	c->stalled_us = lag_stalled_us(c->lag, c->started_us);
	c->extended_us = 0;
	timeout_arm(c, (uint64_t)c->timeout_ms * 1000);
	reason = c->ops->start(c, job);
	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

void check_phase_begin(struct check *c)
{
	c->phase_us = clock_now_us();
}

void check_phase_end(struct check *c, uint32_t *phase)
{
	uint64_t now_us = clock_now_us(), us = now_us - c->phase_us + *phase;

	*phase = us > DURATION_MAX_US ? DURATION_MAX_US
		 : us > 0             ? (uint32_t)us
				      : 1;
	c->phase_us = now_us;
}

/* What was seen late is cut off where the run's duration is. */
static struct check_phases phases_within(struct check_phases p, uint32_t us)
{
	uint32_t *phases[] = { &p.connect_us, &p.tls_us, &p.first_us };

	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		if (*phases[i] > us)
			*phases[i] = us;
		us -= *phases[i];
	}
	return p;
}

void check_cancel(struct check *c)
{
	if (!c->ops)
		return;
	ev_timer_stop(c->loop, &c->timeout);
	c->ops->cancel(c);
	c->ops = NULL;
}

void check_forget(struct check *c)
{
	check_cancel(c);
	if (c->memory)
		c->memory_free(c->memory);
	c->memory = NULL;
}

void check_finish(struct check *c, enum hc_reason reason)
{
	uint64_t us = elapsed_us(c);
	uint64_t limit_us = (uint64_t)c->timeout_ms * 1000;
	struct finding found;

	/* What came in time but was seen late took no longer than allowed. */
	if (us > limit_us)
		us = limit_us;
	check_cancel(c);
	found = (struct finding){
		.reason = reason,
		.detail = c->detail,
		.says = c->says,
		.weight = c->weight,
		.has_value = c->has_value,
		.value = c->has_value ? c->value : 0,
		.duration_us =
		    us > DURATION_MAX_US ? DURATION_MAX_US : (uint32_t)us,
	};
	found.phases = phases_within(c->phases, found.duration_us);
	c->done(c, &found);
}
