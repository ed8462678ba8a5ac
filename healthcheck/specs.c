/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Specs: what probes do, shared by the jobs that do it. A vector in order of
 * ids; there are as many as checks in the configuration, not as backends.
 *
 * Invariants: a spec that a job uses is neither changed nor freed; its type's
 * prepare() was called once, and release() will be unless that failed.
 *
 * Must not know what types make of a spec, nor when jobs use it.
 */
#include "healthcheck/specs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/words.h"
#include "lib/xalloc.h"

static const char in_use[] = "a spec that a job uses";

struct specs {
	struct ev_loop *loop;
	struct spec **list; /* ascending ids */
	size_t n, cap;
};

/* Where @id is, or would be. */
static size_t place_of(const struct specs *ss, uint32_t id)
{
	size_t low = 0, high = ss->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ss->list[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct spec *specs_find(const struct specs *ss, uint32_t id)
{
	size_t at = place_of(ss, id);

	return at < ss->n && ss->list[at]->id == id ? ss->list[at] : NULL;
}

static void spec_prepare(struct spec *s, struct ev_loop *loop)
{
	const struct check_ops *ops = check_ops_of(s->type);
	const char *wrong = ops->prepare ? ops->prepare(s, loop) : NULL;

	s->broken = wrong != NULL;
	if (wrong)
		log_error("spec %u: %s check cannot run: %s", s->id,
			  word_text(hc_type_words, (int)s->type), wrong);
}

static void spec_close(struct spec *s)
{
	const struct check_ops *ops = check_ops_of(s->type);

	if (!s->broken && ops->release)
		ops->release(s);
	spec_free(&s->of);
	free(s);
}

const char *specs_put(struct specs *ss, uint32_t id, enum hc_type type,
		      struct hc_spec *of)
{
	const char *wrong = specs_stop(ss, id);
	struct spec *s;
	size_t at;

	if (wrong) {
		spec_free(of);
		return wrong;
	}
	s = xcalloc(1, sizeof(*s));
	s->id = id;
	s->type = type;
	s->of = *of;
	memset(of, 0, sizeof(*of));
	spec_prepare(s, ss->loop);
	at = place_of(ss, id);
	*VEC_PUSH(ss->list, ss->n, ss->cap) = s;
	memmove(ss->list + at + 1, ss->list + at,
		(ss->n - 1 - at) * sizeof(struct spec *));
	ss->list[at] = s;
	return NULL;
}

const char *specs_stop(struct specs *ss, uint32_t id)
{
	struct spec *s = specs_find(ss, id);
	size_t at = place_of(ss, id);

	if (!s)
		return NULL;
	if (s->users)
		return in_use;
	ss->n--;
	memmove(ss->list + at, ss->list + at + 1,
		(ss->n - at) * sizeof(struct spec *));
	spec_close(s);
	return NULL;
}

void specs_hold(struct spec *s)
{
	s->users++;
}

void specs_release(struct spec *s)
{
	s->users--;
}

struct specs *specs_open(struct ev_loop *loop)
{
	struct specs *ss = xcalloc(1, sizeof(*ss));

	ss->loop = loop;
	return ss;
}

void specs_close(struct specs *ss)
{
	for (size_t i = 0; i < ss->n; i++)
		spec_close(ss->list[i]);
	free(ss->list);
	free(ss);
}
