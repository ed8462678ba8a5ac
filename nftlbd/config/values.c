/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of values: one row per type with its reader, its printer and the words
 * on what is allowed. Knows fields by offset only, and no section's meaning.
 */
#include "config/values.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "config/doc.h"
#include "config/draft.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define ADDRS_TEXT   NUMBER_TEXT(VALUE_ADDRS_MAX)
#define PORTS_TEXT   NUMBER_TEXT(VALUE_PORTS_MAX)
#define LISTS_TEXT   NUMBER_TEXT(LISTS_MAX)
#define DEVICES_TEXT NUMBER_TEXT(DEVICES_MAX)
#define OFFLOAD_TEXT NUMBER_TEXT(RS_DEVICES_MAX)
#define CHECKS_TEXT  NUMBER_TEXT(CONF_CHECKS_MAX)
#define FEEDS_TEXT   NUMBER_TEXT(CONF_FEEDS_MAX)

typedef int read_fn(const struct conf_key *key, const char *text, void *field,
		    const char **problem);
typedef void print_fn(const struct conf_key *key, const void *field,
		      struct buf *out);

/* ---- names: the field points into the document */

static int ref_read(const struct conf_key *key, const char *text, void *field,
		    const char **problem)
{
	/* an empty value takes back what [defaults] said */
	if (!name_valid(text) && (*text || key->fallback))
		return -EINVAL;
	*(const char **)field = text;
	return 0;
}

/* "a, b"; whether they exist is asked later */
static int checks_read(const struct conf_key *key, const char *text,
		       void *field, const char **problem)
{
	bool feeds = key->kind == VALUE_FEEDS;
	char item[HC_NAME_MAX + 2];
	const char *rest = text;
	size_t n = 0;

	for (; list_next(&rest, item, sizeof(item)); n++) {
		if (!name_valid(item))
			return -EINVAL;
	}
	if (n > (feeds ? CONF_FEEDS_MAX : CONF_CHECKS_MAX)) {
		*problem = feeds ? "too many feeds" : "too many checks";
		return -EINVAL;
	}
	*(const char **)field = text;
	return 0;
}

/* "a, b", or nothing; whether they exist is asked later */
static int lists_read(const struct conf_key *key, const char *text, void *field,
		      const char **problem)
{
	const char *rest = *text ? text : NULL;
	char item[RS_NAME_MAX + 2];
	size_t n = 0;

	for (; list_next(&rest, item, sizeof(item)); n++) {
		if (!name_valid(item))
			return -EINVAL;
	}
	if (n > LISTS_MAX) {
		*problem = "too many lists";
		return -EINVAL;
	}
	*(const char **)field = text;
	return 0;
}

/* "eth0, br0"; whether they exist is the kernel's matter, and may change */
static int devices_read(const struct conf_key *key, const char *text,
			void *field, const char **problem)
{
	const char *rest = *text ? text : NULL;
	char item[IFNAMSIZ + 1];
	size_t n = 0;

	for (; !*problem && list_next(&rest, item, sizeof(item)); n++) {
		*problem = !strcmp(item, "?") ? "no name of an interface"
					      : interface_problem(item);
	}
	if (!*problem && n > DEVICES_MAX)
		*problem = "too many interfaces";
	if (*problem)
		return -EINVAL;
	*(const char **)field = text;
	return 0;
}

/* ---- words, flags, addresses */

static int word_read(const struct conf_key *key, const char *text, void *field,
		     const char **problem)
{
	int value = word_find(key->words, text);

	if (value < 0)
		return -EINVAL;
	memcpy(field, &value, sizeof(value)); /* enums are ints here */
	return 0;
}

_Static_assert(sizeof(enum rs_mode) == sizeof(int) &&
		   sizeof(enum hc_type) == sizeof(int) &&
		   sizeof(enum log_level) == sizeof(int),
	       "word_read() stores into enums as ints");

static void word_print(const struct conf_key *key, const void *field,
		       struct buf *out)
{
	int value;

	memcpy(&value, field, sizeof(value));
	buf_printf(out, "%s", word_text(key->words, value));
}

static int flag_read(const struct conf_key *key, const char *text, void *field,
		     const char **problem)
{
	if (*text)
		return -EINVAL;
	*(bool *)field = true;
	return 0;
}

