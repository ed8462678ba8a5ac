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
#include <string.h>

#include "config/doc.h"
#include "config/resolve.h"
#include "lib/xalloc.h"

/* What the files say, out of the document. */
static void texts_take(struct doc *doc, struct conf *conf)
{
	conf->texts = xcalloc(doc->nfiles + 1, sizeof(*conf->texts));
	for (size_t i = 0; i < doc->nfiles; i++) {
		struct buf *text = &doc->files[i].text;

		if (!text->data)
			continue;
		buf_reserve(text, 1);
		text->data[text->len] = '\0';
		conf->texts[conf->ntexts++] =
		    (struct conf_file){ .path = xstrdup(doc->names[i]),
					.text = text->data,
					.len = text->len };
		*text = (struct buf){ 0 };
	}
}

int conf_load(const char *path, struct conf **out, struct conf_errors *errors)
{
	return conf_load_from(path, NULL, out, errors);
}

int conf_load_from(const char *path, const struct conf_source *source,
		   struct conf **out, struct conf_errors *errors)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));
	struct report report = { 0 };
	struct doc doc = { .grammar = &doc_nftlbd, .source = source };
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
	texts_take(&doc, conf);
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
	for (i = 0; i < s->npins; i++)
		free(s->pins[i].name);
	free(s->pins);
	free(s->persist_group);
	free(s->allow);
	free(s->deny);
	free(s->pool);
	free(s->on_change);
	free((void *)s->log.prefix);
	for (i = 0; i < s->direct.ndevices; i++)
		free(s->direct.devices[i]);
	free(s->direct.devices);
}

static void list_free(struct conf_list *l)
{
	size_t i;

	for (i = 0; i < RS_FAMILIES; i++) {
		nets_free(&l->nets[i]);
		nets_free(&l->own[i]);
	}
	for (i = 0; i < l->nfiles; i++)
		free(l->files[i]);
	free(l->files);
	free(l->name);
}

static void check_free(struct conf_check *c)
{
	free(c->name);
	free(c->ca_file);
	free(c->cert_file);
	free(c->key_file);
	spec_free(&c->spec);
}

static void pool_free(struct conf_pool *p)
{
	for (size_t i = 0; i < p->nmembers; i++) {
		free(p->members[i].name);
		free(p->members[i].options);
	}
	free(p->members);
	free(p->name);
}

void conf_files_free(struct conf_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(files[i].path);
		free(files[i].text);
	}
	free(files);
}

void conf_file_copy(struct conf_file *to, const struct conf_file *from)
{
	*to =
	    (struct conf_file){ .path = xstrdup(from->path), .len = from->len };
	if (!from->text)
		return;
	to->text = xreallocarray(NULL, from->len + 1, 1);
	memcpy(to->text, from->text, from->len);
	to->text[from->len] = '\0';
}

void conf_texts_free(struct conf *c)
{
	conf_files_free(c->texts, c->ntexts);
	c->texts = NULL;
	c->ntexts = 0;
}

void conf_free(struct conf *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < c->nservices; i++)
		service_free(&c->services[i]);
	for (i = 0; i < c->nchecks; i++)
		check_free(&c->checks[i]);
	for (i = 0; i < c->nfeeds; i++)
		check_free(&c->feeds[i].probe);
	free(c->feeds);
	for (i = 0; i < c->nchecksets; i++)
		free(c->checksets[i]);
	for (i = 0; i < c->nlists; i++)
		list_free(&c->lists[i]);
	free(c->lists);
	for (i = 0; i < c->npools; i++)
		pool_free(&c->pools[i]);
	free(c->pools);
	conf_texts_free(c);
	free(c->fates);
	free(c->checksets);
	for (i = 0; i < c->nfiles; i++)
		free(c->files[i]);
	free(c->services);
	free(c->checks);
	free(c->files);
	free(c->control_socket);
	free(c->control_group);
	free(c->api_listen);
	free(c->api_token_file);
	free(c->api_cert_file);
	free(c->api_key_file);
	free(c->state_dir);
	free(c->table);
	free(c->user);
	free(c->script_user);
	free(c->on_change);
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

