/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's file -> struct hv_conf. The daemon's lines read files, sections
 * and values; here is what they mean together. All stages run, whatever the
 * ones before complained of, so that the user sees every mistake at once.
 */
#include "hvagent/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/section.h"
#include "config/values.h"
#include "hvagent/conf_export.h"
#include "hvagent/keys.h"
#include "lib/xalloc.h"

struct loader {
	struct doc doc;
	struct report report;
	struct hv_draft d;
};

static bool entries(struct loader *l, const struct doc_section *s, int kind,
		    struct hv_draft *d)
{
	const struct section_reader sr = {
		.doc = &l->doc,
		.report = &l->report,
		.keys = &hv_keys,
		.place = HV_IN(kind),
	};

	return section_entries(&sr, s, d, d->set);
}

static void missing(struct loader *l, struct where where, const char *label,
		    const char *key)
{
	const struct conf_key *k;

	for (size_t i = 0; (k = keys_at(&hv_keys, i)); i++)
		if (!strcmp(k->name, key) && k->required)
			report_add(&l->report, where,
				   "%s: found no %s; allowed: %s", label, key,
				   k->takes);
}

/* ---- [global] and [export] */

static void uplinks_take(struct hv_conf *c, const char *list)
{
	char item[LINE_MAX_BYTES];
	size_t cap = 0;

	while (list && list_next(&list, item, sizeof(item)))
		*VEC_PUSH(c->uplinks, c->nuplinks, cap) = xstrdup(item);
}

static void gateways_take(struct hv_conf *c, const char *list)
{
	char item[ADDR_STRLEN];
	struct addr a;
	size_t cap = 0;

	while (list && list_next(&list, item, sizeof(item))) {
		if (addr_parse(item, &a) == 0)
			*VEC_PUSH(c->gateways, c->ngateways, cap) = a;
	}
}

static void export_check(struct loader *l, struct where where)
{
	struct err err = { "" };

	if (conf_export_check(&l->d.conf, &err) < 0)
		report_add(&l->report, where, "[export]: %s", err.msg);
}

static void globals_read(struct loader *l)
{
	struct where where = { 0, 0 }, export = { 0, 0 };
	bool good = true;

	section_defaults(&hv_keys, HV_IN(HV_GLOBAL), &l->d);
	section_defaults(&hv_keys, HV_IN(HV_EXPORT), &l->d);
	for (size_t i = 0; i < l->doc.nsections; i++) {
		const struct doc_section *s = &l->doc.sections[i];

		if (s->kind == HV_BINDING)
			continue;
		good &= entries(l, s, s->kind, &l->d);
		if (s->kind == HV_EXPORT)
			export = s->where;
		else if (!where.line)
			where = s->where;
	}
	if (good) /* else what is missing may stand in what was refused */
		export_check(l, export);
	if (good && !l->d.uplink)
		missing(l, where, "[global]", "uplink");
	if (good && !l->d.gateways)
		missing(l, where, "[global]", "gateways");
	uplinks_take(&l->d.conf, l->d.uplink);
	gateways_take(&l->d.conf, l->d.gateways);
	free(l->d.uplink);
	free(l->d.gateways);
}

/* ---- [binding NAME] */

static void binding_take(struct loader *l, const struct doc_section *s,
			 const struct hv_draft *d)
{
	struct binding b = { .name = (char *)doc_text(&l->doc, s->name) };
	struct err err;
	char label[96];

	doc_label(&l->doc, s, label, sizeof(label));
	if (!d->service)
		missing(l, s->where, label, "service");
	if (!d->vm)
		missing(l, s->where, label, "vm");
	if (!d->service || !d->vm || binding_service_parse(d->service, &b) ||
	    binding_vm_parse(d->vm, &b) ||
	    (d->tunnel && binding_tunnel_parse(d->tunnel, &b)))
		return;
	if (bindings_find(&l->d.conf.bindings, b.name))
		return; /* section_twins() has said it */
	if (bindings_put(&l->d.conf.bindings, &b, &err) < 0)
		report_add(&l->report, s->where, "%s %s", label, err.msg);
}

static void bindings_read(struct loader *l)
{
	for (size_t i = 0; i < l->doc.nsections; i++) {
		const struct doc_section *s = &l->doc.sections[i];
		struct hv_draft d = { 0 };

		if (s->kind != HV_BINDING)
			continue;
		if (entries(l, s, HV_BINDING, &d))
			binding_take(l, s, &d);
		free(d.service);
		free(d.vm);
		free(d.tunnel);
	}
}

/* ---- */

int hv_conf_read(const char *path, struct hv_conf **out,
		 struct conf_errors *errors)
{
	struct loader l = { .doc = { .grammar = &hv_grammar } };
	int ret = 0;

	*out = NULL;
	*errors = (struct conf_errors){ 0 };
	doc_read(&l.doc, path, &l.report);
	for (int kind = 0; kind < HV_KINDS; kind++)
		section_twins(&l.doc, &l.report, kind);
	globals_read(&l);
	bindings_read(&l);
	*out = xcalloc(1, sizeof(**out));
	**out = l.d.conf;
	if (report_finish(&l.report, l.doc.names, errors)) {
		hv_conf_free(*out);
		*out = NULL;
		ret = -EINVAL;
	}
	doc_free(&l.doc);
	return ret;
}

void hv_conf_free(struct hv_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nuplinks; i++)
		free(c->uplinks[i]);
	free(c->uplinks);
	free(c->gateways);
	free(c->control_socket);
	free(c->control_group);
	free(c->state_dir);
	free(c->listen);
	free(c->token_file);
	free(c->cert_file);
	free(c->key_file);
	free(c->table);
	free(c->export.target);
	free(c->export.topic);
	free(c->export.token_file);
	bindings_free(&c->bindings);
	free(c);
}

void hv_conf_keys_print(struct buf *out)
{
	const struct conf_key *k;

	for (size_t i = 0; (k = keys_at(&hv_keys, i)); i++) {
		int kind = 0;

		while (!(k->places & HV_IN(kind)))
			kind++;
		buf_printf(out, "%s\t%s\t%s\t%s\t%s\n",
			   hv_grammar.kinds[kind].word, k->name, value_type(k),
			   k->fallback ? k->fallback : "-", k->help);
	}
}
