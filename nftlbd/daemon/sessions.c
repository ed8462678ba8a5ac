/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The purge of session tables, in passes: a child reads the tables that wait
 * and says which entries have to go; they are removed a few hundred a turn of
 * the loop. A table in which something stale was found is read again: a dump
 * may miss entries while packets change the table.
 *
 * What is stale is void in the kernel already: nobody waits for us but a
 * backend that wants to be sticky again, ids that cannot be given to others
 * before, and whoever finds no room in the table.
 *
 * Invariants: a pass begins after the commit that made its backends not sticky,
 * and a moment later, when packets that were under way are through. An entry is
 * removed only if it has to go by the model of that moment. One pass at a time.
 *
 * Must not know: why a backend is not sticky.
 */
#include "daemon/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/sessions_impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/step.h"
#include "model/sticky.h"

#define DELAY_S    0.02 /* for packets that are under way */
#define RETRY_S    1.0  /* after a pass that failed */
#define PASSES_MAX 5u
#define CLAIM_MS   500    /* at the start, for all tables together */
#define PIECE      65536u /* read from the child in one turn */

struct sessions {
	struct daemon *d;
	struct session_job *waiting, *current;
	size_t nwaiting, capwaiting, ncurrent;
	ev_timer later; /* the next pass, or the next part of its end */
	ev_io readable;
	ev_child reaped;
	int fd; /* of the child; -1 = closed */
	bool running, ok;
	bool scanned;     /* sessions_scanned() was called */
	struct buf heard; /* half a report */
};

static void job_free(struct session_job *j)
{
	free(j->name);
	free(j->asked);
	free(j->found);
}

static void come_back(struct sessions *s, double after_s)
{
	if (ev_is_active(&s->later))
		return;
	ev_timer_set(&s->later, after_s, 0);
	ev_timer_start(s->d->loop, &s->later);
}

/* ---- what waits */

static struct session_job *waiting_job(struct sessions *s, const char *name,
				       bool group, unsigned int table,
				       const char *from)
{
	struct session_job *j;

	for (size_t i = 0; i < s->nwaiting; i++) {
		j = &s->waiting[i];
		if (j->group == group && j->table == table &&
		    !strcmp(j->name, name) && !strcmp(j->from, from))
			return j;
	}
	j = VEC_PUSH(s->waiting, s->nwaiting, s->capwaiting);
	*j = (struct session_job){ .name = xstrdup(name),
				   .group = group,
				   .table = table };
	snprintf(j->from, sizeof(j->from), "%s", from);
	return j;
}

void sessions_queue(struct sessions *s, const char *name, bool group,
		    unsigned int table, const struct session_match *asked)
{
	struct session_job *j = waiting_job(s, name, group, table, "");

	if (asked)
		*VEC_PUSH(j->asked, j->nasked, j->capasked) = *asked;
	if (!s->current)
		come_back(s, DELAY_S);
}

static void queue_tables(struct sessions *s, const struct service *svc)
{
	const char *group = svc->conf->persist_group;
	uint8_t places[RS_TABLES];
	size_t n = session_places(svc, places);

	for (size_t i = 0; i < n; i++)
		sessions_queue(s, group ? group : svc->conf->name,
			       group != NULL, places[i], NULL);
}

/* Tables that have another size by now. */
static void carry_tables(struct sessions *s, const struct service *svc)
{
	const char *group = svc->conf->persist_group;
	const char *name = group ? group : svc->conf->name;
	uint8_t places[RS_TABLES];
	size_t n = session_places(svc, places);
	char from[sizeof(((struct session_table *)NULL)->set)];

	for (size_t i = 0; i < n; i++)
		if (ruleset_sessions_moved(s->d->ruleset, name, group != NULL,
					   rs_table_family(places[i]), from,
					   sizeof(from)))
			waiting_job(s, name, group != NULL, places[i], from);
	if (!s->current && s->nwaiting)
		come_back(s, DELAY_S);
}

/* Ids of backends that are gone are held as long as their entries are there. */
static bool holds_ids(const struct sessions *s, const struct service *svc)
{
	return ruleset_sessions_held(s->d->ruleset, svc->conf->name);
}

void sessions_committed(struct sessions *s, struct service *svc)
{
	bool stale = sticky_committed(svc);

	if (!sticky_remembers(svc))
		return;
	if (stale || holds_ids(s, svc))
		queue_tables(s, svc);
	carry_tables(s, svc);
}

/* ---- a pass */

/* From here on nobody who is stale now gets new entries that would be. */
static void job_begin(struct sessions *s, struct session_job *j)
{
	struct session_users u;

	j->there = session_users(s->d, j->name, j->group, j->table, &u);
	for (size_t i = 0; i < u.n && !j->from[0]; i++)
		sticky_purge_begin(u.list[i], u.family);
	if (!j->group && !j->from[0])
		ruleset_sessions_purging(s->d->ruleset, j->name, j->table);
	j->t = u.t;
	if (j->from[0])
		strcpy(j->t.set, j->from);
	j->there = j->there && u.there;
	j->nfound = j->at = j->removed = 0;
	j->passes++;
	session_users_free(&u);
}

