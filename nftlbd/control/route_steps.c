/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each step on a flow's way to its backend says, for people and programs.
 *
 * Must not know: in which order they come.
 */
#include "control/route_steps.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/want.h"
#include "http/json.h"
#include "lib/xalloc.h"
#include "rulesets/slots.h"

#define HOME_MAX 131072 /* slots: a table beyond takes too long to make */

static const char *const result_words[] = {
	[STEP_PASSES] = "passes",
	[STEP_DECIDES] = "decides",
	[STEP_UNKNOWN] = "unknown",
};

void route_step(json_t *steps, const char *name, enum step_result result,
		const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	json_array_append_new(steps, json_pack("{s:s, s:s, s:o}", "step", name,
					       "result", result_words[result],
					       "text", json_safe(text)));
	free(text);
}

/* ---- whose slot is it while all serve? */

static const char *home_in(const struct rs_service *svc, uint32_t m,
			   uint32_t slot)
{
	struct rs_service all = *svc;
	struct rs_backend *backends =
	    xcalloc(svc->nbackends + 1, sizeof(*backends));
	uint16_t *owner = xcalloc(m, sizeof(*owner));
	const char *name = NULL;

	for (size_t i = 0; i < svc->nbackends; i++) {
		backends[i] = svc->backends[i];
		backends[i].usable = true;
	}
	all.backends = backends;
	if (slots_size(&all) == m) {
		slots_fill(&all, owner, m);
		if (owner[slot] != SLOT_NONE)
			name = svc->backends[owner[slot]].name;
	}
	free(backends);
	free(owner);
	return name;
}

/* NULL: it is not known. */
static const struct backend *home_of(const struct daemon *d,
				     const struct service *s, uint8_t family,
				     uint32_t m, uint32_t slot)
{
	struct want_list w = { 0 };
	const char *name = NULL;

	if (m > HOME_MAX)
		return NULL;
	want_add(&w, d->model, s);
	for (size_t i = 0; i < w.n && !name; i++)
		if (w.list[i].family == family &&
		    !strcmp(w.list[i].name, s->conf->name))
			name = home_in(&w.list[i], m, slot);
	want_free(&w);
	return name ? service_backend(s, name) : NULL;
}

void route_step_owner(json_t *steps, const struct daemon *d,
		      const struct service *s, uint8_t family, uint32_t m,
		      uint32_t slot)
{
	const char *name =
	    ruleset_slot(d->ruleset, s->conf->name, family, slot);
	const struct backend *b = name ? service_backend(s, name) : NULL;
	const struct backend *home;
	uint32_t has;

	if (!b) {
		route_step(steps, "slot", STEP_DECIDES,
			   "slot %u is nobody's: no backend is usable", slot);
		return;
	}
	ruleset_slot_counts(d->ruleset, s->conf->name, family, &name, 1, &has);
	home = home_of(d, s, family, m, slot);
	if (home && home != b)
		route_step(
		    steps, "slot", STEP_PASSES,
		    "slot %u is %s's while all serve; %s is %s, and its "
		    "slots are dealt to the others",
		    slot, home->conf->name, home->conf->name,
		    word_text(backend_state_words, (int)backend_state(home)));
	route_step(steps, "slot", STEP_DECIDES,
		   "slot %u is %s's, who has %u of %u slots (%.3g %%) with "
		   "weight %u",
		   slot, name, has, m, 100. * has / m,
		   backend_effective_weight(s, b));
}

void route_step_turns(json_t *steps, const json_t *shares)
{
	struct buf who = { 0 };
	const json_t *b;
	size_t i;

	json_array_foreach(shares, i, b) {
		double share = json_number_value(json_object_get(b, "share"));

		if (share > 0)
			buf_printf(
			    &who, "%s%s (%.3g %%)", who.len ? ", " : "",
			    json_string_value(json_object_get(b, "name")),
			    100. * share);
	}
	if (who.len)
		route_step(steps, "turn", STEP_UNKNOWN,
			   "any of them, by turns: %s", who.data);
	else
		route_step(steps, "turn", STEP_DECIDES, "no backend is usable");
	buf_free(&who);
}
