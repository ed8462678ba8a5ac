/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent check: a talk, whose answer is one line (agent_text.c).
 *
 * With silent = ignore only what the agent said counts: an agent that is not
 * there, says nothing or says what nobody understands gives HC_IGNORED, with
 * the reason as its detail. That is HAProxy's way; another check has to watch
 * the service then. Faults of this machine stay what they are.
 *
 * An agent that is a feed says a number, and nothing else of it counts.
 *
 * Must not know what is made of weights and states.
 */
#include "healthcheck/agent.h"

#include <stdlib.h>
#include <string.h>

#include "healthcheck/agent_text.h"
#include "healthcheck/checks.h"
#include "healthcheck/talk.h"
#include "lib/xalloc.h"

struct agent {
	struct talk talk;
	size_t len;
	char line[AGENT_LINE_MAX];
};

const char *agent_prepare(struct spec *s, struct ev_loop *loop)
{
	struct talk_plan *plan = xcalloc(1, sizeof(*plan));
	const char *wrong = talk_plan_make(&s->of, plan);

	s->prepared = plan;
	if (wrong)
		agent_release(s);
	return wrong;
}

void agent_release(struct spec *s)
{
	talk_plan_free(s->prepared);
	free(s->prepared);
	s->prepared = NULL;
}

static int line_hear(struct check *c, const void *data, size_t len)
{
	struct agent *a = c->of.own;
	struct agent_said said;
	size_t room = sizeof(a->line) - a->len;

	if (len > room)
		len = room;
	memcpy(a->line + a->len, data, len);
	a->len += len;
	if (!agent_line_ends(a->line, a->len))
		return a->len == sizeof(a->line) ? HC_TOO_LONG : CHECK_RUNNING;
	if (c->spec->of.feed == SPEC_YES) {
		c->has_value = agent_number(a->line, a->len, &c->value);
		return c->has_value ? HC_OK : HC_MALFORMED;
	}
	agent_parse(a->line, a->len, &said);
	c->says = said.says;
	c->weight = said.weight;
	return said.reason;
}

/* What counts of @reason, if an agent may be silent. */
static int agent_reason(struct check *c, int reason)
{
	switch (reason) {
	case HC_OK:
	case HC_SAID_DOWN:
	case HC_MAINTENANCE:
	case HC_LOCAL:
		return reason;
	default:
		if (c->spec->of.silent != SPEC_SILENT_IGNORE)
			return reason;
		c->detail = reason;
		return HC_IGNORED;
	}
}

int agent_start(struct check *c, const struct hc_job *job)
{
	struct agent *a = xcalloc(1, sizeof(*a));

	c->of.own = a;
	a->talk.hear = line_hear;
	a->talk.judge = agent_reason;
	return talk_start(c, &a->talk, job, c->spec->prepared);
}

int agent_look(struct check *c)
{
	struct agent *a = c->of.own;

	return talk_look(c, &a->talk);
}

int agent_expire(struct check *c)
{
	struct agent *a = c->of.own;

	return talk_expire(c, &a->talk);
}

void agent_cancel(struct check *c)
{
	struct agent *a = c->of.own;

	talk_end(c, &a->talk);
	free(a);
}
