/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.html has two marks. The style and the scripts take their places, and
 * what stands between the tags is what the policy has the hash of: a browser
 * runs that and nothing else, whatever else should get into the page.
 *
 * Must not know: what is in the files, who asks.
 */
#include "web/page.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "web/assets.h"

#define STYLE_MARK  "/*STYLE*/"
#define SCRIPT_MARK "/*SCRIPT*/"
#define HASH_MAX    64 /* base64 of SHA-256, and its end */

/* Without what indents it: no line begins inside of a text. */
static void append_asset(struct buf *out, struct asset a)
{
	const char *at = a.data, *end = at + a.size;

	while (at < end) {
		const char *line;

		at += strspn(at, "\t");
		line = memchr(at, '\n', (size_t)(end - at));
		line = line ? line + 1 : end;
		buf_append(out, at, (size_t)(line - at));
		at = line;
	}
}

static void hash_text(const struct buf *text, char hash[HASH_MAX])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)text->data, text->len, digest);
	EVP_EncodeBlock((unsigned char *)hash, digest, sizeof(digest));
}

/* What of @from is before @mark, then @text. Return: what is behind it. */
static const char *place(struct buf *out, const char *from, const char *mark,
			 const struct buf *text)
{
	const char *at = strstr(from, mark);

	assert(at); /* page.html is ours */
	buf_append(out, from, (size_t)(at - from));
	buf_append(out, text->data, text->len);
	return at + strlen(mark);
}

static void compose(struct page *p)
{
	struct buf out = { 0 }, style = { 0 }, script = { 0 };
	char style_hash[HASH_MAX], script_hash[HASH_MAX], all[HASH_MAX];
	const char *rest = asset_page().data; /* ends with a NUL */

	append_asset(&style, asset_page_style());
	append_asset(&script, asset_page_base());
	append_asset(&script, asset_page_list());
	append_asset(&script, asset_page_detail());
	append_asset(&script, asset_page_live());
	rest = place(&out, rest, STYLE_MARK, &style);
	rest = place(&out, rest, SCRIPT_MARK, &script);
	buf_append(&out, rest, strlen(rest));
	hash_text(&style, style_hash);
	hash_text(&script, script_hash);
	hash_text(&out, all);
	snprintf(p->etag, sizeof(p->etag), "\"%.22s\"", all);
	snprintf(p->policy, sizeof(p->policy),
		 "default-src 'none'; script-src 'sha256-%s'; "
		 "style-src 'sha256-%s'; img-src data:; connect-src 'self'; "
		 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		 script_hash, style_hash);
	buf_free(&style);
	buf_free(&script);
	p->text = out.data;
	p->size = out.len;
}

const struct page *page_get(void)
{
	static struct page page;

	if (!page.text)
		compose(&page);
	return &page;
}
