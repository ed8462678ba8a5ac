/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See step_expect.h. Changes as lines of text, both sides sorted. */
#include "step_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xalloc.h"

#define EVENTS_MAX 64

struct list {
	char *lines[EVENTS_MAX];
	size_t n;
};

static void note(struct list *l, const char *kind, const char *s, const char *b,
		 const char *old, const char *new)
{
	assert_true(l->n < EVENTS_MAX);
	l->lines[l->n++] =
	    xasprintf("%s %s/%s %s>%s", kind, s, b ? b : "", old, new);
}

static void note_words(struct list *l, const char *kind, const char *s,
		       const char *b, const struct word *words, int old,
		       int new)
{
	if (old != new)
		note(l, kind, s, b, word_text(words, old),
		     word_text(words, new));
}

static void note_weight(struct list *l, const char *s, const char *b, int old,
			int new)
{
	char a[16] = "default", z[16] = "default";

	if (old == new)
		return;
	if (old >= 0)
		snprintf(a, sizeof(a), "%d", old);
	if (new >= 0)
		snprintf(z, sizeof(z), "%d", new);
	note(l, "weight", s, b, a, z);
}

static void note_said_weight(struct list *l, const char *s, const char *b,
			     uint32_t old, uint32_t new)
{
	char a[16], z[16];

	if (old == new)
		return;
	snprintf(a, sizeof(a), old % 100 ? "%u.%02u" : "%u", old / 100,
		 old % 100);
	snprintf(z, sizeof(z), new % 100 ? "%u.%02u" : "%u", new / 100,
		 new % 100);
	note(l, "weight", s, b, a, z);
}

static bool in_turn(enum backend_state old, enum backend_state new)
{
	return (old == BACKEND_ACTIVE && new == BACKEND_STANDBY) ||
	       (old == BACKEND_STANDBY && new == BACKEND_ACTIVE);
}

static void expect_backend(enum expect_kind kind, struct list *l, const char *s,
			   const struct o_backend *old,
			   const struct o_backend *new)
{
	const char *b = new->conf->name;

	note_words(l, "health", s, b, health_words, (int)old->health,
		   (int)new->health);
	note_words(l, "said", s, b, admin_words, (int)old->said,
		   (int)new->said);
	if (kind != EXPECT_RELOAD)
		note_words(l, "admin", s, b, admin_words, (int)old->admin,
			   (int)new->admin);
	note_weight(l, s, b, old->weight, new->weight);
	if (kind == EXPECT_RESULT)
		note_said_weight(l, s, b, old->weight_100, new->weight_100);
	if (new->conf->backup && in_turn(old->state, new->state))
		note_words(l, "state", s, b, backend_state_words,
			   (int)old->state, (int)new->state);
	if (new->drained && !old->drained)
		note(l, "drain", s, b, "draining", "drained");
}

static void expect_service(enum expect_kind kind, struct list *l,
			   const struct o_service *old,
			   const struct o_service *new)
{
	static const struct word panic[] = { { "off", 0 },
					     { "on", 1 },
					     { NULL, 0 } };
	static const struct word disabled[] = { { "enabled", 0 },
						{ "disabled", 1 },
						{ NULL, 0 } };
	const char *s = new->conf->name;

	note_words(l, "admin", s, NULL, disabled, old->disabled, new->disabled);
	note_words(l, "panic", s, NULL, panic, old->panic, new->panic);
	note_words(l, "service", s, NULL, service_state_words, (int)old->state,
		   (int)new->state);
	for (size_t i = 0; i < new->nbackends; i++)
		for (size_t k = 0; k < old->nbackends; k++)
			if (!strcmp(old->backends[k].conf->name,
				    new->backends[i].conf->name))
				expect_backend(kind, l, s, &old->backends[k],
					       &new->backends[i]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void expect_changes(const struct changes *changes, const struct oracle *old,
		    const struct oracle *new, enum expect_kind kind)
{
	struct list want = { .n = 0 }, have = { .n = 0 };

	for (size_t i = 0; i < new->nservices; i++)
		for (size_t k = 0; k < old->nservices; k++)
			if (!strcmp(old->services[k].conf->name,
				    new->services[i].conf->name))
				expect_service(kind, &want, &old->services[k],
					       &new->services[i]);
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->list[i];

		note(&have, c->kind, c->s->conf->name,
		     c->b ? c->b->conf->name : NULL, c->old_state,
		     c->new_state);
		assert_true(c->reason[0]);
	}
	qsort(want.lines, want.n, sizeof(want.lines[0]), by_text);
	qsort(have.lines, have.n, sizeof(have.lines[0]), by_text);
	for (size_t i = 0; i < want.n && i < have.n; i++)
		assert_string_equal(have.lines[i], want.lines[i]);
	if (want.n != have.n)
		fail_msg("%zu changes, %zu expected; the next one: %s", have.n,
			 want.n,
			 have.n > want.n ? have.lines[want.n]
					 : want.lines[have.n]);
	for (size_t i = 0; i < have.n; i++) {
		free(have.lines[i]);
		free(want.lines[i]);
	}
}
