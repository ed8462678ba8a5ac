/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dry run: the same steps on a copy of the model, the same plan, and then
 * nothing. What is forecast is therefore what the step would do now.
 *
 * Invariant: neither the model nor the kernel changes. The copy borrows the
 * configuration.
 */
#include "daemon/forecast.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "daemon/want.h"
#include "lib/xalloc.h"
#include "model/step.h"

/* As the committer does it, once the plan is in. */
static void add_cuts(struct flow_matches *out, const struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		for (size_t k = 0; k < s->nbackends; k++) {
			const struct backend *b = &s->backends[k];
			enum cut cut = backend_cut(s, b);

			if (cut > (enum cut)b->flows_cut)
				want_flows(out, s, b, cut);
		}
	}
}

void forecast_make(struct forecast *f, const struct model *m, struct plan *plan,
		   bool whole)
{
	struct flow_matches ends = { 0 };
	struct flow_match *gone = NULL;
	size_t n = whole ? plan_gone(plan, IPPROTO_UDP, &gone) : 0;

	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(ends.list, ends.n, ends.cap) = gone[i];
	free(gone);
	add_cuts(&ends, m);
	*f = (struct forecast){ plan, ends.list, ends.n };
}

void forecast_free(struct forecast *f)
{
	plan_free(f->plan);
	free(f->ends);
	*f = (struct forecast){ 0 };
}

struct model *forecast_begin(const struct daemon *d)
{
	return model_new(d->model->conf, d->model);
}

void forecast_end(const struct daemon *d, struct model *m, struct forecast *f)
{
	struct want_list w = { 0 };

	/* After a flush nothing is written before somebody says so. */
	for (size_t i = 0; f && !d->flushed && i < m->ndirty; i++)
		want_add(&w, m, &m->services[m->dirty[i]]);
	if (f)
		forecast_make(
		    f, m, ruleset_plan(d->ruleset, w.list, w.n, false), false);
	want_free(&w);
	m->conf = NULL; /* the daemon's */
	model_free(m);
}

static int find(const struct model *m, const char *service, const char *backend,
		struct service **s, struct backend **b, struct err *err)
{
	*b = NULL;
	*s = model_service(m, service);
	if (!*s)
		return err_set(err, -ENOENT, "no service \"%s\"", service);
	if (backend)
		*b = service_backend(*s, backend);
	if (backend && !*b)
		return err_set(err, -ENOENT,
			       "service \"%s\" has no backend \"%s\"", service,
			       backend);
	return 0;
}

int forecast_backend(const struct daemon *d, const char *service,
		     const char *backend, const enum admin *admin,
		     const int32_t *weight, struct forecast *f, struct err *err)
{
	struct model *m = forecast_begin(d);
	int64_t now_ms = daemon_now_ms();
	struct service *s;
	struct backend *b;
	int ret = find(m, service, backend, &s, &b, err);

	if (ret == 0 && admin)
		step_admin(m, s, b, *admin, "", now_ms, NULL);
	if (ret == 0 && weight)
		step_weight(m, s, b, *weight, "", now_ms, NULL);
	forecast_end(d, m, ret == 0 ? f : NULL);
	return ret;
}

int forecast_service(const struct daemon *d, const char *service, bool disabled,
		     struct forecast *f, struct err *err)
{
	struct model *m = forecast_begin(d);
	struct service *s;
	struct backend *b;
	int ret = find(m, service, NULL, &s, &b, err);

	if (ret == 0)
		step_disable(m, s, disabled, "", daemon_now_ms(), NULL);
	forecast_end(d, m, ret == 0 ? f : NULL);
	return ret;
}
