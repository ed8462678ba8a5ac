/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP check with send, expect or tls: a talk, and whether its answer begins
 * as expected. The first answer that cannot match any more is wrong content,
 * however much may follow.
 *
 * Without expect, the check is good when the connection stands, TLS included,
 * and our words are sent; whether anybody read them is not known.
 *
 * Must not know sockets nor TLS.
 */
#include <ev.h>
#include <stdlib.h>

#include "healthcheck/checks.h"
#include "healthcheck/pattern.h"
#include "healthcheck/talk.h"
#include "healthcheck/tcp_talk.h"
#include "healthcheck/text.h"
#include "lib/xalloc.h"

struct plan {
	struct talk_plan talk;
	struct pattern *expect; /* NULL: nothing */
};

struct dialogue {
	struct talk talk;
	uint64_t *match;
};

/* ---- of a spec */

static void plan_free(struct plan *plan)
{
	talk_plan_free(&plan->talk);
	pattern_free(plan->expect);
	free(plan);
}

const char *tcp_prepare(struct spec *s, struct ev_loop *loop)
{
	const struct hc_spec *of = &s->of;
	const char *wrong;
	struct plan *plan;

	if (!of->send && !of->expect && of->tls != SPEC_YES)
		return NULL;
	wrong = of->expect ? pattern_problem(of->expect) : NULL;
	if (wrong)
		return wrong;
	plan = xcalloc(1, sizeof(*plan));
	wrong = talk_plan_make(of, &plan->talk);
	if (wrong) {
		plan_free(plan);
		return wrong;
	}
	if (of->expect)
		plan->expect = pattern_compile(of->expect);
	s->prepared = plan;
	return NULL;
}

void tcp_release(struct spec *s)
{
	if (s->prepared)
		plan_free(s->prepared);
	s->prepared = NULL;
}

/* ---- of a probe */

static int dialogue_look(struct check *c)
{
	struct dialogue *d = c->of.own;

	return talk_look(c, &d->talk);
}

static void dialogue_cancel(struct check *c)
{
	struct dialogue *d = c->of.own;

	talk_end(c, &d->talk);
	free(d->match);
	free(d);
}

static const struct check_ops dialogue_ops = {
	.look = dialogue_look,
	.cancel = dialogue_cancel,
};

static int reply_hear(struct check *c, const void *data, size_t len)
{
	const struct plan *plan = c->spec->prepared;
	struct dialogue *d = c->of.own;

	switch (pattern_feed(plan->expect, d->match, data, len)) {
	case PATTERN_MATCHES:
		return HC_OK;
	case PATTERN_NO:
		return HC_CONTENT;
	default:
		return CHECK_RUNNING;
	}
}

int tcp_talk_start(struct check *c, const struct hc_job *job)
{
	const struct plan *plan = c->spec->prepared;
	struct dialogue *d = xcalloc(1, sizeof(*d));

	c->of.own = d;
	c->ops = &dialogue_ops;
	if (plan->expect) {
		d->match = pattern_begin(plan->expect);
		/* A lone * is content with nothing. */
		if (pattern_feed(plan->expect, d->match, "", 0) == PATTERN_MORE)
			d->talk.hear = reply_hear;
	}
	return talk_start(c, &d->talk, job, &plan->talk);
}
