/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stages of loading: files -> sections of text (include.c, reader.c) ->
 * configuration (resolve.c and what it calls). All stages run, whatever the
 * ones before complained of, so that the user sees every mistake at once; the
 * result counts only if nobody complained.
 */
#include "config/conf.h"

#include <errno.h>
#include <stdlib.h>

#include "config/doc.h"
#include "config/resolve.h"
#include "lib/xalloc.h"

int conf_load(const char *path, struct conf **out, struct conf_errors *errors)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));
	struct report report = { 0 };
	struct doc doc = { 0 };
	int ret = 0;

	*out = NULL;
	*errors = (struct conf_errors){ 0 };
	doc_read(&doc, path, &report);
	conf_resolve(&doc, conf, &report);
	if (report_finish(&report, doc.names, errors)) {
		conf_free(conf);
		ret = -EINVAL;
		goto out;
	}
	/* checks, services and backends point at these names */
	conf->files = doc.names;
	conf->nfiles = doc.nnames;
	doc.names = NULL;
	doc.nnames = 0;
	*out = conf;
out:
	doc_free(&doc);
	return ret;
}

static void service_free(struct conf_service *s)
{
	size_t i;

	for (i = 0; i < s->nbackends; i++)
		free(s->backends[i].name);
	free(s->backends);
	free(s->name);
	free(s->addrs);
	free(s->ports);
	free(s->pool);
}

void conf_free(struct conf *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < c->nservices; i++)
		service_free(&c->services[i]);
	for (i = 0; i < c->nchecks; i++) {
		free(c->checks[i].name);
		spec_free(&c->checks[i].spec);
	}
	for (i = 0; i < c->nchecksets; i++)
		free(c->checksets[i]);
	free(c->checksets);
	for (i = 0; i < c->nfiles; i++)
		free(c->files[i]);
	free(c->services);
	free(c->checks);
	free(c->files);
	free(c->control_socket);
	free(c->control_group);
	free(c->state_dir);
	free(c->table);
	free(c->user);
	free(c);
}

void conf_errors_free(struct conf_errors *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		free(e->list[i].file);
		free(e->list[i].text);
	}
	free(e->list);
	*e = (struct conf_errors){ 0 };
}

void conf_errors_print(const struct conf_errors *e, struct buf *out)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		buf_printf(out, "%s:", e->list[i].file);
		if (e->list[i].line)
			buf_printf(out, "%u:", e->list[i].line);
		buf_printf(out, " %s\n", e->list[i].text);
	}
}

uint16_t conf_probe_port(const struct conf_backend *b,
			 const struct conf_check *check)
{
	if (b->check_port)
		return b->check_port;
	return check->port ? check->port : b->probe_port;
}

const struct word conf_via_words[] = {
	{ "direct", CONF_VIA_DIRECT },
	{ "service", CONF_VIA_SERVICE },
	{ NULL, 0 },
};
