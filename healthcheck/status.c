/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of HTTP checks: what may be written of a request, and what is
 * expected of an answer. Pure. Whatever is let through here is sent as it is:
 * so nothing that could end a line or a word of a request is.
 * Must not know the library that speaks HTTP.
 */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "healthcheck/text.h"

#define STATUS_MIN     100
#define STATUS_MAX     599
#define METHOD_MAX     32
#define PATH_MAX_BYTES 2048
#define HEADER_MAX     4096
#define HOST_MAX       253
#define LABEL_MAX      63
#define REGEX_MAX      1024
/* of all {n,m} of an expression, multiplied: they can be nested, and the
 * library writes each repetition out */
#define REPEATS_MAX 1000
/* From the very beginning over anything, then the expression. The library tries
 * each place of a text as a beginning, and from each it may go on to the end:
 * seconds for [a-z]+: and a page of letters. Where there is only one beginning
 * it goes over the text once. */
#define REGEX_FRAME "\\`([^x]|x|\n)*(%s)"

/* ---- expect-status */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Three digits at *@at, which then stands behind them; 0 = no status. */
static unsigned int take_status(const char **at)
{
	size_t digits = strspn(*at, "0123456789");
	unsigned int status = 0;

	if (digits != 3)
		return 0;
	for (size_t i = 0; i < digits; i++)
		status = status * 10 + (unsigned int)(*(*at)++ - '0');
	return status >= STATUS_MIN && status <= STATUS_MAX ? status : 0;
}

/* One item, "200" or "200-299", with the comma or end behind it. */
static const char *take_range(const char **at, unsigned int *first,
			      unsigned int *last)
{
	*at = skip_blanks(*at);
	*first = *last = take_status(at);
	if (*first == 0)
		return "not a status: 100 to 599";
	*at = skip_blanks(*at);
	if (**at == '-') {
		*at = skip_blanks(*at + 1);
		*last = take_status(at);
		if (*last == 0)
			return "a range without end: 200-299";
		if (*last < *first)
			return "a range backwards";
		*at = skip_blanks(*at);
	}
	if (**at != '\0' && **at != ',')
		return "after a status: a comma or nothing more";
	return NULL;
}

const char *status_problem(const char *text)
{
	unsigned int first, last;

	for (;;) {
		const char *wrong = take_range(&text, &first, &last);

		if (wrong)
			return wrong;
		if (*text == '\0')
			return NULL;
		text++;
	}
}

bool status_match(const char *text, unsigned int status)
{
	unsigned int first, last;

	while (!take_range(&text, &first, &last)) {
		if (status >= first && status <= last)
			return true;
		if (*text == '\0')
			break;
		text++;
	}
	return false;
}

/* ---- expect-body */

static const struct {
	int code;
	const char *words;
} regex_errors[] = {
	{ REG_ECOLLATE, "no such collating element" },
	{ REG_ECTYPE, "no such character class" },
	{ REG_EESCAPE, "a backslash at the end" },
	{ REG_ESUBREG, "no such back-reference" },
	{ REG_EBRACK, "a [ without its ]" },
	{ REG_EPAREN, "a ( without its )" },
	{ REG_EBRACE, "a { without its }" },
	{ REG_BADBR, "not a number of repetitions in { }" },
	{ REG_ERANGE, "a range backwards" },
	{ REG_ESPACE, "too much for the memory" },
	{ REG_BADRPT, "nothing to repeat before * + ? or {" },
};

/* The most that "{n,m}" behind @at repeats; without end: as if 1. */
static unsigned long repeats(const char *at)
{
	unsigned long most = 0, number = 0;

	for (; *at && *at != '}'; at++) {
		if (isdigit((unsigned char)*at) && number <= REPEATS_MAX)
			number = number * 10 + (unsigned long)(*at - '0');
		else if (*at == ',')
			number = 0;
		if (number > most)
			most = number;
	}
	return most ? most : 1;
}

/* What an expression can cost: bodies come from strangers. */
static const char *regex_cost(const char *text)
{
	unsigned long product = 1;

	for (; *text; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
			if (*text >= '1' && *text <= '9')
				return "back-references can take for ever";
		} else if (*text == '{') {
			product *= repeats(text + 1);
			if (product > REPEATS_MAX)
				return "too many repetitions: all { } "
				       "multiplied are at most 1000";
		}
	}
	return NULL;
}

