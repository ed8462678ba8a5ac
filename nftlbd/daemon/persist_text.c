/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of the saved state. Names are [A-Za-z0-9._-], nothing needs
 * quoting.
 *
 * Times are written as Unix time: the model's clock begins anew when the
 * machine does. Knows nothing of files.
 */
#include "daemon/persist_text.h"

#include <inttypes.h>
#include <time.h>

#include "daemon/daemon.h"
#include "daemon/persist.h"
#include "model/load.h"

/* ---- times */

static int64_t unix_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The Unix time of a time of the model. */
static int64_t unix_ms_of(int64_t model_ms)
{
	return unix_now_ms() - (daemon_now_ms() - model_ms);
}

int64_t persist_model_ms(int64_t unix_ms)
{
	int64_t ms = daemon_now_ms() - (unix_now_ms() - unix_ms);

	return ms > 0 ? ms : 1;
}

/* ---- what differs from the configuration */

static enum admin configured_admin(const struct backend *b)
{
	return b->conf->disabled ? ADMIN_DISABLED : ADMIN_ENABLED;
}

static size_t nchecks(const struct backend *b)
{
	return b->conf->checks ? b->conf->checks->n : 0;
}

static bool known_down(const struct backend *b)
{
	return b->conf->checks && b->health == HEALTH_DOWN;
}

static bool health_differs(const struct backend *b, size_t i)
{
	return b->checks[i].health !=
	       check_start_health(b->conf->checks->list[i]);
}

static bool check_differs(const struct backend *b, size_t i)
{
	return health_differs(b, i) || (b->checks[i].says & ~HC_SAYS_READY);
}

static bool checks_differ(const struct backend *b)
{
	bool differ = known_down(b);

	for (size_t i = 0; !differ && i < nchecks(b); i++)
		differ = check_differs(b, i);
	return differ;
}

static bool backend_differs(const struct service *s, const struct backend *b)
{
	return backend_dynamic(s, b) != WEIGHTS_ONE ||
	       b->admin != configured_admin(b) || b->weight != WEIGHT_DEFAULT ||
	       b->flaps || b->drain_ms || checks_differ(b);
}

static bool service_differs(const struct service *s)
{
	bool differs = s->disabled;

	for (size_t i = 0; !differs && i < s->nbackends; i++)
		differs = backend_differs(s, &s->backends[i]);
	return differs;
}

/* ---- text */

static void put_comma(struct buf *t)
{
	if (t->len > 0 && t->data[t->len - 1] != '{')
		buf_append(t, ",", 1);
}

static void put_word(struct buf *t, const char *key, const struct word *words,
		     int value)
{
	put_comma(t);
	buf_printf(t, "\"%s\":\"%s\"", key, word_text(words, value));
}

static void put_number(struct buf *t, const char *key, int64_t value)
{
	put_comma(t);
	buf_printf(t, "\"%s\":%" PRId64, key, value);
}

static void put_time(struct buf *t, const char *key, int64_t model_ms)
{
	if (model_ms)
		put_number(t, key, unix_ms_of(model_ms));
}

static void put_check(struct buf *t, const struct backend *b, size_t i)
{
	const struct check_state *cs = &b->checks[i];

	put_comma(t);
	buf_printf(t, "\"%s\":{", b->conf->checks->list[i]->name);
	if (health_differs(b, i))
		put_word(t, "health", health_words, cs->health);
	if (cs->says) {
		put_number(t, "says", cs->says);
		put_number(t, "weight", cs->weight);
	}
	buf_append(t, "}", 1);
}

/* Where they are there, a version that knows no more than "health" is right
 * about them, too. */
static void put_checks(struct buf *t, const struct backend *b)
{
	if (known_down(b))
		put_word(t, "health", health_words, HEALTH_DOWN);
	put_comma(t);
	buf_printf(t, "\"checks\":{");
	for (size_t i = 0; i < nchecks(b); i++)
		if (check_differs(b, i))
			put_check(t, b, i);
	buf_append(t, "}", 1);
}

void persist_put_backend(struct buf *t, const struct service *s,
			 const struct backend *b)
{
	if (b->admin != configured_admin(b))
		put_word(t, "admin", admin_words, (int)b->admin);
	if (b->weight != WEIGHT_DEFAULT)
		put_number(t, "weight", b->weight);
	if (checks_differ(b))
		put_checks(t, b);
	if (b->flaps) {
		put_number(t, "flaps", b->flaps);
		put_time(t, "flap", b->flap_ms);
		put_time(t, "hold", b->hold_ms);
	}
	put_time(t, "drain", b->drain_ms);
	if (backend_dynamic(s, b) != WEIGHTS_ONE)
		put_number(t, "dynamic", backend_dynamic(s, b));
}

static void put_service(struct buf *t, const struct service *s)
{
	buf_printf(t, "\"%s\":{%s\"backends\":{", s->conf->name,
		   s->disabled ? "\"admin\":\"disabled\"," : "");
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];

		if (!backend_differs(s, b))
			continue;
		put_comma(t);
		buf_printf(t, "\"%s\":{", b->conf->name);
		persist_put_backend(t, s, b);
		buf_append(t, "}", 1);
	}
	buf_append(t, "}}", 2);
}

void persist_put_model(struct buf *t, const struct model *m, int64_t number)
{
	const char *separator = "\n";

	buf_printf(t, "{\"version\":%d,\"journal\":%" PRId64 ",\"services\":{",
		   PERSIST_VERSION, number);
	for (size_t i = 0; i < m->nservices; i++) {
		if (!service_differs(&m->services[i]))
			continue;
		buf_printf(t, "%s", separator);
		put_service(t, &m->services[i]);
		separator = ",\n";
	}
	buf_append(t, "}}\n", 3);
}
