/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP requests as libcurl sees them: made once for each spec, used for all of
 * its probes. A handle with all options set is the dearest part of a probe;
 * they are kept and used again, for another target each time. Only the URL
 * says the target: its host is the name that SNI, Host and the certificate are
 * about (sni, else host, else the address), its port is the target's. libcurl
 * never resolves nor connects: it is told that everything is at one address,
 * and then gets a socket that is connected (http.c).
 *
 * The same for TLS. libcurl makes a context for each connection; the parsed
 * certificates come from one that is made with the spec (tls.c). libcurl
 * must find no certificates itself: it would read them again for each probe,
 * and it may not open files. Sessions are not resumed, see tls.c.
 *
 * What libcurl would do of its own accord and must not: redirects, cookies,
 * proxies of the environment, other protocols, reading compressed bodies,
 * alternative services, signals.
 *
 * Must not know how a probe goes on.
 */
#include "healthcheck/http_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "healthcheck/socket.h"
#include "healthcheck/tls.h"
#include "lib/xalloc.h"

#define USER_AGENT     "nftlb-prober/" PACKAGE_VERSION
#define STATUS_DEFAULT "200-399"
#define BUFFER_BYTES   4096L
#define URL_MAX        320

/* ---- options */

static const struct {
	CURLoption option;
	long value;
} options[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_FRESH_CONNECT, 1 },
	{ CURLOPT_FORBID_REUSE, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	{ CURLOPT_DNS_CACHE_TIMEOUT, -1 }, /* there is one name */
	{ CURLOPT_SSL_SESSIONID_CACHE, 0 },
	{ CURLOPT_BUFFERSIZE, BUFFER_BYTES },
	/* the time-out is ours (checks.c); 0 would be five minutes */
	{ CURLOPT_CONNECTTIMEOUT_MS, INT32_MAX },
};

/* NULL takes a default of libcurl's away. */
static const struct {
	CURLoption option;
	const char *value;
} texts[] = {
	{ CURLOPT_PROXY, "" },
	{ CURLOPT_PRE_PROXY, "" },
	{ CURLOPT_USERAGENT, USER_AGENT },
	{ CURLOPT_CAINFO, NULL },
	{ CURLOPT_CAPATH, NULL },
	{ CURLOPT_ACCEPT_ENCODING, NULL },
};

static int method_set(CURL *easy, const char *method)
{
	if (!method || strcmp(method, "GET") == 0)
		return 0;
	if (strcmp(method, "HEAD") == 0)
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static long version_of(const struct spec *s)
{
	if (s->of.http_version != SPEC_HTTP_2)
		return CURL_HTTP_VERSION_1_1;
	return s->type == HC_HTTPS ? CURL_HTTP_VERSION_2TLS
				   : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

static int request_set(CURL *easy, const struct http_spec *h)
{
	const struct spec *s = h->spec;
	const char *scheme = s->type == HC_HTTPS ? "https" : "http";
	const char *path = s->of.path ? s->of.path : "/";
	int bad = method_set(easy, s->of.method);

	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version_of(s));
	bad |= curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, path);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, h->headers);
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECT_TO, h->nowhere);
	return bad;
}

static int tls_set(CURL *easy, const struct hc_spec *of)
{
	long verify = of->tls_verify == SPEC_YES;
	int bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
	bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
				(long)CURL_SSLVERSION_TLSv1_2);
	return bad;
}