int regex_compile(const char *text, regex_t *regex)
{
	char framed[REGEX_MAX + sizeof(REGEX_FRAME)];

	snprintf(framed, sizeof(framed), REGEX_FRAME, text);
	return regcomp(regex, framed, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
}

/* To POSIX a ) of its own is a letter; the frame would take it for its end. */
static bool closes_more(const char *text)
{
	char opened[REGEX_MAX + sizeof("(")];
	regex_t regex;

	snprintf(opened, sizeof(opened), "(%s", text);
	if (regcomp(&regex, opened, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&regex);
	return true;
}

const char *regex_problem(const char *text)
{
	const char *wrong;
	regex_t regex;
	int code;

	if (*text == '\0')
		return "empty";
	if (strlen(text) > REGEX_MAX)
		return "longer than 1024 bytes";
	wrong = regex_cost(text);
	if (wrong)
		return wrong;
	code = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (code == 0) {
		regfree(&regex);
		return closes_more(text)
			   ? "a ) without its (; \\) stands for itself"
			   : NULL;
	}
	for (size_t i = 0; i < sizeof(regex_errors) / sizeof(regex_errors[0]);
	     i++)
		if (regex_errors[i].code == code)
			return regex_errors[i].words;
	return "not a regular expression";
}

/* ---- requests */

/* RFC 9110, 5.6.2 */
static size_t token_length(const char *text)
{
	return strspn(text, "!#$%&'*+-.^_`|~0123456789"
			    "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static const struct {
	const char *name, *words;
} reserved[] = {
	{ "Host", "the key host is for this" },
	{ "Content-Length", "requests have no body" },
	{ "Transfer-Encoding", "requests have no body" },
};

const char *header_problem(const char *text)
{
	size_t len = token_length(text);

	if (len == 0 || text[len] != ':')
		return "not a header: Name: value";
	if (strlen(text) > HEADER_MAX)
		return "longer than 4096 bytes";
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strlen(reserved[i].name) == len &&
		    strncasecmp(reserved[i].name, text, len) == 0)
			return reserved[i].words;
	for (text += len + 1; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') ||
		    *text == 0x7f)
			return "a control character";
	return NULL;
}

const char *method_problem(const char *text)
{
	size_t len = token_length(text);

	if (len == 0 || text[len] != '\0')
		return "not a method: GET, HEAD, OPTIONS ...";
	if (len > METHOD_MAX)
		return "longer than 32 bytes";
	if (strcmp(text, "CONNECT") == 0)
		return "CONNECT is for proxies";
	return NULL;
}

const char *path_problem(const char *text)
{
	if (*text != '/')
		return "a path begins with /";
	if (strlen(text) > PATH_MAX_BYTES)
		return "longer than 2048 bytes";
	for (; *text; text++) {
		if (*text == '#')
			return "what follows # is never sent";
		if (*text <= ' ' || *text == 0x7f)
			return "only visible ASCII: write others as %XX";
	}
	return NULL;
}

/* A name or an IPv4 address. */
static const char *name_problem(const char *text, size_t len)
{
	size_t label = 0;

	if (len == 0)
		return "no name";
	if (len > HOST_MAX)
		return "longer than 253 bytes";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '.' && label == 0)
			return "an empty part between dots";
		if (c != '.' && c != '-' && c != '_' &&
		    (c >= 0x80 || !isalnum(c)))
			return "not a name: letters, digits, - and dots";
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return "more than 63 bytes between dots";
	}
	return NULL;
}

static const char *port_problem(const char *text)
{
	unsigned long port = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return "not a port behind the colon";
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	return port >= 1 && port <= 65535 ? NULL
					  : "not a port behind the colon";
}

const char *host_problem(const char *text)
{
	size_t len = strcspn(text, ":");
	const char *wrong;

	if (*text == '[') {
		len = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
		if (len < 4 || text[len] != ']')
			return "not an IPv6 address in brackets";
		len++;
		wrong = NULL;
	} else {
		wrong = name_problem(text, len);
	}
	if (wrong || text[len] == '\0')
		return wrong;
	return text[len] == ':' ? port_problem(text + len + 1)
				: "behind the address: a colon and a port";
}
