/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that are texts. Paths and names, and the texts of checks: each key of
 * those has a language of its own, which healthcheck/text.h or a function below
 * judges. What is stored is the text as it stands in the file, so that printing
 * it gives it back.
 */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config/draft.h"
#include "config/values.h"
#include "healthcheck/text.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define TEXT_MAX      255 /* of what has no limit of its own */
#define SNMP_USER_MAX 32  /* RFC 3414, usmUserName */
#define PASSWORD_MIN  8   /* RFC 3414, section 11.2 */

/* ---- strings: the field owns a copy */

static int string_store(void *field, const char *text)
{
	char **to = field;

	free(*to);
	*to = xstrdup(text);
	return 0;
}

static int string_clear(void *field)
{
	char **to = field;

	free(*to);
	*to = NULL;
	return 0;
}

int path_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	struct sockaddr_un sun;

	if (!*text && !key->fallback)
		return string_clear(field);
	if (text[0] != '/')
		*problem = "not an absolute path";
	else if (key->kind == VALUE_SOCKET &&
		 strlen(text) >= sizeof(sun.sun_path))
		*problem = "too long for a socket";
	else if (strlen(text) >= PATH_MAX)
		*problem = "too long";
	else
		return string_store(field, text);
	return -EINVAL;
}

int account_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem)
{
	if (!*text && !key->fallback)
		return string_clear(field);
	/* a name that begins with _ is usual for users of daemons */
	if (strlen(text) > 32 || !name_valid(text + (*text == '_')))
		return -EINVAL;
	return string_store(field, text);
}

int table_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem)
{
	size_t n = strlen(text);

	if (!n || n > 32 || !name_valid(text) || strpbrk(text, ".-") ||
	    (text[0] >= '0' && text[0] <= '9'))
		return -EINVAL;
	if (nft_word(text)) {
		*problem = "a reserved word of nft";
		return -EINVAL;
	}
	return string_store(field, text);
}

void string_print(const struct conf_key *key, const void *field,
		  struct buf *out)
{
	const char *text = *(char *const *)field;

	buf_printf(out, "%s", text ? text : "");
}

int hook_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	if (*text && *text != '/')
		*problem = "not an absolute path";
	else if (strlen(text) >= PATH_MAX)
		*problem = "too long";
	if (*problem)
		return -EINVAL;
	*(const char **)field = text;
	return 0;
}

int text_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	*problem = *text ? key->problem(text) : "empty";
	if (*problem)
		return -EINVAL;
	return string_store(field, text);
}

/* ---- what is wrong with a text */

static const char *length_problem(const char *text, size_t min, size_t max)
{
	size_t n = strlen(text);

	return n < min ? "too short" : n > max ? "too long" : NULL;
}

const char *interface_problem(const char *text)
{
	if (strpbrk(text, "/: \t") || !strcmp(text, ".") || !strcmp(text, ".."))
		return "no name of an interface";
	return length_problem(text, 1, IFNAMSIZ - 1);
}

int listen_read(const struct conf_key *key, const char *text, void *field,
		const char **problem)
{
	if (!*text && !key->fallback)
		return string_clear(field);
	*problem = listen_problem(text);
	return *problem ? -EINVAL : string_store(field, text);
}

const char *listen_problem(const char *text)
{
	struct addr a;
	uint16_t port;

	if (endpoint_parse(text, &a, &port) < 0)
		return "not understood";
	return port ? NULL : "no port";
}

const char *sni_problem(const char *text)
{
	struct addr a;

	/* RFC 6066, section 3: names only */
	return addr_parse(text, &a) == 0 ? "an address, not a name"
					 : dns_name_problem(text);
}

const char *answer_problem(const char *text)
{
	return length_problem(text, 1, TEXT_MAX);
}

const char *community_problem(const char *text)
{
	return length_problem(text, 1, TEXT_MAX);
}

const char *snmp_user_problem(const char *text)
{
	return length_problem(text, 1, SNMP_USER_MAX);
}

