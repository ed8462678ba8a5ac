/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * [check] sections, and the check that exists without one. Files that a check
 * names are read here: the prober, which uses them, may not.
 */
#include <stdio.h>
#include <string.h>

#include "config/pem.h"
#include "config/probe_keys.h"
#include "healthcheck/tls_pem.h"
#include "lib/xalloc.h"

#define BUILTIN_CHECK "tcp"

/* ---- files that it names */

static bool file_load(struct probe_look *l, const char *key, const char *path,
		      struct spec_bytes *out)
{
	char problem[PEM_PROBLEM];

	if (!path || pem_load(path, out, problem))
		return true;
	probe_refuse(l, key, path, problem, pem_allowed);
	return false;
}

/* "ca-file: WORDS", about what was read. */
static void files_judge(struct probe_look *l)
{
	const struct conf_check *c = &l->draft->conf;
	const struct {
		const char *key, *path;
	} files[] = { { "ca-file", c->ca_file },
		      { "cert-file", c->cert_file },
		      { "key-file", c->key_file } };
	const char *wrong =
	    tls_pem_problem(&c->spec.ca, &c->spec.cert, &c->spec.key);
	char problem[PEM_PROBLEM];
	size_t i, n;

	for (i = 0; wrong && i < sizeof(files) / sizeof(files[0]); i++) {
		n = strlen(files[i].key);
		if (strncmp(wrong, files[i].key, n) || wrong[n] != ':')
			continue;
		wrong += n + 2;
		snprintf(problem, sizeof(problem), "%.*s",
			 (int)strcspn(wrong, ";"), wrong);
		probe_refuse(l, files[i].key, files[i].path, problem,
			     pem_allowed);
		return;
	}
}

static void files_load(struct probe_look *l)
{
	struct conf_check *c = &l->draft->conf;
	bool good;

	if (!probe_when(c, WHEN_TLS))
		return;
	good = !probe_when(c, WHEN_VERIFY) ||
	       file_load(l, "ca-file", c->ca_file, &c->spec.ca);
	good = file_load(l, "cert-file", c->cert_file, &c->spec.cert) && good;
	good = file_load(l, "key-file", c->key_file, &c->spec.key) && good;
	if (good)
		files_judge(l);
}

/* ---- the section */

static void check_add(struct resolver *r, const struct doc_section *s)
{
	struct check_draft draft = { 0 };
	struct probe_look l = {
		.r = r, .section = s, .place = IN_CHECK, .draft = &draft
	};
	bool good;

	good = probe_read(&l);
	if (good) {
		probe_judge(&l);
		files_load(&l);
	}
	draft.conf.name = xstrdup(doc_text(r->doc, s->name));
	names_add(&r->checks, draft.conf.name, (uint32_t)r->conf->nchecks);
	r->conf->checks[r->conf->nchecks++] = draft.conf;
}

void checks_read(struct resolver *r)
{
	struct check_draft builtin = { 0 };
	size_t i;

	/* all the room at once: backends will point into the array */
	r->conf->checks =
	    xcalloc(r->doc->nsections + 1, sizeof(*r->conf->checks));
	for (i = 0; i < r->doc->nsections; i++) {
		if (r->doc->sections[i].kind == DOC_CHECK)
			check_add(r, &r->doc->sections[i]);
	}
	names_sort(&r->checks);
	if (names_find(&r->checks, BUILTIN_CHECK) >= 0)
		return;
	probe_defaults(IN_CHECK, &builtin);
	builtin.conf.name = xstrdup(BUILTIN_CHECK);
	builtin.conf.file = "built-in";
	names_add(&r->checks, builtin.conf.name, (uint32_t)r->conf->nchecks);
	r->conf->checks[r->conf->nchecks++] = builtin.conf;
	names_sort(&r->checks);
}
