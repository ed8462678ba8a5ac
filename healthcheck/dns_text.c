/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of a dns check: name, type, rcode and expected answer. Types and
 * rcodes are IANA's mnemonics, in any case of letters. Names are host names in
 * the wide sense of the DNS (with _ and the / of RFC 2317), without escapes.
 *
 * Pure; must not know messages.
 */
#include <arpa/nameser.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "healthcheck/text.h"
#include "lib/addr.h"
#include "lib/words.h"

/* What fits into the 255 bytes of a name (RFC 1035, 2.3.4), without the dot at
 * the end: a byte for the first length and one for the root are spent. */
#define NAME_TEXT_MAX 253
#define LABEL_MAX     63

static const struct word type_words[] = {
	{ "A", ns_t_a },     { "AAAA", ns_t_aaaa }, { "CNAME", ns_t_cname },
	{ "NS", ns_t_ns },   { "MX", ns_t_mx },     { "TXT", ns_t_txt },
	{ "SOA", ns_t_soa }, { "PTR", ns_t_ptr },   { "SRV", ns_t_srv },
	{ "ANY", ns_t_any }, { NULL, 0 },
};

/* RFC 1035, RFC 2136 */
static const struct word rcode_words[] = {
	{ "NOERROR", ns_r_noerror },   { "FORMERR", ns_r_formerr },
	{ "SERVFAIL", ns_r_servfail }, { "NXDOMAIN", ns_r_nxdomain },
	{ "NOTIMP", ns_r_notimpl },    { "REFUSED", ns_r_refused },
	{ "YXDOMAIN", ns_r_yxdomain }, { "YXRRSET", ns_r_yxrrset },
	{ "NXRRSET", ns_r_nxrrset },   { "NOTAUTH", ns_r_notauth },
	{ "NOTZONE", ns_r_notzone },   { NULL, 0 },
};

static int find_any_case(const struct word *table, const char *text)
{
	for (; table->text; table++)
		if (!strcasecmp(table->text, text))
			return table->value;
	return -1;
}

int dns_type(const char *text)
{
	return find_any_case(type_words, text);
}

int dns_rcode(const char *text)
{
	return find_any_case(rcode_words, text);
}

const char *dns_type_problem(const char *text)
{
	return dns_type(text) >= 0 ? NULL
				   : "must be A, AAAA, CNAME, NS, MX, TXT, "
				     "SOA, PTR, SRV or ANY";
}

const char *dns_rcode_problem(const char *text)
{
	return dns_rcode(text) >= 0
		   ? NULL
		   : "must be NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, "
		     "REFUSED, YXDOMAIN, YXRRSET, NXRRSET, NOTAUTH or NOTZONE";
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-_/*", c));
}

const char *dns_name_problem(const char *text)
{
	size_t len = strlen(text), label = 0;

	if (!strcmp(text, "."))
		return NULL;
	if (len && text[len - 1] == '.')
		len--;
	if (!len)
		return "is empty; the root is \".\"";
	if (len > NAME_TEXT_MAX)
		return "is longer than 253 characters";
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '.' && !name_char(text[i]))
			return "has a character other than letters, digits, "
			       "- _ / * and .";
		if (text[i] == '.' && !label)
			return "has an empty label between its dots";
		label = text[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return "has a label of more than 63 characters";
	}
	return label ? NULL : "has an empty label between its dots";
}

const char *dns_answer_problem(int type, const char *text)
{
	struct addr a;

	switch (type) {
	case ns_t_a:
		return addr_parse(text, &a) == 0 && a.family == AF_INET
			   ? NULL
			   : "must be an IPv4 address, as the type is A";
	case ns_t_aaaa:
		return addr_parse(text, &a) == 0 && a.family == AF_INET6
			   ? NULL
			   : "must be an IPv6 address, as the type is AAAA";
	case ns_t_txt:
	case ns_t_any:
		return *text ? NULL : "is empty";
	default:
		return dns_name_problem(text);
	}
}
