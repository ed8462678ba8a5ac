/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: sockets to SNMP agents, and whose answer it is that came. Several
 * runs can be under way on one; each looks at what came, and knows by the ids
 * of its requests what is its own. An ICMP error is about all of them.
 *
 * The socket of a shared session is kept between probes and always listened to:
 * late answers and errors are read, and dropped, before the next request could
 * take them for its own. It is bound to the route and the address of when it
 * was connected. So where no answer came, whatever the reason, the next probe
 * that is alone on it has a new one.
 *
 * Sessions are found by a digest of all that makes them different, so that no
 * more copies of passwords lie about.
 *
 * Must not know what is asked and answered.
 */
#include "healthcheck/snmp_session.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "healthcheck/snmp_run.h"
#include "healthcheck/socket.h"
#include "lib/xalloc.h"

#define PER_WAKE_MAX 8    /* datagrams; others have probes too */
#define BUCKETS      4096 /* a power of two */

struct snmp_sessions {
	struct ev_loop *loop;
	struct snmp_session *buckets[BUCKETS];
};

/* ---- what comes ---- */

/* To the one run whose it is; one that is over takes no more. */
static void datagram_give(struct snmp_session *s, uint8_t *data, size_t len)
{
	struct snmp_run *r;
	int verdict;

	LIST_FOREACH(r, &s->runs, entry)
	{
		if (r->verdict != CHECK_RUNNING)
			continue;
		verdict = snmp_judge(r->check, r, data, len);
		if (verdict == SNMP_UNREADABLE)
			r->unreadable = true;
		else if (verdict != SNMP_NOT_OURS) {
			r->verdict = verdict;
			return;
		}
	}
}

static void error_give(struct snmp_session *s, int reason)
{
	struct snmp_run *r;

	s->stale = true;
	LIST_FOREACH(r, &s->runs, entry)
	if (r->verdict == CHECK_RUNNING)
		r->verdict = reason;
}

/* An error that was told, by whatever call, stays in a queue of its own
 * (IP_RECVERR), and wakes us again and again until it is taken from there. */
static void errors_drop(const struct snmp_session *s)
{
	uint8_t none;

	for (int i = 0; i < PER_WAKE_MAX; i++)
		if (recv(s->io.fd, &none, sizeof(none), MSG_ERRQUEUE) < 0)
			return;
}

static void datagrams_read(struct snmp_session *s)
{
	uint8_t data[SNMP_MESSAGE_MAX];

	for (int i = 0; i < PER_WAKE_MAX; i++) {
		ssize_t n = recv(s->io.fd, data, sizeof(data), MSG_TRUNC);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			error_give(s, probe_reason(errno));
		else
			datagram_give(s, data, (size_t)n);
	}
	errors_drop(s);
}

/* A run that is over leaves the list, and a new one may be in it at once. */
static struct snmp_run *run_over(const struct snmp_session *s,
				 const struct snmp_run *looking)
{
	struct snmp_run *r;

	LIST_FOREACH(r, &s->runs, entry)
	if (r != looking && r->verdict != CHECK_RUNNING)
		return r;
	return NULL;
}

void snmp_session_read(struct snmp_session *s, const struct snmp_run *looking)
{
	struct snmp_run *r;

	s->users++; /* the end of a run may be the end of its session */
	datagrams_read(s);
	while ((r = run_over(s, looking)))
		check_finish(r->check, (enum hc_reason)r->verdict);
	snmp_session_drop(s);
}

static void session_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	snmp_session_read(w->data, NULL);
}

/* ---- sockets ---- */

static void socket_close(struct snmp_session *s)
{
	ev_io_stop(s->loop, &s->io);
	if (s->io.fd >= 0)
		close(s->io.fd);
	s->io.fd = -1;
}

int snmp_session_open(struct snmp_session *s, const struct spec *spec,
		      const struct hc_job *job)
{
	int fd, reason;

	if (s->stale && LIST_EMPTY(&s->runs))
		socket_close(s);
	if (s->io.fd >= 0)
		return HC_OK;
	fd = probe_socket(spec, job, SOCK_DGRAM);
	if (fd < 0)
		return probe_reason(-fd);
	reason = probe_connect(fd, job);
	if (reason != HC_OK) {
		close(fd);
		return reason;
	}
	ev_io_set(&s->io, fd, EV_READ);
	ev_io_start(s->loop, &s->io);
	s->stale = false;
	return HC_OK;
}

/* ---- sessions ---- */

struct snmp_session *snmp_session_new(struct ev_loop *loop)
{
	struct snmp_session *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->users = 1;
	LIST_INIT(&s->runs);
	ev_io_init(&s->io, session_cb, -1, EV_READ);
	s->io.data = s;
	return s;
}

/* Where to, from where, and as whom. */
static bool key_make(const struct hc_spec *of, const struct hc_job *job,
		     uint8_t key[SNMP_SESSION_KEY])
{
	const struct hc_spec part = {
		.source4 = of->source4,
		.source6 = of->source6,
		.interface = of->interface,
		.snmp_version = of->snmp_version,
		.community = of->community,
		.snmp_user = of->snmp_user,
		.snmp_auth = of->snmp_auth,
		.snmp_priv = of->snmp_priv,
		.auth_password = of->auth_password,
		.priv_password = of->priv_password,
		.context = of->context,
	};
	struct buf bytes = { 0 };
	bool made;

	buf_append(&bytes, &job->port, sizeof(job->port));
	buf_append(&bytes, &job->source_port, sizeof(job->source_port));
	buf_append(&bytes, &job->family, sizeof(job->family));
	buf_append(&bytes, job->ip, sizeof(job->ip));
	spec_encode(&part, &bytes);
	made = EVP_Digest(bytes.data, bytes.len, key, NULL, EVP_sha256(),
			  NULL) == 1;
	OPENSSL_cleanse(bytes.data, bytes.len);
	buf_free(&bytes);
	return made;
}

static struct snmp_session **bucket_of(struct snmp_sessions *all,
				       const uint8_t key[SNMP_SESSION_KEY])
{
	return &all->buckets[(key[0] << 8 | key[1]) & (BUCKETS - 1)];
}

struct snmp_session *snmp_session_of(struct snmp_sessions *all,
				     const struct hc_spec *of,
				     const struct hc_job *job)
{
	uint8_t key[SNMP_SESSION_KEY];
	struct snmp_session **bucket, *s;

	if (!key_make(of, job, key))
		return snmp_session_new(all->loop);
	bucket = bucket_of(all, key);
	for (s = *bucket; s; s = s->next) {
		if (memcmp(s->key, key, sizeof(key)) == 0) {
			s->users++;
			return s;
		}
	}
	s = snmp_session_new(all->loop);
	memcpy(s->key, key, sizeof(key));
	s->all = all;
	s->next = *bucket;
	*bucket = s;
	return s;
}

void snmp_session_drop(struct snmp_session *s)
{
	struct snmp_session **at;

	if (--s->users)
		return;
	if (s->all) {
		at = bucket_of(s->all, s->key);
		while (*at != s)
			at = &(*at)->next;
		*at = s->next;
	}
	socket_close(s);
	OPENSSL_cleanse(&s->engine.keys, sizeof(s->engine.keys));
	free(s);
}

static void *sessions_open(struct ev_loop *loop)
{
	struct snmp_sessions *all = xcalloc(1, sizeof(*all));

	all->loop = loop;
	return all;
}

/* Whoever had a session gave it back before. */
static void sessions_close(void *object)
{
	free(object);
}

const struct shared_kind snmp_sessions_kind = { sessions_open, sessions_close };
