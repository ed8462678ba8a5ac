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

struct tcp_talk {
	struct talk_plan plan;
	struct pattern *expect; /* NULL: nothing */
};

struct dialogue {
	struct talk talk;
	const struct tcp_talk *of;
	uint64_t *match;
};

/* ---- of a spec */

void tcp_talk_release(struct tcp_talk *talk)
{
	if (!talk)
		return;
	talk_plan_free(&talk->plan);
	pattern_free(talk->expect);
	free(talk);
}

const char *tcp_talk_prepare(const struct hc_spec *spec, struct tcp_talk **out)
{
	const char *wrong = spec->expect ? pattern_problem(spec->expect) : NULL;
	struct tcp_talk *talk;

	*out = NULL;
	if (wrong || (!spec->send && !spec->expect && spec->tls != SPEC_YES))
		return wrong;
	talk = xcalloc(1, sizeof(*talk));
	wrong = talk_plan_make(spec, &talk->plan);
	if (wrong) {
		tcp_talk_release(talk);
		return wrong;
	}
	if (spec->expect)
		talk->expect = pattern_compile(spec->expect);
	*out = talk;
	return NULL;
}

/* ---- of a probe */

static int dialogue_look(struct check *c)
{
	struct dialogue *d = c->of.own;

	return talk_look(c, &d->talk);
}

static int dialogue_expire(struct check *c)
{
	struct dialogue *d = c->of.own;

	return talk_expire(c, &d->talk);
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
	.expire = dialogue_expire,
};

static int reply_hear(struct check *c, const void *data, size_t len)
{
	struct dialogue *d = c->of.own;

	switch (pattern_feed(d->of->expect, d->match, data, len)) {
	case PATTERN_MATCHES:
		return HC_OK;
	case PATTERN_NO:
		return HC_CONTENT;
	default:
		return CHECK_RUNNING;
	}
}

int tcp_talk_start(struct check *c, const struct hc_job *job,
		   const struct tcp_talk *talk)
{
	struct dialogue *d = xcalloc(1, sizeof(*d));

	d->of = talk;
	c->of.own = d;
	c->ops = &dialogue_ops;
	if (talk->expect) {
		d->match = pattern_begin(talk->expect);
		/* A lone * is content with nothing. */
		if (pattern_feed(talk->expect, d->match, "", 0) == PATTERN_MORE)
			d->talk.hear = reply_hear;
	}
	return talk_start(c, &d->talk, job, &talk->plan);
}