/* What a type does without a port that was said for its check. */
static const struct {
	bool none;        /* it has no port, or needs to be told */
	uint16_t number;  /* 0 = the backend's */
	bool else_number; /* the backend's where it has one */
} type_ports[HC_TYPES] = {
	[HC_ICMP] = { .none = true },
	[HC_AGENT] = { .none = true },
	/* the backend of a DNS service is the name server that is meant; an
	 * SNMP agent stands beside whatever the backend serves */
	[HC_DNS] = { .number = 53, .else_number = true },
	[HC_SNMP] = { .number = 161 },
	[HC_CPU] = { .number = 161 },
};

bool conf_spans(const struct conf_service *s)
{
	/* sorted: one family after the other */
	return s->mode == RS_IPIP && s->naddrs &&
	       s->addrs[0].family == s->addrs[s->naddrs - 1].family;
}

uint8_t conf_family(const struct conf_service *s, const struct conf_backend *b)
{
	return conf_spans(s) ? s->addrs[0].family : b->addr.family;
}

uint16_t conf_probe_port(const struct conf_backend *b,
			 const struct conf_check *check)
{
	if (check->type == HC_ICMP)
		return 0;
	if (b->check_port)
		return b->check_port;
	if (check->port)
		return check->port;
	if (type_ports[check->type].none)
		return 0;
	if (type_ports[check->type].number &&
	    !(type_ports[check->type].else_number && b->probe_port))
		return type_ports[check->type].number;
	return b->probe_port;
}

static bool service_has(const struct conf_service *s, uint16_t port)
{
	size_t i;

	for (i = 0; i < s->nports; i++) {
		if (s->ports[i].lo <= port && port <= s->ports[i].hi)
			return true;
	}
	return !s->nports;
}

uint16_t conf_via_port(const struct conf_service *s,
		       const struct conf_backend *b,
		       const struct conf_check *check)
{
	uint16_t port = b->check_port ? b->check_port : check->port;

	if (!port && s->nports)
		return s->ports[0].lo;
	if (!port)
		port = type_ports[check->type].number;
	if (!port)
		port = b->port;
	return service_has(s, port) ? port : 0;
}

uint16_t conf_feed_port(const struct conf_service *s,
			const struct conf_backend *b,
			const struct conf_feed *feed)
{
	const struct conf_check *probe = &feed->probe;

	if (probe->port)
		return probe->port;
	if (type_ports[probe->type].number)
		return type_ports[probe->type].number;
	return conf_single_port(s, b->port);
}

uint16_t conf_single_port(const struct conf_service *s, uint16_t port)
{
	if (port)
		return port;
	if (s->nports == 1 && s->ports[0].lo == s->ports[0].hi)
		return s->ports[0].lo;
	return 0;
}

bool conf_dynamic(const struct conf_service *s)
{
	return s->scheduler >= RS_LEAST_CONNECTIONS;
}

bool conf_check_timed(const struct conf_check *check)
{
	switch (check->type) {
	case HC_UDP:
		/* silence is good there: the time-out, every time */
		return check->spec.expect != NULL;
	case HC_SCRIPT: /* as long as the script likes */
	case HC_FILE:
	case HC_CPU:
		return false;
	default:
		return true;
	}
}

bool conf_needs_port(enum hc_type type)
{
	return type != HC_ICMP && type != HC_SCRIPT && type != HC_FILE;
}

const struct word conf_via_words[] = {
	{ "direct", CONF_VIA_DIRECT },
	{ "service", CONF_VIA_SERVICE },
	{ NULL, 0 },
};

const struct word conf_on_down_words[] = {
	{ "keep", CONF_KEEP_FLOWS },
	{ "cut", CONF_CUT_FLOWS },
	{ NULL, 0 },
};
