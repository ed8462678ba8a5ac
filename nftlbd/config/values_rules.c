/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of the rules around a service: persistence, prefix lengths, marks,
 * classes, what is logged. Each has one reader and one printer that the reader
 * understands.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/draft.h"
#include "config/values.h"
#include "lib/parse.h"

#define ITEM_SIZE 64

/* What is before @mark of @text into @item; the rest behind it, NULL without
 * the mark. False where it does not fit. */
static bool cut(const char *text, const char *marks, char item[ITEM_SIZE],
		const char **rest)
{
	size_t n = strcspn(text, marks);

	*rest = text[n] ? text + n + 1 : NULL;
	if (n >= ITEM_SIZE)
		return false;
	memcpy(item, text, n);
	item[n] = '\0';
	return true;
}

/* ---- yes or no */

int yes_read(const struct conf_key *key, const char *text, void *field,
	     const char **problem)
{
	if (strcmp(text, "yes") && strcmp(text, "no"))
		return -EINVAL;
	*(bool *)field = !strcmp(text, "yes");
	return 0;
}

void yes_print(const struct conf_key *key, const void *field, struct buf *out)
{
	buf_printf(out, "%s", *(const bool *)field ? "yes" : "no");
}

/* ---- numbers with a sign: nf_tables priorities */

int signed_read(const struct conf_key *key, const char *text, void *field,
		const char **problem)
{
	bool minus = *text == '-';
	int32_t min = (int32_t)key->min, max = (int32_t)key->max, n;
	uint32_t number;
	int ret = parse_number(text + minus, 0, INT32_MAX, &number);

	n = ret ? 0 : minus ? -(int32_t)number : (int32_t)number;
	if (ret == -ERANGE || (!ret && (n < min || n > max)))
		*problem = "out of range";
	if (ret || *problem)
		return -EINVAL;
	*(int32_t *)field = n;
	return 0;
}

void signed_print(const struct conf_key *key, const void *field,
		  struct buf *out)
{
	buf_printf(out, "%d", *(const int32_t *)field);
}

/* ---- prefix lengths: IPv4[/IPv6] */

static const uint8_t whole[RS_FAMILIES] = { 32, 128 };

/* Half of an IPv6 address is a site's, as 24 bits of an IPv4 one may be. */
#define SITE_BITS 64

static int lengths_read(const char *text, uint8_t bits[RS_FAMILIES],
			const char **problem)
{
	char item[ITEM_SIZE];
	uint8_t found[RS_FAMILIES] = { whole[0], whole[1] };
	uint32_t n;
	int ret;

	for (size_t i = 0; text; i++) {
		if (i == RS_FAMILIES || !cut(text, "/", item, &text))
			return -EINVAL;
		ret = parse_number(item, 1, whole[i], &n);
		if (ret == -ERANGE)
			*problem = "prefix length out of range";
		if (ret)
			return -EINVAL;
		found[i] = (uint8_t)n;
		if (!i && n < whole[0])
			found[1] = SITE_BITS;
	}
	memcpy(bits, found, sizeof(found));
	return 0;
}

int prefixes_read(const struct conf_key *key, const char *text, void *field,
		  const char **problem)
{
	return lengths_read(text, field, problem);
}

void prefixes_print(const struct conf_key *key, const void *field,
		    struct buf *out)
{
	const uint8_t *bits = field;

	buf_printf(out, "%u/%u", bits[0], bits[1]);
}

/* ---- persist = KIND[/IPv4[/IPv6]] [DURATION] */

static int timeout_read(const struct conf_key *key, const char *text,
			uint32_t *ms, const char **problem)
{
	int ret = parse_duration(text, ms);

	if (!ret && (*ms < key->min || *ms > key->max))
		ret = -ERANGE;
	if (ret)
		*problem =
		    ret == -ERANGE ? "time out of range" : "not a duration";
	return ret;
}

