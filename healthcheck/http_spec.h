/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the HTTP probes of one spec share. */
#ifndef HEALTHCHECK_HTTP_SPEC_H
#define HEALTHCHECK_HTTP_SPEC_H

#include <openssl/ssl.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "healthcheck/checks.h"
#include "healthcheck/http_loop.h"
#include "healthcheck/text.h"

#define HTTP_SPEC_IDLE 64

struct http_spec {
	const struct spec *spec;
	struct http_loop *loop;
	const char *expect_status;
	bool has_regex;
	regex_t regex;
	/* the rest is http_spec.c's */
	SSL_CTX *tls; /* https */
	char *name;   /* of the URL; NULL = the target's address */
	struct curl_slist *headers, *nowhere;
	CURL *idle[HTTP_SPEC_IDLE]; /* with all options but the target's */
	size_t nidle;
};

/**
 * http_spec_open() - make s->prepared
 * Return: NULL, or what is wrong (static); then there is nothing to close.
 */
const char *http_spec_open(struct spec *s, struct ev_loop *loop,
			   http_loop_done *done);

/** http_spec_close() - give it back; none of its handles is out */
void http_spec_close(struct http_spec *h);

/**
 * http_spec_take() - a handle for a request to @job's target
 * Return: give it back with http_spec_give(); NULL: no memory.
 */
CURL *http_spec_take(struct http_spec *h, const struct hc_job *job);

/** http_spec_renew() - what its expression has learned is forgotten */
void http_spec_renew(struct http_spec *h);

/** http_spec_give() - a handle that is in no loop */
void http_spec_give(struct http_spec *h, CURL *easy);

/**
 * http_spec_tls() - certificates, ours and those that are believed
 * @ctx: a new one of libcurl's
 * Return: 0 or -ENOMEM.
 */
int http_spec_tls(const struct http_spec *h, SSL_CTX *ctx);

#endif
