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
#include "lib/log.h"

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

/* What `journalctl MESSAGE_ID=` finds: an id for each kind of event. They are
 * in nftlbd(8), and never change. */
static const char *message_id(const char *kind)
{
	static const struct {
		const char *kind, *id;
	} ids[] = {
		{ "health", "61687f2bd3585cf19e07ac32a8d97edb" },
		{ "admin", "964f1ea704045d01bdb786a035af46b7" },
		{ "said", "bfa122fd6fff54a4b0a6ddf28a6764d4" },
		{ "weight", "2db54ef24aae534d8e92367e9f34ab7d" },
		{ "state", "718433741bf85c4c86591b1b1b69a83e" },
		{ "drain", "2c66278ef4835c58bad7164588862882" },
		{ "panic", "28bfd407a6df5eaeb42561f709c717c9" },
		{ "service", "2fbff8ba4aa85f40b7f2be313f46ba32" },
		{ "weights", "dd0ab13fa81e5fdbb1600110e9d3ee79" },
		{ "feed", "268c146063f75b858b768f1eeff24321" },
		{ "path", "2fa0efa8a4b75f0086927d96f942325a" },
		{ "flood", "cde6a6a2348f5b0887aa6499edd2c350" },
		{ "overflow", "8197f007f932516084fde92e9c9a7958" },
		{ "list", "b467d9e3542854b9b381d467ca606d54" },
		{ "sessions", "a4bfb4ba469559c0a6ebffe7edb7133f" },
		{ "prober", "5bbca96585d25ea88be2a6b3955ef86d" },
		{ "reload", "60153f9a061556a78cb1c39e7eb1d995" },
		{ "resync", "397e4aeefd5e5190845577daf677a0eb" },
		{ "flush", "2815e8300d9e531587bfe72b88a1a130" },
		{ "config", "3c977f0e043f5187a09019d5b0f7b29e" },
		{ "api", "b8b5d8a02f0c4b0f9a3f5d3e6b1c7a94" },
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (!strcmp(ids[i].kind, kind))
			return ids[i].id;
	return NULL;
}

static void log_event(const struct event *e)
{
	const struct log_field fields[] = {
		{ "MESSAGE_ID", message_id(e->kind) },
		{ "KIND", e->kind },
		{ "SERVICE", e->service },
		{ "BACKEND", e->backend },
		{ "OLD", e->old_state },
		{ "NEW", e->new_state },
		{ "REASON", e->reason },
	};
	char where[160] = "", change[48] = "";

	if (e->service[0])
		snprintf(where, sizeof(where), "service=%s%s%s ", e->service,
			 e->backend[0] ? " backend=" : "", e->backend);
	if (e->new_state[0])
		snprintf(change, sizeof(change), "%s -> %s ", e->old_state,
			 e->new_state);
	log_write_fields(
	    LOG_LVL_INFO, fields, sizeof(fields) / sizeof(fields[0]),
	    "%s%s: %sreason=%s", where, e->kind, change, e->reason);
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