static void job_end(struct sessions *s, struct session_job *j, bool done)
{
	struct changes changes = { 0 };
	struct session_users u;

	if (j->from[0]) {
		if (done)
			ruleset_sessions_drop(s->d->ruleset, j->from,
					      rs_table_family(j->table));
		return;
	}
	if (done && !j->group)
		ruleset_sessions_purged(s->d->ruleset, j->name, j->table);
	session_users(s->d, j->name, j->group, j->table, &u);
	for (size_t i = 0; i < u.n; i++)
		step_purged(s->d->model, u.list[i], u.family, done,
			    daemon_now_ms(), &changes);
	session_users_free(&u);
	daemon_changes(s->d, &changes);
}

/* What could not be read is read again, for those as well who asked. */
static void read_again(struct sessions *s, const struct session_job *j)
{
	struct session_job *w =
	    waiting_job(s, j->name, j->group, j->table, j->from);

	w->passes = j->failed ? 0 : j->passes;
	for (size_t i = 0; j->failed && i < j->nasked; i++)
		*VEC_PUSH(w->asked, w->nasked, w->capasked) = j->asked[i];
}

static bool is_again(const struct session_job *j)
{
	return j->failed || (j->removed && j->passes < PASSES_MAX);
}

/* A backend's flows may be in two tables of a family: nothing is left of them
 * when both are through. (They are queued together, always.) */
static bool some_again(const struct session_job *jobs, size_t n,
		       const struct session_job *j)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i].group == j->group &&
		    rs_table_family(jobs[i].table) ==
			rs_table_family(j->table) &&
		    !strcmp(jobs[i].name, j->name) &&
		    !strcmp(jobs[i].from, j->from) && is_again(&jobs[i]))
			return true;
	return false;
}

static void pass_end(struct sessions *s)
{
	struct session_job *jobs = s->current;
	size_t n = s->ncurrent;
	bool failed = false;

	s->current = NULL;
	s->ncurrent = 0;
	for (size_t i = 0; i < n; i++) {
		struct session_job *j = &jobs[i];
		bool again = some_again(jobs, n, j);

		failed |= j->failed;
		job_end(s, j, !again);
		if (again)
			read_again(s, j);
	}
	for (size_t i = 0; i < n; i++)
		job_free(&jobs[i]);
	free(jobs);
	if (s->nwaiting)
		come_back(s, failed ? RETRY_S : DELAY_S);
}

static void pass_failed(struct sessions *s, const char *what, int error)
{
	log_warning("sessions: %s: %s; trying again", what, strerror(error));
	for (size_t i = 0; i < s->ncurrent; i++)
		s->current[i].failed = true;
	pass_end(s);
}

/* ---- changing what was found */

/* Part of the list that still has to go: at most as many as may go at once. */
static size_t take_some(struct session_job *j, const struct session_users *u,
			struct session *out, size_t *stale)
{
	size_t n = 0, max = j->from[0] ? SESSIONS_ADD_MAX : SESSIONS_FORGET_MAX;

	for (; j->at < j->nfound && n < max; j->at++) {
		bool is_stale;

		if (!session_is_meant(j, u, &j->found[j->at], &is_stale))
			continue;
		out[n++] = j->found[j->at];
		*stale += is_stale;
	}
	return n;
}

static int change_some(struct sessions *s, struct session_job *j)
{
	struct session *list = xcalloc(SESSIONS_FORGET_MAX, sizeof(*list));
	struct session_users u;
	struct session_table to;
	struct err err = { "" };
	size_t n = 0, stale = 0;
	int ret = 0;

	if (session_users(s->d, j->name, j->group, j->table, &u) && u.there)
		n = take_some(j, &u, list, &stale);
	else
		j->at = j->nfound; /* nobody's table */
	to = u.t;
	session_users_free(&u);
	if (n && j->from[0])
		ret = ruleset_sessions_add(s->d->ruleset, &to, list, n, &err);
	else if (n)
		ret = ruleset_sessions_forget(s->d->ruleset, &j->t, list, n,
					      &err);
	if (ret == -ENFILE) { /* a smaller table is full: that is all of it */
		j->at = j->nfound;
	} else if (ret < 0 && ret != -ENOENT) {
		log_warning("sessions of %s: %s", j->name, err.msg);
		j->failed = true;
		j->at = j->nfound;
	}
	j->removed += stale;
	free(list);
	return ret;
}

/* One part, and the loop goes on. */
static void remove_next(struct sessions *s)
{
	for (size_t i = 0; i < s->ncurrent; i++) {
		if (s->current[i].at == s->current[i].nfound)
			continue;
		change_some(s, &s->current[i]);
		come_back(s, 0);
		return;
	}
	pass_end(s);
}

/* ---- listening to the child */

