/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks: an event becomes the environment of a script.
 *
 * Invariants: a hook is run once at most, also when its prober dies: one that
 * kills its prober would do it again and again. Of one service (or of none) at
 * most one runs at a time, so that "down" and "up" do not overtake each other.
 * What fails is one line in the log and never an event, which would call the
 * next hook.
 *
 * Must not know the model, or how packets get to the prober.
 */
#include "daemon/hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "healthcheck/spec.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define TELL_S 10.0

struct hook {
	uint32_t id;
	bool running;
	uint64_t event;
	char service[64]; /* "" = none */
	char *script;
	struct buf run; /* encoded */
};

bool hooks_kind(const char *kind)
{
	static const char *const kinds[] = { "health", "admin",   "said",
					     "state",  "service", "weight",
					     "drain",  "panic",   "prober",
					     "reload", "weights", "feed" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

/* ---- an event as environment */

/* "2026-11-21T17:08:11.123Z" */
static char *time_text(int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return xasprintf("NFTLB_TIME=%s.%03dZ", text, (int)(time_ms % 1000));
}

static void env_add(struct spec_list *env, char *text)
{
	env->list[env->n++] = text;
}

static void run_encode(struct buf *out, const char *script,
		       const struct event *e)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "KIND", e->kind },       { "SERVICE", e->service },
		{ "BACKEND", e->backend }, { "OLD", e->old_state },
		{ "NEW", e->new_state },   { "REASON", e->reason },
	};
	enum { NTEXTS = sizeof(texts) / sizeof(texts[0]) };
	struct hc_spec run = { .timeout_ms = HOOKS_TIMEOUT_MS };

	run.command.list = xcalloc(1, sizeof(char *));
	run.command.list[run.command.n++] = xstrdup(script);
	run.env.list = xcalloc(NTEXTS + 2, sizeof(char *));
	env_add(&run.env,
		xasprintf("NFTLB_EVENT_ID=%llu", (unsigned long long)e->id));
	env_add(&run.env, time_text(e->time_ms));
	for (size_t i = 0; i < NTEXTS; i++)
		env_add(&run.env, xasprintf("NFTLB_%s=%s", texts[i].name,
					    texts[i].value));
	spec_encode(&run, out);
	spec_free(&run);
}

/* ---- what goes wrong */

static bool may_say(struct hooks *h, double now_s)
{
	if (h->said > 0 && now_s < h->said + TELL_S) {
		h->unsaid++;
		return false;
	}
	h->said = now_s;
	return true;
}

/* The end of a run in words. */
static const char *status_words(int32_t status, char *words, size_t size)
{
	if (status < 0)
		snprintf(words, size, "%s", strerror(-status));
	else if (WIFSIGNALED(status))
		snprintf(words, size, "killed signal=%d", WTERMSIG(status));
	else
		snprintf(words, size, "exit status=%d", WEXITSTATUS(status));
	return words;
}

static void complain(struct hooks *h, const struct hook *hook, const char *why,
		     double now_s)
{
	if (!may_say(h, now_s))
		return;
	log_warning("on-change %s event=%llu: %s; not said before: %llu",
		    hook->script, (unsigned long long)hook->event, why,
		    (unsigned long long)h->unsaid);
	h->unsaid = 0;
}

/* ---- the list */

static void hook_remove(struct hooks *h, size_t i)
{
	h->running -= h->list[i].running;
	free(h->list[i].script);
	buf_free(&h->list[i].run);
	h->n--;
	memmove(&h->list[i], &h->list[i + 1], (h->n - i) * sizeof(h->list[i]));
}

void hooks_add(struct hooks *h, const char *script, const struct event *e,
	       double now_s)
{
	struct hook *hook;

	if (h->n == HOOKS_MAX) {
		h->dropped++;
		complain(h, &h->list[0], "too many wait behind it: dropped",
			 now_s);
		return;
	}
	hook = VEC_PUSH(h->list, h->n, h->cap);
	*hook = (struct hook){ .id = ++h->last_id,
			       .event = e->id,
			       .script = xstrdup(script) };
	snprintf(hook->service, sizeof(hook->service), "%s", e->service);
	run_encode(&hook->run, script, e);
}

/* Does one of its service run? The list is searched from the oldest on, so
 * what is found first is the oldest of its service. */
static bool must_wait(const struct hooks *h, const struct hook *hook)
{
	size_t left = h->running;

	for (size_t i = 0; left > 0; i++) {
		if (!h->list[i].running)
			continue;
		if (!strcmp(h->list[i].service, hook->service))
			return true;
		left--;
	}
	return false;
}

size_t hooks_packet(const struct hooks *h, struct health_packet *p)
{
	if (h->running == HOOKS_AT_ONCE)
		return 0;
	for (size_t i = 0; i < h->n; i++) {
		const struct hook *hook = &h->list[i];
		struct hc_part part = { .id = hook->id,
					.type = HC_SCRIPT,
					.total = (uint32_t)hook->run.len };

		if (!hook->running && !must_wait(h, hook))
			return health_packet_part(p, HC_MSG_RUN, &part,
						  hook->run.data);
	}
	return 0;
}

static size_t find(const struct hooks *h, uint32_t id)
{
	size_t i = 0;

	while (i < h->n && (h->list[i].id != id))
		i++;
	return i;
}

void hooks_sent(struct hooks *h, const struct health_packet *p)
{
	size_t i = find(h, p->of.part.head.id);

	if (i == h->n)
		return;
	h->list[i].running = true;
	h->running++;
	buf_free(&h->list[i].run);
}

void hooks_ran(struct hooks *h, const struct hc_ran *ran, double now_s)
{
	size_t i = find(h, ran->id);
	char words[64];

	if (i == h->n || !h->list[i].running)
		return; /* lost before */
	h->done++;
	if (ran->status != 0) {
		h->failed++;
		complain(h, &h->list[i],
			 status_words(ran->status, words, sizeof(words)),
			 now_s);
	}
	hook_remove(h, i);
}

void hooks_lost(struct hooks *h, double now_s)
{
	for (size_t i = h->n; i-- > 0;) {
		if (!h->list[i].running)
			continue;
		h->failed++;
		complain(h, &h->list[i], "its prober ended", now_s);
		hook_remove(h, i);
	}
}

void hooks_forget(struct hooks *h)
{
	while (h->n > 0)
		hook_remove(h, h->n - 1);
}

void hooks_free(struct hooks *h)
{
	hooks_forget(h);
	free(h->list);
	*h = (struct hooks){ 0 };
}