const char *password_problem(const char *text)
{
	return length_problem(text, PASSWORD_MIN, TEXT_MAX);
}

const char *context_problem(const char *text)
{
	return length_problem(text, 1, TEXT_MAX);
}

const char *file_problem(const char *text)
{
	if (*text != '/')
		return "not an absolute path";
	if (strlen(text) >= PATH_MAX)
		return "too long";
	return braces_problem(text);
}

/* ---- lists of texts */

static void list_add(struct spec_list *list, char *item)
{
	list->list =
	    xreallocarray(list->list, list->n + 1, sizeof(*list->list));
	list->list[list->n++] = item;
}

static void list_clear(struct spec_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->list[i]);
	free(list->list);
	*list = (struct spec_list){ 0 };
}

int header_read(const struct conf_key *key, const char *text, void *field,
		const char **problem)
{
	struct spec_list *list = field;

	*problem = *text ? key->problem(text) : "empty";
	if (!*problem && list->n == SPEC_LIST_MAX)
		*problem = "too many headers";
	if (*problem)
		return -EINVAL;
	list_add(list, xstrdup(text));
	return 0;
}

/* The next word of a command into @word; false at the end of @rest, or where a
 * quote is not closed. */
static bool word_cut(const char **rest, struct buf *word, const char **problem)
{
	const char *p = *rest + strspn(*rest, " \t");
	bool quoted = false, found = *p != '\0';

	buf_clear(word);
	buf_append(word, "", 0);
	for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *p == '\\' && p[1])
			p++;
		buf_append(word, p, 1);
	}
	*rest = p;
	if (quoted)
		*problem = "a quote is not closed";
	return found && !quoted;
}

int command_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem)
{
	struct spec_list list = { 0 };
	struct buf word = { 0 };

	while (!*problem && word_cut(&text, &word, problem)) {
		if (list.n == SPEC_LIST_MAX)
			*problem = "too many words";
		else if (!list.n && word.data[0] != '/')
			*problem = "not an absolute path";
		else
			*problem = braces_problem(word.data);
		list_add(&list, xstrdup(word.data));
	}
	buf_free(&word);
	if (!list.n && !*problem)
		*problem = "empty";
	if (*problem) {
		list_clear(&list);
		return -EINVAL;
	}
	list_clear(field);
	*(struct spec_list *)field = list;
	return 0;
}

void command_print(const struct conf_key *key, const void *field,
		   struct buf *out)
{
	const struct spec_list *list = field;
	const char *p;
	bool plain;
	size_t i;

	for (i = 0; i < list->n; i++) {
		p = list->list[i];
		plain = *p && !strpbrk(p, " \t\"\\;");
		buf_printf(out, "%s%s", i ? " " : "", plain ? p : "\"");
		/* an escaped ";" does not begin a comment */
		for (; !plain && *p; p++)
			buf_printf(out, "%s%c", strchr("\"\\;", *p) ? "\\" : "",
				   *p);
		if (!plain)
			buf_append(out, "\"", 1);
	}
}

/* ---- bounds */

int bound_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem)
{
	int64_t *to = field;
	long long n;
	char *end;

	if (!strcmp(text, "none")) {
		*to = key->kind == VALUE_LOW ? INT64_MIN : INT64_MAX;
		return 0;
	}
	/* strtoll() would take blanks, a plus sign and nothing at all */
	if (!strchr("0123456789", text[*text == '-']) || !text[*text == '-'])
		return -EINVAL;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno == ERANGE)
		*problem = "out of range";
	if (*end || errno)
		return -EINVAL;
	*to = n;
	return 0;
}

void bound_print(const struct conf_key *key, const void *field, struct buf *out)
{
	int64_t n = *(const int64_t *)field;

	if (n == (key->kind == VALUE_LOW ? INT64_MIN : INT64_MAX))
		buf_printf(out, "none");
	else
		buf_printf(out, "%lld", (long long)n);
}