static CURL *easy_new(const struct http_spec *h)
{
	CURL *easy = curl_easy_init();
	int bad = 0;

	if (!easy)
		return NULL;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		bad |=
		    curl_easy_setopt(easy, options[i].option, options[i].value);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		bad |= curl_easy_setopt(easy, texts[i].option, texts[i].value);
	bad |= request_set(easy, h);
	if (h->tls)
		bad |= tls_set(easy, &h->spec->of);
	if (!bad)
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

/* ---- handles */

static int target_set(CURL *easy, const struct http_spec *h,
		      const struct hc_job *job)
{
	const char *scheme = h->tls ? "https" : "http";
	char address[ADDR_STRLEN], url[URL_MAX];
	bool brackets = !h->name && job->family == AF_INET6;

	probe_address(job, address);
	snprintf(url, sizeof(url), "%s://%s%s%s:%u/", scheme,
		 brackets ? "[" : "", h->name ? h->name : address,
		 brackets ? "]" : "", (unsigned int)job->port);
	return curl_easy_setopt(easy, CURLOPT_URL, url);
}

CURL *http_spec_take(struct http_spec *h, const struct hc_job *job)
{
	CURL *easy = h->nidle ? h->idle[--h->nidle] : easy_new(h);

	if (!easy || target_set(easy, h, job) == CURLE_OK)
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

void http_spec_give(struct http_spec *h, CURL *easy)
{
	long error = 0;

	/* libcurl never forgets an errno */
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
	if (error == 0 && h->nidle < HTTP_SPEC_IDLE)
		h->idle[h->nidle++] = easy;
	else
		curl_easy_cleanup(easy);
}

/* ---- TLS */

int http_spec_tls(const struct http_spec *h, SSL_CTX *ctx)
{
	X509 *cert = SSL_CTX_get0_certificate(h->tls);
	EVP_PKEY *key = SSL_CTX_get0_privatekey(h->tls);
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_set1_cert_store(ctx, SSL_CTX_get_cert_store(h->tls));
	SSL_CTX_set_quiet_shutdown(ctx, 1);
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (!tls_context_bound(ctx))
		return -ENOMEM;
	if (!cert || !key)
		return 0;
	SSL_CTX_get0_chain_certs(h->tls, &chain);
	return SSL_CTX_use_certificate(ctx, cert) == 1 &&
		       SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
		       SSL_CTX_set1_chain(ctx, chain) == 1
		   ? 0
		   : -ENOMEM;
}

/* ---- specs */

static void header_add(struct http_spec *h, const char *format,
		       const char *text)
{
	char *line = NULL;
	struct curl_slist *longer;

	if (asprintf(&line, format, text) < 0)
		abort();
	longer = curl_slist_append(h->headers, line);
	if (!longer)
		abort();
	h->headers = longer;
	free(line);
}

static bool named(const char *header, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(header, name, len) == 0 && header[len] == ':';
}

/* A header without value: libcurl wants it written with a semicolon. */
static void header_take(struct http_spec *h, const char *header)
{
	size_t len = strcspn(header, ":");
	char *name;

	if (header[len + strspn(header + len, ": \t")] != '\0') {
		header_add(h, "%s", header);
		return;
	}
	name = xstrndup(header, len);
	header_add(h, "%s;", name);
	free(name);
}

/* Methods whose requests have bodies: servers want to know that ours have none
 * (RFC 9110, 8.6). */
static bool wants_length(const char *method)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH" };

	for (size_t i = 0; method && i < sizeof(methods) / sizeof(*methods);
	     i++)
		if (strcmp(method, methods[i]) == 0)
			return true;
	return false;
}

static void headers_make(struct http_spec *h, const struct hc_spec *of)
{
	bool connection = of->http_version == SPEC_HTTP_2;

	for (size_t i = 0; i < of->headers.n; i++) {
		header_take(h, of->headers.list[i]);
		connection |= named(of->headers.list[i], "Connection");
	}
	if (of->host)
		header_add(h, "Host: %s", of->host);
	if (!connection)
		header_add(h, "%s", "Connection: close");
	if (wants_length(of->method))
		header_add(h, "%s", "Content-Length: 0");
}

/* Without the port; an IPv6 address keeps its brackets. */
static char *name_make(const struct hc_spec *of)
{
	const char *text = of->sni ? of->sni : of->host;
	size_t len = 0;

	if (!text)
		return NULL;
	if (*text == '[')
		len = strcspn(text, "]");
	return xstrndup(text, len + strcspn(text + len, ":"));
}

static const char *regex_make(struct http_spec *h, const char *text)
{
	const char *wrong = text ? regex_problem(text) : NULL;

	if (!text || wrong)
		return wrong;
	if (regex_compile(text, &h->regex) != 0)
		return "no memory for a regular expression";
	h->has_regex = true;
	return NULL;
}

void http_spec_renew(struct http_spec *h)
{
	regfree(&h->regex);
	if (regex_compile(h->spec->of.expect_body, &h->regex) != 0)
		abort(); /* no memory */
}

static const char *parts_make(struct http_spec *h)
{
	const struct hc_spec *of = &h->spec->of;
	const char *wrong;

	h->expect_status =
	    of->expect_status ? of->expect_status : STATUS_DEFAULT;
	h->name = name_make(of);
	headers_make(h, of);
	h->nowhere = curl_slist_append(NULL, "::127.0.0.1:1");
	wrong = regex_make(h, of->expect_body);
	if (!wrong && h->spec->type == HC_HTTPS)
		wrong = tls_context(of, &h->tls);
	if (wrong)
		return wrong;
	/* the first handle shows whether libcurl can do all this */
	h->idle[0] = easy_new(h);
	h->nidle = h->idle[0] ? 1 : 0;
	return h->nidle ? NULL : "not with this libcurl";
}

const char *http_spec_open(struct spec *s, struct ev_loop *loop,
			   http_loop_done *done)
{
	struct http_loop *http = http_loop_get(loop, done);
	struct http_spec *h;
	const char *wrong;

	if (!http)
		return "libcurl does not begin";
	h = xcalloc(1, sizeof(*h));
	h->spec = s;
	h->loop = http;
	wrong = parts_make(h);
	if (wrong)
		http_spec_close(h);
	else
		s->prepared = h;
	return wrong;
}

void http_spec_close(struct http_spec *h)
{
	while (h->nidle)
		curl_easy_cleanup(h->idle[--h->nidle]);
	SSL_CTX_free(h->tls);
	if (h->has_regex)
		regfree(&h->regex);
	curl_slist_free_all(h->headers);
	curl_slist_free_all(h->nowhere);
	free(h->name);
	http_loop_put(h->loop);
	free(h);
}