static int addr_read(const struct conf_key *key, const char *text, void *field,
		     const char **problem)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		return -EINVAL;
	*problem = addr_problem(&a);
	if (*problem)
		return -EINVAL;
	*(struct addr *)field = a;
	return 0;
}

static void addr_print(const struct conf_key *key, const void *field,
		       struct buf *out)
{
	char text[ADDR_STRLEN];

	buf_printf(out, "%s", addr_format(field, text));
}

/* ---- lists: the field is the whole service */

#define LIST_TYPE(name)                                                        \
	static int name##_value(const struct conf_key *key, const char *text,  \
				void *field, const char **problem)             \
	{                                                                      \
		return name##_read(text, field, problem);                      \
	}                                                                      \
	static void name##_value_print(const struct conf_key *key,             \
				       const void *field, struct buf *out)     \
	{                                                                      \
		name##_print(field, out);                                      \
	}

LIST_TYPE(addrs)
LIST_TYPE(ports)
LIST_TYPE(protos)

static int source_value(const struct conf_key *key, const char *text,
			void *field, const char **problem)
{
	struct conf_service *s = field;

	return source_read(text, &s->source4, &s->source6, problem);
}

static void source_value_print(const struct conf_key *key, const void *field,
			       struct buf *out)
{
	const struct conf_service *s = field;

	source_print(&s->source4, &s->source6, out);
}

static int sender_read(const struct conf_key *key, const char *text,
		       void *field, const char **problem)
{
	struct hc_spec *s = field;

	return source_read(text, &s->source4, &s->source6, problem);
}

static void sender_print(const struct conf_key *key, const void *field,
			 struct buf *out)
{
	const struct hc_spec *s = field;

	source_print(&s->source4, &s->source6, out);
}

static int tunnel_read(const struct conf_key *key, const char *text,
		       void *field, const char **problem)
{
	struct addr *sources = field;

	return source_read(text, &sources[0], &sources[1], problem);
}

static void tunnel_print(const struct conf_key *key, const void *field,
			 struct buf *out)
{
	const struct addr *sources = field;

	source_print(&sources[0], &sources[1], out);
}

/* ---- the table of types */

enum allowed {
	FIXED,
	TEXTS,
	WORDS,
	NUMBERS,
	SIGNED,
	DURATIONS,
	NAMES,
	SHARES,
	FACTORS
};