int persist_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem)
{
	struct conf_persist p = { .prefix = { whole[0], whole[1] },
				  .timeout_ms = PERSIST_DEFAULT_MS };
	char first[ITEM_SIZE], item[ITEM_SIZE];
	const char *rest, *lengths;
	int kind;

	if (!cut(text, " \t", first, &rest) || !cut(first, "/", item, &lengths))
		return -EINVAL;
	kind = word_find(rs_persist_words, item);
	if (kind < 0)
		return -EINVAL;
	p.kind = (enum rs_persist)kind;
	if (lengths && p.kind != RS_PERSIST_SOURCE)
		*problem = "a prefix length is for source only";
	else if (rest && p.kind == RS_PERSIST_NONE)
		*problem = "none lasts no time";
	if (*problem || (lengths && lengths_read(lengths, p.prefix, problem)))
		return -EINVAL;
	if (rest && timeout_read(key, rest + strspn(rest, " \t"), &p.timeout_ms,
				 problem))
		return -EINVAL;
	*(struct conf_persist *)field = p;
	return 0;
}

void persist_print(const struct conf_key *key, const void *field,
		   struct buf *out)
{
	const struct conf_persist *p = field;
	char text[DURATION_STRLEN];

	buf_printf(out, "%s", word_text(rs_persist_words, (int)p->kind));
	if (p->kind == RS_PERSIST_NONE)
		return;
	if (memcmp(p->prefix, whole, sizeof(whole)) != 0)
		buf_printf(out, "/%u/%u", p->prefix[0], p->prefix[1]);
	buf_printf(out, " %s", duration_format(p->timeout_ms, text));
}

/* ---- marks: VALUE[/MASK] */

int mark_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	struct rs_mark m = { 0, UINT32_MAX };
	char item[ITEM_SIZE];
	const char *mask;

	if (!strcmp(text, "none")) {
		*(struct rs_mark *)field = (struct rs_mark){ 0 };
		return 0;
	}
	if (!cut(text, "/", item, &mask) ||
	    parse_number(item, 0, UINT32_MAX, &m.value) < 0 ||
	    (mask && parse_number(mask, 0, UINT32_MAX, &m.mask) < 0))
		return -EINVAL;
	if (!m.mask)
		*problem = "the mask has no bits";
	else if (m.value & ~m.mask)
		*problem = "the value has bits outside of the mask";
	if (*problem)
		return -EINVAL;
	*(struct rs_mark *)field = m;
	return 0;
}

void mark_print(const struct conf_key *key, const void *field, struct buf *out)
{
	const struct rs_mark *m = field;

	if (!m->mask)
		buf_printf(out, "none");
	else if (m->mask == UINT32_MAX)
		buf_printf(out, "0x%x", m->value);
	else
		buf_printf(out, "0x%x/0x%x", m->value, m->mask);
}

/* ---- dscp; RFC 2474, 2597, 3246 */

static const struct word dscp_words[] = {
	{ "cs0", 0 },   { "cs1", 8 },   { "cs2", 16 },  { "cs3", 24 },
	{ "cs4", 32 },  { "cs5", 40 },  { "cs6", 48 },  { "cs7", 56 },
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 }, { "af21", 18 },
	{ "af22", 20 }, { "af23", 22 }, { "af31", 26 }, { "af32", 28 },
	{ "af33", 30 }, { "af41", 34 }, { "af42", 36 }, { "af43", 38 },
	{ "ef", 46 },   { NULL, 0 },
};

int dscp_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	int word = word_find(dscp_words, text), ret = 0;
	bool none = !strcmp(text, "none");
	struct rs_qos *q = field;
	uint32_t n = 0;

	if (word >= 0)
		n = (uint32_t)word;
	else if (!none)
		ret = parse_number(text, 0, 63, &n);
	if (ret == -ERANGE)
		*problem = "out of range";
	if (ret)
		return -EINVAL;
	q->has_dscp = !none;
	q->dscp = (uint8_t)n;
	return 0;
}

