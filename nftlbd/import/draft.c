/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys, checks, notes of an import. */
#include "import/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/xalloc.h"

#define VALUE_MAX  1000
#define NOTE_MAX   400
#define SAME_NOTES 64 /* so many are looked back at */

/* ---- keys */

/* Our files have no quotes around values: blanks at the ends go, and a blank
 * before ';' begins a comment. */
static bool value_fits(const char *text)
{
	size_t n = strlen(text);

	if (n > VALUE_MAX || utf8_check(text, n) != n)
		return false;
	if (n > 0 && (text[0] == ' ' || text[n - 1] == ' '))
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f || *text == ';')
			return false;
	return true;
}

static struct draft_pair *pair(const struct draft_keys *k, const char *key)
{
	for (size_t i = 0; i < k->n; i++)
		if (!strcmp(k->list[i].key, key))
			return &k->list[i];
	return NULL;
}

bool draft_set(struct draft_keys *k, const char *key, const char *fmt, ...)
{
	struct draft_pair *p = pair(k, key);
	va_list ap;
	char *value;

	va_start(ap, fmt);
	value = xvasprintf(fmt, ap);
	va_end(ap);
	if (!value_fits(value)) {
		free(value);
		return false;
	}
	if (p) {
		free(p->value);
	} else {
		p = VEC_PUSH(k->list, k->n, k->cap);
		p->key = xstrdup(key);
	}
	p->value = value;
	return true;
}

const char *draft_get(const struct draft_keys *k, const char *key)
{
	const struct draft_pair *p = pair(k, key);

	return p ? p->value : NULL;
}

void draft_drop(struct draft_keys *k, const char *key)
{
	struct draft_pair *p = pair(k, key);

	if (!p)
		return;
	free(p->key);
	free(p->value);
	k->n--;
	memmove(p, p + 1, sizeof(*p) * (k->n - (size_t)(p - k->list)));
}

void draft_keys_free(struct draft_keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->list[i].key);
		free(k->list[i].value);
	}
	free(k->list);
	*k = (struct draft_keys){ 0 };
}

static bool keys_same(const struct draft_keys *a, const struct draft_keys *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = draft_get(b, a->list[i].key);

		if (!other || strcmp(other, a->list[i].value) != 0)
			return false;
	}
	return true;
}

/* ---- checks */

const char *draft_check(struct draft *d, struct draft_keys *keys)
{
	const char *type = draft_get(keys, "type");
	struct draft_check *c;
	size_t same = 0;

	for (size_t i = 0; i < d->nchecks; i++) {
		c = &d->checks[i];
		if (keys_same(&c->keys, keys)) {
			draft_keys_free(keys);
			return c->name;
		}
		same += !strcmp(draft_get(&c->keys, "type"), type);
	}
	c = VEC_PUSH(d->checks, d->nchecks, d->capchecks);
	c->keys = *keys;
	c->name = same ? xasprintf("%s-%zu", type, same + 1) : xstrdup(type);
	*keys = (struct draft_keys){ 0 };
	return c->name;
}

/* ---- services */

struct draft_service *draft_service(struct draft *d)
{
	struct draft_service *s =
	    VEC_PUSH(d->services, d->nservices, d->capservices);

	*s = (struct draft_service){ .protocol = "tcp" };
	return s;
}

void draft_address(struct draft_service *s, const struct addr *a)
{
	for (size_t i = 0; i < s->naddrs; i++)
		if (addr_cmp(&s->addrs[i], a) == 0)
			return;
	*VEC_PUSH(s->addrs, s->naddrs, s->capaddrs) = *a;
}

struct draft_backend *draft_backend(struct draft_service *s)
{
	struct draft_backend *b =
	    VEC_PUSH(s->backends, s->nbackends, s->capbackends);

	*b = (struct draft_backend){ 0 };
	return b;
}

/* ---- notes */

/* A virtual server that became several says it once. */
static bool is_noted(const struct import *out, const char *line)
{
	size_t i = out->nnotes > SAME_NOTES ? out->nnotes - SAME_NOTES : 0;

	for (; i < out->nnotes; i++)
		if (!strcmp(out->notes[i].text, line))
			return true;
	return false;
}

void draft_note(struct draft *d, struct buf *to, const char *where,
		const char *fmt, ...)
{
	char words[NOTE_MAX], line[NOTE_MAX + 128];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(words, sizeof(words), fmt, ap) < 0)
		words[0] = '\0';
	va_end(ap);
	snprintf(line, sizeof(line), "%.100s: %s", where, words);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	if (is_noted(d->out, line))
		return;
	if (to)
		buf_printf(to, "; %s\n", line);
	VEC_PUSH(d->out->notes, d->out->nnotes, d->out->capnotes)->text =
	    xstrdup(line);
}

void import_free(struct import *out)
{
	for (size_t i = 0; i < out->nnotes; i++)
		free(out->notes[i].text);
	free(out->notes);
	buf_free(&out->text);
	*out = (struct import){ 0 };
}
