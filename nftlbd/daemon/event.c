/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One state change: one line in the log, one event in the ring, one run of a
 * hook where there is one, and, where it has to live through a restart, one
 * line on disk (daemon/persist.h). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/control.h"
#include "daemon/daemon.h"
#include "daemon/health.h"
#include "daemon/history.h"
#include "daemon/persist.h"

const char *author_text(const struct author *who, char words[AUTHOR_MAX])
{
	if (who->token)
		snprintf(words, AUTHOR_MAX, "operator token=%s", who->token);
	else
		snprintf(words, AUTHOR_MAX, "operator uid=%u",
			 (unsigned int)who->uid);
	return words;
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void log_event(const struct event *e)
{
	char where[160] = "", change[48] = "";

	if (e->service[0])
		snprintf(where, sizeof(where), "service=%s%s%s ", e->service,
			 e->backend[0] ? " backend=" : "", e->backend);
	if (e->new_state[0])
		snprintf(change, sizeof(change), "%s -> %s ", e->old_state,
			 e->new_state);
	log_info("%s%s: %sreason=%s", where, e->kind, change, e->reason);
}

static bool is_kept(const char *kind)
{
	static const char *const kept[] = { "health", "admin", "weight",
					    "said" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!strcmp(kind, kept[i]))
			return true;
	return false;
}

static void keep(struct daemon *d, const char *service, const char *backend)
{
	const struct service *s = model_service(d->model, service);
	const struct backend *b =
	    s && backend ? service_backend(s, backend) : NULL;

	if (s && (b || !backend))
		persist_note(d->persist, s, b);
}

void daemon_event(struct daemon *d, const char *kind, const char *service,
		  const char *backend, const char *old_state,
		  const char *new_state, const char *reason_fmt, ...)
{
	struct event e = { 0 };
	struct timespec now;
	va_list ap;

	clock_gettime(CLOCK_REALTIME, &now);
	e.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	copy(e.kind, sizeof(e.kind), kind);
	copy(e.service, sizeof(e.service), service);
	copy(e.backend, sizeof(e.backend), backend);
	copy(e.old_state, sizeof(e.old_state), old_state);
	copy(e.new_state, sizeof(e.new_state), new_state);
	va_start(ap, reason_fmt);
	vsnprintf(e.reason, sizeof(e.reason), reason_fmt, ap);
	va_end(ap);
	e.id = events_add(&d->events, &e);
	if (service && is_kept(kind))
		keep(d, service, backend);
	log_event(&e);
	daemon_history_event(d->history, service);
	if (d->control)
		control_event(d->control);
	health_event(d->health, &e);
	if (d->on_event)
		d->on_event(d);
}