void dscp_print(const struct conf_key *key, const void *field, struct buf *out)
{
	const struct rs_qos *q = field;
	const char *word = word_text(dscp_words, q->dscp);

	if (!q->has_dscp)
		buf_printf(out, "none");
	else if (strcmp(word, "?") != 0)
		buf_printf(out, "%s", word);
	else
		buf_printf(out, "%u", q->dscp);
}

/* ---- tc classes: MAJOR:MINOR, hexadecimal as in tc itself */

static bool hex_read(const char *text, uint32_t *out)
{
	char prefixed[ITEM_SIZE];

	if (!*text || strlen(text) > 4)
		return false;
	snprintf(prefixed, sizeof(prefixed), "0x%s", text);
	return parse_number(prefixed, 0, UINT16_MAX, out) == 0;
}

int class_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem)
{
	uint32_t major = 0, minor = 0;
	char item[ITEM_SIZE];
	const char *rest;

	if (strcmp(text, "none") != 0) {
		if (!cut(text, ":", item, &rest) || !rest ||
		    !hex_read(item, &major) || !hex_read(rest, &minor))
			return -EINVAL;
		if (!major) {
			*problem = "tc has no class of major number 0";
			return -EINVAL;
		}
	}
	*(uint32_t *)field = major << 16 | minor;
	return 0;
}

void class_print(const struct conf_key *key, const void *field, struct buf *out)
{
	uint32_t n = *(const uint32_t *)field;

	if (n)
		buf_printf(out, "%x:%x", n >> 16, n & 0xffff);
	else
		buf_printf(out, "none");
}

/* ---- what is logged, where to, and how it begins */

int log_read(const struct conf_key *key, const char *text, void *field,
	     const char **problem)
{
	struct rs_log *log = field;
	bool fresh = false, drops = false, *which;
	const char *rest = strcmp(text, "none") ? text : NULL;
	char item[ITEM_SIZE];

	while (list_next(&rest, item, sizeof(item))) {
		which = !strcmp(item, "new")     ? &fresh
			: !strcmp(item, "drops") ? &drops
						 : NULL;
		if (!which || *which) {
			*problem = which ? "a word is listed twice" : NULL;
			return -EINVAL;
		}
		*which = true;
	}
	log->fresh = fresh;
	log->drops = drops;
	return 0;
}

void log_print(const struct conf_key *key, const void *field, struct buf *out)
{
	const struct rs_log *log = field;

	buf_printf(out, "%s%s%s",
		   log->fresh   ? "new"
		   : log->drops ? ""
				: "none",
		   log->fresh && log->drops ? ", " : "",
		   log->drops ? "drops" : "");
}

int log_group_read(const struct conf_key *key, const char *text, void *field,
		   const char **problem)
{
	uint32_t n;
	int ret;

	if (!strcmp(text, "kernel")) {
		*(int32_t *)field = -1;
		return 0;
	}
	ret = parse_number(text, key->min, key->max, &n);
	if (ret == -ERANGE)
		*problem = "out of range";
	if (!ret)
		*(int32_t *)field = (int32_t)n;
	return ret ? -EINVAL : 0;
}

void log_group_print(const struct conf_key *key, const void *field,
		     struct buf *out)
{
	int32_t n = *(const int32_t *)field;

	if (n < 0)
		buf_printf(out, "kernel");
	else
		buf_printf(out, "%d", n);
}

int log_prefix_read(const struct conf_key *key, const char *text, void *field,
		    const char **problem)
{
	size_t n = strlen(text);

	if (n > LOG_PREFIX_MAX)
		*problem = "too long";
	for (size_t i = 0; i < n && !*problem; i++) {
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"')
			*problem =
			    text[i] == '"' ? "a quote" : "not printable ASCII";
	}
	if (*problem)
		return -EINVAL;
	*(const char **)field = *text ? text : NULL; /* the document's */
	return 0;
}
