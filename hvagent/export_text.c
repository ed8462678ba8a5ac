/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of bindings as JSON lines. Each line says host, version, revision,
 * time, checksum and length of the list, so that a line by itself, out of a
 * queue, can be put where it belongs, and one that is missing is missed.
 *
 * Invariant: whoever has all lines can compute the checksum.
 * Must not know: where the lines go.
 */
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "hvagent/export_impl.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define DIGEST_BYTES 32
#define PIECE_BYTES  ((size_t)16 << 10)

/* What the checksum is about. */
static void put_summary(struct buf *out, const struct binding *b)
{
	char service[BINDING_SERVICE_TEXT], vm[ENDPOINT_STRLEN];

	buf_printf(out, "%s %s %s", b->name, binding_service_text(b, service),
		   binding_vm_text(b, vm));
	if (b->tunnel.family)
		buf_printf(out, " %s", addr_format(&b->tunnel, vm));
	buf_printf(out, "\n");
}

const char *export_checksum(const struct bindings *l,
			    char out[EXPORT_CHECKSUM_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf piece = { 0 };

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		xoutofmemory();
	for (size_t i = 0; i < l->n; i++) {
		put_summary(&piece, l->list[i]);
		if (piece.len < PIECE_BYTES && i + 1 < l->n)
			continue;
		EVP_DigestUpdate(ctx, piece.data, piece.len);
		buf_clear(&piece);
	}
	EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	buf_free(&piece);
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return out;
}

/* "2026-11-22T03:00:00.000Z" */
static void time_text(ev_tstamp when, char *out, size_t size)
{
	time_t seconds = (time_t)when;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, size, "%s.%03dZ", text,
		 (int)((when - (ev_tstamp)seconds) * 1e3));
}

/* What all lines begin with, "{" to the last comma before "number". */
static void put_head(struct buf *out, const struct agent *a, const char *host,
		     ev_tstamp when)
{
	char sum[EXPORT_CHECKSUM_TEXT], time[64];
	json_t *o;
	char *text;

	time_text(when, time, sizeof(time));
	o = json_pack("{s:s%, s:s, s:I, s:s, s:s, s:I}", "host", host,
		      utf8_check(host, strlen(host)), "version",
		      PACKAGE_VERSION, "revision",
		      (json_int_t)a->status.revision, "time", time, "checksum",
		      export_checksum(&a->bindings, sum), "bindings",
		      (json_int_t)a->bindings.n);
	text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	buf_append(out, text, strlen(text) - 1);
	free(text);
	json_decref(o);
}

static void put_line(struct buf *out, const struct buf *head, size_t number,
		     const struct binding *b)
{
	buf_append(out, head->data, head->len);
	if (!b) {
		buf_printf(out, ",\"number\":0,\"name\":null,\"service\":null,"
				"\"vm\":null,\"origin\":null}\n");
		return;
	}
	buf_printf(out, ",\"number\":%zu,", number);
	binding_put_members(out, b);
	buf_printf(out, "}\n");
}

void export_text(const struct agent *a, const char *host, ev_tstamp time,
		 struct export_text *out)
{
	size_t n = a->bindings.n ? a->bindings.n : 1;
	struct buf head = { 0 };

	memset(out, 0, sizeof(*out));
	out->ends = xcalloc(n, sizeof(*out->ends));
	put_head(&head, a, host, time);
	for (out->nlines = 0; out->nlines < n; out->nlines++) {
		put_line(&out->text, &head, out->nlines + 1,
			 a->bindings.n ? a->bindings.list[out->nlines] : NULL);
		out->ends[out->nlines] = out->text.len;
	}
	buf_free(&head);
}

void export_text_free(struct export_text *t)
{
	buf_free(&t->text);
	free(t->ends);
	memset(t, 0, sizeof(*t));
}

void export_text_now(const struct agent *a, struct export_text *out)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		snprintf(host, sizeof(host), "localhost");
	export_text(a, host, ev_time(), out);
}