static const struct value_ops {
	const char *name;
	read_fn *read;
	print_fn *print;
	enum allowed allowed;
	const char *words; /* FIXED: the text; else what comes before */
} value_ops[] = {
	[VALUE_INCLUDE] = { "list of files", NULL, NULL, FIXED, "paths" },
	[VALUE_BACKEND] = { "backend", NULL, NULL, FIXED,
			    "ADDRESS[:PORT] and options" },
	[VALUE_PIN] = { "pin", NULL, NULL, FIXED, "CLIENT BACKEND" },
	[VALUE_ENTRIES] = { "list of networks", NULL, NULL, FIXED, "" },
	[VALUE_LIST_FILE] = { "path", NULL, NULL, FIXED, "" },
	[VALUE_PATH] = { "path", path_read, string_print, FIXED,
			 "an absolute path" },
	[VALUE_SOCKET] = { "path", path_read, string_print, FIXED,
			   "an absolute path of up to 107 bytes" },
	[VALUE_LISTEN] = { "address", listen_read, string_print, FIXED,
			   "ADDRESS:PORT, an IPv6 address in brackets" },
	[VALUE_ACCOUNT] = { "name", account_read, string_print, FIXED,
			    "a name of up to 32 letters, digits and . _ -" },
	[VALUE_TABLE] = { "name", table_read, string_print, FIXED,
			  "a letter and up to 31 letters, digits and _, not a "
			  "word of nft's own language" },
	[VALUE_NUMBER] = { "number", number_read, number_print, NUMBERS,
			   "a number " },
	[VALUE_MS] = { "duration", ms_read, ms_print, DURATIONS,
		       "a number and a unit (ms, s, m, h), " },
	[VALUE_PERCENT] = { "percentage", percent_read, percent_print, NUMBERS,
			    "per cent, " },
	[VALUE_SLOTS] = { "number or auto", slots_read, slots_print, NUMBERS,
			  "auto, or a number " },
	[VALUE_PORT] = { "port", port_read, port_print, NUMBERS, "a port " },
	[VALUE_WORD] = { "word", word_read, word_print, WORDS, "" },
	[VALUE_FLAG] = { "flag", flag_read, NULL, FIXED,
			 "the word alone, without a value" },
	[VALUE_REF] = { "name", ref_read, NULL, NAMES, "" },
	[VALUE_GROUP] = { "name", ref_read, string_print, FIXED,
			  "a name of 1 to 63 characters: letters, digits, and "
			  "after the first also . _ -" },
	[VALUE_LISTS] = { "list of lists", lists_read, NULL, FIXED,
			  "names of [list NAME] sections, up to " LISTS_TEXT
			  " separated by commas" },
	[VALUE_CHECKS] = { "list of checks", checks_read, string_print, FIXED,
			   "names of [check NAME] sections, up to " CHECKS_TEXT
			   " separated by commas, or none" },
	[VALUE_FEEDS] = { "list of feeds", checks_read, string_print, FIXED,
			  "names of [feed NAME] sections, up to " FEEDS_TEXT
			  " separated by commas, or none" },
	[VALUE_NEED] = { "number, all or any", need_read, need_print, NUMBERS,
			 "all, any, or a number " },
	[VALUE_HOOK] = { "path", hook_read, string_print, FIXED,
			 "an absolute path; empty: that of [global]" },
	[VALUE_TEXT] = { "text", text_read, string_print, TEXTS, "" },
	[VALUE_HEADERS] = { "header", header_read, NULL, TEXTS, "" },
	[VALUE_COMMAND] = { "command", command_read, command_print, TEXTS, "" },
	[VALUE_LOW] = { "number or none", bound_read, bound_print, FIXED,
			"none, or a number of 64 bits with its sign" },
	[VALUE_HIGH] = { "number or none", bound_read, bound_print, FIXED,
			 "none, or a number of 64 bits with its sign" },
	[VALUE_DECIMAL] = { "decimal", decimal_read, decimal_print, FIXED,
			    "a number such as 0.5 or -3, up to 15 digits and 9 "
			    "behind the point" },
	[VALUE_SHARE] = { "percentage", share_read, share_print, SHARES,
			  "per cent, " },
	[VALUE_FACTOR] = { "factor", factor_read, factor_print, FACTORS,
			   "a factor such as 0.5 or 50%, " },
	[VALUE_SENDER] = { "list of addresses", sender_read, sender_print,
			   FIXED,
			   "one IPv4 and one IPv6 unicast address at most" },
	[VALUE_ADDR] = { "address", addr_read, addr_print, FIXED,
			 "an IPv4 or IPv6 unicast address" },
	[VALUE_YES] = { "yes or no", yes_read, yes_print, FIXED, "yes or no" },
	[VALUE_SIGNED] = { "number", signed_read, signed_print, SIGNED,
			   "a number " },
	[VALUE_FAST] = { "list of interfaces", fast_read, fast_print, FIXED,
			 "names of interfaces other than lo, up "
			 "to " OFFLOAD_TEXT " separated by commas" },
	[VALUE_PREFIXES] = { "prefix lengths", prefixes_read, prefixes_print,
			     FIXED,
			     "an IPv4 prefix length 1..32, and after / an IPv6 "
			     "one 1..128" },
	[VALUE_PERSIST] = { "persistence", persist_read, persist_print, FIXED,
			    "none, source, source/LEN4, source/LEN4/LEN6, "
			    "source-port or mac, LEN4 1..32, LEN6 1..128, and "
			    "a time of 1s..720h" },
	[VALUE_MARK] = { "mark", mark_read, mark_print, FIXED,
			 "none, VALUE or VALUE/MASK, 0..4294967295 or 0x..." },
	[VALUE_DSCP] = { "code point", dscp_read, dscp_print, FIXED,
			 "none, a number 0..63, cs0 to cs7, af11 to af43, "
			 "or ef" },
	[VALUE_CLASS] = { "class", class_read, class_print, FIXED,
			  "none, or MAJOR:MINOR in hexadecimal as in tc, MAJOR "
			  "1..ffff, MINOR 0..ffff" },
	[VALUE_LOG] = { "list of words", log_read, log_print, FIXED,
			"none, new, drops, or new, drops" },
	[VALUE_LOG_GROUP] = { "number or kernel", log_group_read,
			      log_group_print, NUMBERS,
			      "kernel, or a number " },
	[VALUE_LOG_PREFIX] = { "text", log_prefix_read, string_print, FIXED,
			       "up to 60 printable characters of ASCII without "
			       "quotes; empty: nftlb and the service's name" },
	[VALUE_ADDRS] = { "list of addresses", addrs_value, addrs_value_print,
			  FIXED,
			  "IPv4 and IPv6 unicast addresses, up to " ADDRS_TEXT
			  ", separated by commas" },
	[VALUE_PORTS] = { "list of ports", ports_value, ports_value_print,
			  FIXED,
			  "ports 1..65535, ranges such as 8000-8010, up "
			  "to " PORTS_TEXT
			  " of these separated by commas, or any" },
	[VALUE_PROTOS] = { "list of protocols", protos_value,
			   protos_value_print, WORDS, "a list of " },
	[VALUE_SOURCE] = { "list of addresses", source_value,
			   source_value_print, FIXED,
			   "one IPv4 and one IPv6 unicast address at most; "
			   "empty: masquerade" },
	[VALUE_DEVICES] = { "list of interfaces", devices_read, string_print,
			    FIXED,
			    "names of interfaces of 1 to 15 characters, up "
			    "to " DEVICES_TEXT " separated by commas" },
	[VALUE_TUNNEL] = { "list of addresses", tunnel_read, tunnel_print,
			   FIXED,
			   "one IPv4 and one IPv6 unicast address at most" },
};

