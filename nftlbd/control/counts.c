/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections per backend: flows_count() works with matches of addresses and
 * ports; here they are made from services and added up per backend.
 *
 * Invariants: indices are only used with the model that they were made from; a
 * reload meanwhile means counting anew, a few times at most. The job outlives
 * its request: flows_count() answers once, whatever happened to us. Where the
 * daemon keeps track of all that is asked for, nothing is asked of the kernel.
 * Must not know: JSON.
 */
#include "control/counts.h"

#include <errno.h>
#include <stdlib.h>

#include "control/handlers.h"
#include "daemon/load.h"
#include "lib/xalloc.h"

#define TRIES_MAX 3

struct count_job {
	struct later later; /* first */
	struct daemon *d;
	counts_done_fn *done;   /* of a request, or: */
	counts_taken_fn *taken; /* with */
	void *arg;
	char *service; /* NULL = all */
	int tries;
	struct counts *counts;
	struct flow_match *match;
	size_t *cell; /* of each match: where in counts->n it is added */
	size_t nmatch, capmatch, capcell;
};

static struct counts *counts_new(const struct model *m, const char *service)
{
	const struct service *only = service ? model_service(m, service) : NULL;
	struct counts *c = xcalloc(1, sizeof(*c));
	size_t total = 0;

	c->refs = 1;
	c->generation = m->generation;
	c->first = only ? (size_t)(only - m->services) : 0;
	c->nservices = service ? only != NULL : m->nservices;
	c->offset = xcalloc(c->nservices + 1, sizeof(*c->offset));
	for (size_t i = 0; i < c->nservices; i++) {
		c->offset[i] = total;
		total += m->services[c->first + i].nbackends;
	}
	c->n = xcalloc(total + 1, sizeof(*c->n));
	return c;
}

void counts_free(struct counts *c)
{
	if (!c || --c->refs > 0)
		return;
	free(c->offset);
	free(c->n);
	free(c);
}

bool counts_get(const struct counts *c, size_t service, size_t backend,
		uint64_t *n)
{
	if (!c || !c->known || service < c->first ||
	    service - c->first >= c->nservices)
		return false;
	*n = c->n[c->offset[service - c->first] + backend];
	return true;
}

static void count_job_free(struct count_job *job)
{
	counts_free(job->counts);
	free(job->service);
	free(job->match);
	free(job->cell);
	free(job);
}

/* ---- matches of a backend: addresses x protocols x port ranges */

static void add_match(struct count_job *job, const struct flow_match *match,
		      size_t cell)
{
	*VEC_PUSH(job->match, job->nmatch, job->capmatch) = *match;
	if (job->capcell < job->capmatch) {
		job->capcell = job->capmatch;
		job->cell =
		    xreallocarray(job->cell, job->capcell, sizeof(*job->cell));
	}
	job->cell[job->nmatch - 1] = cell;
}

static void add_ports(struct count_job *job, const struct conf_service *s,
		      struct flow_match *match, size_t cell)
{
	match->port_lo = 0;
	match->port_hi = UINT16_MAX;
	if (s->nports == 0)
		add_match(job, match, cell);
	for (size_t i = 0; i < s->nports; i++) {
		match->port_lo = s->ports[i].lo;
		match->port_hi = s->ports[i].hi;
		add_match(job, match, cell);
	}
}

static void add_backend(struct count_job *job, const struct conf_service *s,
			const struct conf_backend *b, size_t cell)
{
	struct flow_match match = { .backend = b->addr,
				    .backend_port = b->port };

	for (size_t i = 0; i < s->naddrs; i++) {
		if (s->addrs[i].family != b->addr.family)
			continue;
		match.vip = s->addrs[i];
		for (size_t j = 0; j < s->nprotos; j++) {
			match.proto = s->protos[j];
			add_ports(job, s, &match, cell);
		}
	}
}

static void add_all(struct count_job *job, const struct model *m)
{
	const struct counts *c = job->counts;

	job->nmatch = 0;
	for (size_t i = 0; i < c->nservices; i++) {
		const struct conf_service *s = m->services[c->first + i].conf;

		for (size_t j = 0; j < s->nbackends; j++)
			add_backend(job, s, &s->backends[j], c->offset[i] + j);
	}
}

/* ---- the job */

static void count_abandon(struct later *l)
{
	/* flows_count() still answers; on_counted() frees the job then. */
}

static void on_counted(void *arg, int status, const uint64_t *counts, size_t n);

static void count_ask(struct count_job *job)
{
	struct daemon *d = job->d;

	counts_free(job->counts);
	job->counts = counts_new(d->model, job->service);
	add_all(job, d->model);
	flows_count(d->flows, job->match, job->nmatch, on_counted, job);
}

static void on_counted(void *arg, int status, const uint64_t *counts, size_t n)
{
	struct count_job *job = arg;
	struct request *rq = job->later.rq;
	struct counts *c = job->counts;

	if (!rq && !job->taken) {
		count_job_free(job);
		return;
	}
	if (c->generation != job->d->model->generation) {
		if (++job->tries < TRIES_MAX && status != -ECANCELED) {
			count_ask(job);
			return;
		}
		counts_free(c);
		c = counts_new(job->d->model, job->service);
	} else if (status == 0) {
		c->known = true;
		for (size_t i = 0; i < n; i++)
			c->n[job->cell[i]] += counts[i];
	}
	job->counts = NULL;
	if (job->taken) {
		job->taken(job->arg, c);
	} else {
		request_resume(rq);
		job->done(rq, c);
	}
	count_job_free(job);
}

/* ---- what is kept track of */

static bool tracked_service(const struct daemon *d, const struct counts *c,
			    size_t i)
{
	const struct service *s = &d->model->services[c->first + i];
	struct track_count n;

	for (size_t j = 0; j < s->nbackends; j++) {
		if (!load_count(d->load, s, &s->backends[j], &n))
			return false;
		c->n[c->offset[i] + j] = n.established;
	}
	return true;
}

/* Of all of them, or of none: a dump for one tells of the others as well. */
static bool counts_tracked(const struct daemon *d, struct counts *c)
{
	for (size_t i = 0; d->load && i < c->nservices; i++)
		if (!tracked_service(d, c, i))
			return false;
	c->known = d->load != NULL;
	return c->known;
}

void counts_start(struct request *rq, const char *service, bool wanted,
		  counts_done_fn *done)
{
	struct counts *c = counts_new(request_daemon(rq)->model, service);
	struct count_job *job;

	if (!wanted || counts_tracked(request_daemon(rq), c) ||
	    !request_daemon(rq)->flows) {
		done(rq, c);
		return;
	}
	counts_free(c);
	job = xcalloc(1, sizeof(*job));
	job->later = (struct later){ .rq = rq, .abandon = count_abandon };
	job->d = request_daemon(rq);
	job->done = done;
	job->service = service ? xstrdup(service) : NULL;
	request_suspend(rq, &job->later);
	count_ask(job);
}

void counts_take(struct daemon *d, counts_taken_fn *done, void *arg)
{
	struct counts *c = counts_new(d->model, NULL);
	struct count_job *job;

	if (counts_tracked(d, c) || !d->flows) {
		done(arg, c);
		return;
	}
	counts_free(c);
	job = xcalloc(1, sizeof(*job));
	job->later.abandon = count_abandon;
	job->d = d;
	job->taken = done;
	job->arg = arg;
	count_ask(job);
}
