/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Specs as bytes: one row per field says where it is and of what kind; encoder,
 * decoder, copy and free all walk the rows. An encoded spec is the number of
 * rows (one byte, so it is never empty) and its fields: an encoded field is its
 * row's number (one byte), its length (four bytes, host order) and its bytes;
 * fields that say nothing (NULL, 0, no list) are left out. A list is its items,
 * each with the NUL that ends it.
 *
 * Invariant: what spec_decode() accepts is well formed (texts have no NUL
 * inside, lists are no longer than allowed); whether it makes sense is
 * for the type of check to say. Must not know types.
 */
#include "healthcheck/spec.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

enum kind { INT, I64, TEXT, ADDR, BYTES, LIST };

#define FIELD(kind, name)                                                      \
	{                                                                      \
		kind, offsetof(struct hc_spec, name)                           \
	}

static const struct field {
	enum kind kind;
	size_t offset;
} fields[] = {
	FIELD(ADDR, source4),
	FIELD(ADDR, source6),
	FIELD(TEXT, interface),
	FIELD(TEXT, send),
	FIELD(TEXT, expect),
	FIELD(INT, tls),
	FIELD(INT, tls_verify),
	FIELD(TEXT, sni),
	FIELD(BYTES, ca),
	FIELD(BYTES, cert),
	FIELD(BYTES, key),
	FIELD(TEXT, method),
	FIELD(TEXT, path),
	FIELD(TEXT, host),
	FIELD(LIST, headers),
	FIELD(TEXT, expect_status),
	FIELD(TEXT, expect_body),
	FIELD(INT, body_max),
	FIELD(INT, http_version),
	FIELD(TEXT, query),
	FIELD(TEXT, query_type),
	FIELD(TEXT, expect_rcode),
	FIELD(TEXT, expect_answer),
	FIELD(INT, snmp_version),
	FIELD(TEXT, community),
	FIELD(TEXT, oid),
	FIELD(I64, min),
	FIELD(I64, max),
	FIELD(TEXT, snmp_user),
	FIELD(INT, snmp_auth),
	FIELD(INT, snmp_priv),
	FIELD(TEXT, auth_password),
	FIELD(TEXT, priv_password),
	FIELD(TEXT, context),
	FIELD(LIST, command),
	FIELD(LIST, env),
	FIELD(INT, timeout_ms),
	FIELD(INT, silent),
	FIELD(INT, feed),
	FIELD(TEXT, file),
	FIELD(INT, present),
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

_Static_assert(NFIELDS < 256, "a field's number is one byte");

/* ---- encode */

static void put(struct buf *out, size_t row, const void *data, size_t len)
{
	uint8_t number = (uint8_t)row;
	uint32_t size = (uint32_t)len;

	buf_append(out, &number, sizeof(number));
	buf_append(out, &size, sizeof(size));
	buf_append(out, data, len);
}

static void put_plain(struct buf *out, size_t row, const void *data, size_t len)
{
	static const uint8_t zero[32];

	if (memcmp(data, zero, len) != 0)
		put(out, row, data, len);
}

static void put_list(struct buf *out, size_t row, const struct spec_list *l)
{
	struct buf items = { 0 };

	for (size_t i = 0; i < l->n; i++)
		buf_append(&items, l->list[i], strlen(l->list[i]) + 1);
	if (items.len)
		put(out, row, items.data, items.len);
	buf_free(&items);
}

static void put_field(struct buf *out, size_t row, const void *at)
{
	const struct spec_bytes *bytes = at;
	const char *text;

	switch (fields[row].kind) {
	case INT:
		put_plain(out, row, at, sizeof(int));
		break;
	case I64:
		put_plain(out, row, at, sizeof(int64_t));
		break;
	case ADDR:
		put_plain(out, row, at, sizeof(struct addr));
		break;
	case TEXT:
		text = *(char *const *)at;
		if (text)
			put(out, row, text, strlen(text));
		break;
	case BYTES:
		if (bytes->data)
			put(out, row, bytes->data, bytes->len);
		break;
	case LIST:
		put_list(out, row, at);
		break;
	}
}

void spec_encode(const struct hc_spec *spec, struct buf *out)
{
	static const uint8_t rows = NFIELDS;

	buf_append(out, &rows, sizeof(rows));
	for (size_t i = 0; i < NFIELDS; i++)
		put_field(out, i, (const char *)spec + fields[i].offset);
}

/* ---- decode */

static const char *take_plain(void *at, size_t size, const uint8_t *data,
			      size_t len)
{
	if (len != size)
		return "a field of another length";
	memcpy(at, data, size);
	return NULL;
}

static const char *take_addr(struct addr *at, const uint8_t *data, size_t len)
{
	const char *wrong = take_plain(at, sizeof(*at), data, len);

	if (!wrong && at->family != AF_INET && at->family != AF_INET6)
		wrong = "an address of no family";
	return wrong;
}

static const char *take_text(char **at, const uint8_t *data, size_t len)
{
	if (memchr(data, '\0', len))
		return "a text with a NUL inside";
	*at = xstrndup((const char *)data, len);
	return NULL;
}

static const char *take_list(struct spec_list *at, const uint8_t *data,
			     size_t len)
{
	size_t cap = 0;

	if (len == 0 || data[len - 1] != '\0')
		return "a list without end";
	while (len > 0) {
		size_t n = strlen((const char *)data) + 1;

		if (at->n == SPEC_LIST_MAX)
			return "a list too long";
		*VEC_PUSH(at->list, at->n, cap) = xstrdup((const char *)data);
		data += n;
		len -= n;
	}
	return NULL;
}

static const char *take_field(struct hc_spec *spec, const struct field *f,
			      const uint8_t *data, size_t len)
{
	void *at = (char *)spec + f->offset;
	struct spec_bytes *bytes = at;

	switch (f->kind) {
	case INT:
		return take_plain(at, sizeof(int), data, len);
	case I64:
		return take_plain(at, sizeof(int64_t), data, len);
	case ADDR:
		return take_addr(at, data, len);
	case TEXT:
		return take_text(at, data, len);
	case BYTES:
		bytes->data = xmalloc(len ? len : 1);
		memcpy(bytes->data, data, len);
		bytes->len = len;
		return NULL;
	case LIST:
		return take_list(at, data, len);
	}
	return "a field of no kind";
}

const char *spec_decode(struct hc_spec *spec, const void *bytes, size_t len)
{
	const uint8_t *data = bytes;
	const char *wrong = NULL;
	int last = -1;

	memset(spec, 0, sizeof(*spec));
	if (len == 0 || data[0] != NFIELDS)
		return "a spec of another build";
	data++;
	len--;
	while (len > 0 && !wrong) {
		uint32_t size;

		if (len < 1 + sizeof(size))
			return "a field cut off";
		memcpy(&size, data + 1, sizeof(size));
		if (size > len - 1 - sizeof(size))
			return "a field longer than the rest";
		/* ascending: so no field comes twice */
		if (data[0] >= NFIELDS || (int)data[0] <= last)
			return "an unknown field, or fields out of order";
		last = data[0];
		wrong = take_field(spec, &fields[last], data + 1 + sizeof(size),
				   size);
		data += 1 + sizeof(size) + size;
		len -= 1 + sizeof(size) + size;
	}
	return wrong;
}

/* ---- copy and free */

void spec_copy(struct hc_spec *to, const struct hc_spec *from)
{
	struct buf bytes = { 0 };

	spec_encode(from, &bytes);
	spec_decode(to, bytes.data, bytes.len);
	buf_free(&bytes);
}

static void free_list(struct spec_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
}

void spec_free(struct hc_spec *spec)
{
	for (size_t i = 0; i < NFIELDS; i++) {
		void *at = (char *)spec + fields[i].offset;

		if (fields[i].kind == TEXT)
			free(*(char **)at);
		else if (fields[i].kind == BYTES)
			free(((struct spec_bytes *)at)->data);
		else if (fields[i].kind == LIST)
			free_list(at);
	}
	memset(spec, 0, sizeof(*spec));
}

/* ---- words */

const struct word spec_http_words[] = {
	{ "1.1", SPEC_HTTP_11 },
	{ "2", SPEC_HTTP_2 },
	{ NULL, 0 },
};

const struct word spec_snmp_words[] = {
	{ "1", SPEC_SNMP_1 },
	{ "2c", SPEC_SNMP_2C },
	{ "3", SPEC_SNMP_3 },
	{ NULL, 0 },
};

const struct word spec_auth_words[] = {
	{ "none", SPEC_AUTH_NONE },     { "md5", SPEC_AUTH_MD5 },
	{ "sha", SPEC_AUTH_SHA },       { "sha224", SPEC_AUTH_SHA224 },
	{ "sha256", SPEC_AUTH_SHA256 }, { "sha384", SPEC_AUTH_SHA384 },
	{ "sha512", SPEC_AUTH_SHA512 }, { NULL, 0 },
};

const struct word spec_priv_words[] = {
	{ "none", SPEC_PRIV_NONE },
	{ "des", SPEC_PRIV_DES },
	{ "aes", SPEC_PRIV_AES },
	{ NULL, 0 },
};

const struct word spec_says_words[] = {
	{ "drain", SPEC_SAYS_DRAIN },
	{ "down", SPEC_SAYS_DOWN },
	{ NULL, 0 },
};

const struct word spec_silent_words[] = {
	{ "down", SPEC_SILENT_DOWN },
	{ "ignore", SPEC_SILENT_IGNORE },
	{ NULL, 0 },
};

const struct word spec_yes_words[] = {
	{ "no", SPEC_NO },
	{ "yes", SPEC_YES },
	{ NULL, 0 },
};
