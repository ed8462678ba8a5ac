/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API on TCP: where it listens, and what has to be said with it. Beyond
 * loopback a token that is sent in the clear would be read on its way, and no
 * token at all would let everybody in.
 *
 * Must not know: what is in the files.
 */
#include <stdio.h>
#include <string.h>

#include "config/resolve.h"
#include "config/values.h"

#define FILES 3
static const char *const files[FILES] = { "api-token-file", "api-cert-file",
					  "api-key-file" };

static struct where said_at(const struct global_draft *g, const char *key)
{
	return draft_where(g->set, IN_GLOBAL, key);
}

/* "a, b and c" of those keys that are missing; @buf */
static const char *missing_words(const struct global_draft *g, char *buf,
				 size_t size)
{
	const char *words[FILES];
	size_t n = 0;

	for (size_t i = 0; i < FILES; i++)
		if (!said_at(g, files[i]).line)
			words[n++] = files[i];
	buf[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(buf + strlen(buf), size - strlen(buf), "%s%s",
			 i == 0      ? ""
			 : i + 1 < n ? ", "
				     : " and ",
			 words[i]);
	return buf;
}

static void remote_check(struct resolver *r, const struct global_draft *g)
{
	const struct conf *c = &g->conf;
	char missing[80], allowed[256];

	missing_words(g, missing, sizeof(missing));
	if (!missing[0])
		return;
	snprintf(allowed, sizeof(allowed),
		 "a loopback address; or any, with %s: beyond loopback a token "
		 "and TLS are needed",
		 missing);
	report_value(r->report, said_at(g, "api-listen"), "[global]",
		     "api-listen", c->api_listen, "no loopback address",
		     allowed);
}

static void pair_check(struct resolver *r, const struct global_draft *g)
{
	const struct conf *c = &g->conf;
	bool cert = c->api_cert_file;

	if (!c->api_cert_file == !c->api_key_file)
		return;
	report_value(r->report,
		     said_at(g, cert ? "api-cert-file" : "api-key-file"),
		     "[global]", cert ? "api-cert-file" : "api-key-file",
		     cert ? c->api_cert_file : c->api_key_file, "one of a pair",
		     cert ? "a certificate with its key, api-key-file"
			  : "a key with its certificate, api-cert-file");
}

/* Files without an address: somebody believes that there is an API. */
static void stray_check(struct resolver *r, const struct global_draft *g)
{
	const char *const values[FILES] = { g->conf.api_token_file,
					    g->conf.api_cert_file,
					    g->conf.api_key_file };

	for (size_t i = 0; i < FILES; i++)
		if (values[i])
			report_value(r->report, said_at(g, files[i]),
				     "[global]", files[i], values[i],
				     "of no use", "with api-listen only");
}

void api_check(struct resolver *r, const struct global_draft *g)
{
	struct addr addr;
	uint16_t port;

	if (!g->conf.api_listen) {
		/* refused, it has been complained of already */
		if (!said_at(g, "api-listen").line)
			stray_check(r, g);
		return;
	}
	if (endpoint_parse(g->conf.api_listen, &addr, &port) == 0 &&
	    !addr_is_loopback(&addr))
		remote_check(r, g);
	else
		pair_check(r, g);
}