int value_read(const struct conf_key *key, const char *text, void *object,
	       const char **problem)
{
	*problem = NULL;
	return value_ops[key->kind].read(key, text,
					 (char *)object + key->offset, problem);
}

bool value_empty(const struct conf_key *key, const void *object)
{
	const void *field = (const char *)object + key->offset;
	const struct hc_spec *spec = field;

	switch (key->kind) {
	case VALUE_TEXT:
	case VALUE_PATH:
		return !*(char *const *)field;
	case VALUE_PORT:
		return !*(const uint16_t *)field;
	case VALUE_SENDER:
		return !spec->source4.family && !spec->source6.family;
	case VALUE_HEADERS:
	case VALUE_COMMAND:
		return !((const struct spec_list *)field)->n;
	default:
		return false;
	}
}

void value_print(const struct conf_key *key, const void *object,
		 struct buf *out)
{
	value_ops[key->kind].print(key, (const char *)object + key->offset,
				   out);
}

const char *value_type(const struct conf_key *key)
{
	return value_ops[key->kind].name;
}

/* The bounds, as the key's values are printed. */
static void parts_allowed(const struct conf_key *key, const char *words,
			  char *buf, size_t size)
{
	struct buf text = { 0 };

	value_ops[key->kind].print(key, &key->min, &text);
	buf_printf(&text, "..");
	value_ops[key->kind].print(key, &key->max, &text);
	snprintf(buf, size, "%s%s", words, text.data);
	buf_free(&text);
}

const char *value_allowed(const struct conf_key *key, char *buf, size_t size)
{
	char lo[DURATION_STRLEN], hi[DURATION_STRLEN], words[VALUE_ALLOWED];
	const struct value_ops *ops = &value_ops[key->kind];

	switch (ops->allowed) {
	case FIXED:
		snprintf(buf, size, "%s", ops->words);
		break;
	case TEXTS:
		snprintf(buf, size, "%s", key->takes);
		break;
	case WORDS:
		snprintf(buf, size, "%s%s", ops->words,
			 words_list(key->words, words, sizeof(words)));
		break;
	case NUMBERS:
		snprintf(buf, size, "%s%u..%u%s", ops->words, key->min,
			 key->max, key->max == UINT32_MAX ? " or 0x..." : "");
		break;
	case SIGNED:
		snprintf(buf, size, "%s%d..%d", ops->words, (int)key->min,
			 (int)key->max);
		break;
	case DURATIONS:
		snprintf(buf, size, "%s%s..%s", ops->words,
			 duration_format(key->min, lo),
			 duration_format(key->max, hi));
		break;
	case SHARES:
	case FACTORS:
		parts_allowed(key, ops->words, buf, size);
		break;
	case NAMES:
		snprintf(buf, size, "the name of a [%s NAME] section",
			 key->name);
		break;
	}
	return buf;
}