static void take_reports(struct sessions *s)
{
	size_t at = 0;

	for (; s->heard.len - at >= sizeof(struct session_report);
	     at += sizeof(struct session_report)) {
		struct session_report r;
		struct session_job *j;

		memcpy(&r, s->heard.data + at, sizeof(r));
		if (r.job >= s->ncurrent)
			continue;
		j = &s->current[r.job];
		*VEC_PUSH(j->found, j->nfound, j->capfound) = r.s;
	}
	memmove(s->heard.data, s->heard.data + at, s->heard.len - at);
	s->heard.len -= at;
}

static void child_close(struct sessions *s)
{
	ev_io_stop(s->d->loop, &s->readable);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Its end of the pipe is closed, and it is reaped: the order is anybody's. */
static void child_over(struct sessions *s)
{
	if (s->fd >= 0 || s->running)
		return;
	if (s->ok)
		remove_next(s);
	else
		pass_failed(s, "cannot read a table", EIO);
}

static void readable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct sessions *s = w->data;
	ssize_t n = read(s->fd, buf_reserve(&s->heard, PIECE), PIECE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		s->heard.len += (size_t)n;
		take_reports(s);
		return;
	}
	child_close(s);
	child_over(s);
}

static void reaped_cb(struct ev_loop *loop, ev_child *w, int revents)
{
	struct sessions *s = w->data;

	ev_child_stop(loop, w);
	s->running = false;
	s->ok = WIFEXITED(w->rstatus) && WEXITSTATUS(w->rstatus) == 0;
	child_over(s);
}

static void pass_begin(struct sessions *s)
{
	pid_t pid;

	s->current = s->waiting;
	s->ncurrent = s->nwaiting;
	s->waiting = NULL;
	s->nwaiting = s->capwaiting = 0;
	for (size_t i = 0; i < s->ncurrent; i++)
		job_begin(s, &s->current[i]);
	pid = session_child_start(s->d, s->current, s->ncurrent, &s->fd);
	if (pid < 0) {
		pass_failed(s, "fork", (int)-pid);
		return;
	}
	s->running = true;
	buf_clear(&s->heard);
	ev_io_set(&s->readable, s->fd, EV_READ);
	ev_io_start(s->d->loop, &s->readable);
	ev_child_set(&s->reaped, pid, 0);
	ev_child_start(s->d->loop, &s->reaped);
}

static void later_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct sessions *s = w->data;

	if (s->current)
		remove_next(s);
	else if (s->nwaiting)
		pass_begin(s);
}

/* ---- the public side */

struct sessions *sessions_open(struct daemon *d)
{
	struct sessions *s = xcalloc(1, sizeof(*s));

	s->d = d;
	s->fd = -1;
	ev_init(&s->later, later_cb);
	ev_init(&s->readable, readable_cb);
	ev_init(&s->reaped, reaped_cb);
	s->later.data = s->readable.data = s->reaped.data = s;
	return s;
}

void sessions_close(struct sessions *s)
{
	if (!s)
		return;
	child_close(s);
	if (s->running)
		kill(s->reaped.pid, SIGKILL);
	ev_child_stop(s->d->loop, &s->reaped);
	ev_timer_stop(s->d->loop, &s->later);
	for (size_t i = 0; i < s->nwaiting; i++)
		job_free(&s->waiting[i]);
	for (size_t i = 0; i < s->ncurrent; i++)
		job_free(&s->current[i]);
	free(s->waiting);
	free(s->current);
	buf_free(&s->heard);
	free(s);
}

/* Who was not sticky when the last daemon ended may have entries from before
 * that, and so may ids that nobody has. */
static void first_look(struct daemon *d, struct service *svc,
		       unsigned int table, int64_t end_ms)
{
	const char *group = svc->conf->persist_group;
	const char *name = svc->conf->name;
	struct session_id *ids = NULL;
	struct session_users u;
	size_t n = 0;

	if (session_users(d, group ? group : name, group != NULL, table, &u) &&
	    u.there) {
		n = ruleset_session_ids(d->ruleset, name, table, &ids);
		if (!group)
			ruleset_sessions_claim(d->ruleset, name, &u.t, end_ms);
	}
	session_users_free(&u);
	for (size_t i = 0; i < n; i++) {
		struct backend *b = service_backend(svc, ids[i].backend);

		if (b && !ids[i].sticky && !rs_is_direct(svc->conf->mode))
			step_stale(b);
	}
	free(ids);
}

void sessions_scanned(struct sessions *s)
{
	struct model *m = s->d->model;
	uint8_t places[RS_TABLES];
	int64_t end_ms = daemon_now_ms() + CLAIM_MS;

	if (s->scanned)
		return;
	s->scanned = true;
	for (size_t i = 0; i < m->nservices; i++) {
		struct service *svc = &m->services[i];
		size_t n = session_places(svc, places);

		if (!sticky_remembers(svc))
			continue;
		for (size_t k = 0; k < n; k++)
			first_look(s->d, svc, places[k], end_ms);
		if (rs_is_direct(svc->conf->mode))
			step_unsure(m, svc, daemon_now_ms());
		queue_tables(s, svc);
	}
}
