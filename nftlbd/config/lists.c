/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that are lists: addresses, ports, protocols of a service. Results are
 * sorted; what is said twice is refused, since one of the two is a slip.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "config/values.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

bool list_next(const char **rest, char *item, size_t size)
{
	const char *p = *rest, *end;
	size_t n;

	if (!p)
		return false;
	end = strchr(p, ',');
	n = end ? (size_t)(end - p) : strlen(p);
	*rest = end ? end + 1 : NULL;
	for (; n && (*p == ' ' || *p == '\t'); n--)
		p++;
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	if (n >= size) {
		p = "?";
		n = 1;
	}
	memcpy(item, p, n);
	item[n] = '\0';
	return true;
}

static bool v6_problem(const struct addr *a, const char **problem)
{
	struct in6_addr ip;

	memcpy(&ip, a->ip, sizeof(ip));
	if (IN6_IS_ADDR_UNSPECIFIED(&ip))
		*problem = "unspecified address";
	else if (IN6_IS_ADDR_MULTICAST(&ip))
		*problem = "multicast address";
	else if (IN6_IS_ADDR_LINKLOCAL(&ip))
		*problem = "link-local address";
	else if (IN6_IS_ADDR_V4MAPPED(&ip))
		*problem = "IPv4 address written as IPv6";
	else
		return false;
	return true;
}

const char *addr_problem(const struct addr *a)
{
	const char *problem = NULL;

	if (a->family == AF_INET6) {
		v6_problem(a, &problem);
		return problem;
	}
	if (a->ip[0] == 0)
		return "unspecified address";
	if (a->ip[0] >= 224 && a->ip[0] < 240)
		return "multicast address";
	if (a->ip[0] >= 240)
		return "reserved or broadcast address";
	return NULL;
}

static int addr_order(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

int addrs_read(const char *text, struct conf_service *s, const char **problem)
{
	struct addr list[VALUE_ADDRS_MAX];
	char item[ADDR_STRLEN + 1];
	size_t n = 0, i;

	while (list_next(&text, item, sizeof(item))) {
		if (n == VALUE_ADDRS_MAX) {
			*problem = "too many addresses";
			return -EINVAL;
		}
		if (addr_parse(item, &list[n]) < 0) {
			*problem = *item ? "not an address" : "empty item";
			return -EINVAL;
		}
		*problem = addr_problem(&list[n++]);
		if (*problem)
			return -EINVAL;
	}
	qsort(list, n, sizeof(list[0]), addr_order);
	for (i = 1; i < n; i++) {
		if (!addr_cmp(&list[i - 1], &list[i])) {
			*problem = "an address is listed twice";
			return -EINVAL;
		}
	}
	free(s->addrs);
	s->addrs = xreallocarray(NULL, n, sizeof(list[0]));
	memcpy(s->addrs, list, n * sizeof(list[0]));
	s->naddrs = n;
	return 0;
}

void addrs_print(const struct conf_service *s, struct buf *out)
{
	char text[ADDR_STRLEN];
	size_t i;

	for (i = 0; i < s->naddrs; i++)
		buf_printf(out, "%s%s", i ? ", " : "",
			   addr_format(&s->addrs[i], text));
}

/* "80" or "8000-8010" */
static int range_read(char *item, struct rs_ports *range, const char **problem)
{
	char *dash = strchr(item, '-');
	uint32_t lo, hi;
	int ret;

	if (dash)
		*dash++ = '\0';
	ret = parse_number(item, 1, UINT16_MAX, &lo);
	if (!ret)
		ret = parse_number(dash ? dash : item, 1, UINT16_MAX, &hi);
	if (ret < 0) {
		*problem = ret == -ERANGE ? "port out of range" : "not a port";
		return ret;
	}
	if (lo > hi) {
		*problem = "range ends before it starts";
		return -EINVAL;
	}
	*range = (struct rs_ports){ (uint16_t)lo, (uint16_t)hi };
	return 0;
}

static int range_order(const void *pa, const void *pb)
{
	const struct rs_ports *a = pa, *b = pb;

	return (int)a->lo - (int)b->lo;
}

/* Sort, join neighbours; 0 where two of them share a port. */
static size_t ranges_merge(struct rs_ports *list, size_t n)
{
	size_t i, last = 0;

	qsort(list, n, sizeof(list[0]), range_order);
	for (i = 1; i < n; i++) {
		if (list[i].lo <= list[last].hi)
			return 0;
		if (list[i].lo == list[last].hi + 1)
			list[last].hi = list[i].hi;
		else
			list[++last] = list[i];
	}
	return last + 1;
}

int ports_read(const char *text, struct conf_service *s, const char **problem)
{
	struct rs_ports *list = NULL;
	size_t n = 0, cap = 0;
	char item[16];

	if (!strcmp(text, "any"))
		goto store;
	while (list_next(&text, item, sizeof(item))) {
		struct rs_ports *range = VEC_PUSH(list, n, cap);

		*problem = "empty item";
		if (!*item || range_read(item, range, problem) < 0)
			goto refuse;
	}
	n = ranges_merge(list, n);
	if (!n || n > VALUE_PORTS_MAX) {
		*problem = n ? "too many ranges" : "a port is listed twice";
		goto refuse;
	}
store:
	free(s->ports);
	s->ports = n ? xreallocarray(list, n, sizeof(*list)) : NULL;
	s->nports = n;
	return 0;
refuse:
	free(list);
	return -EINVAL;
}

void ports_print(const struct conf_service *s, struct buf *out)
{
	size_t i;

	if (!s->nports)
		buf_printf(out, "any");
	for (i = 0; i < s->nports; i++) {
		buf_printf(out, "%s%u", i ? ", " : "", s->ports[i].lo);
		if (s->ports[i].hi != s->ports[i].lo)
			buf_printf(out, "-%u", s->ports[i].hi);
	}
}

int protos_read(const char *text, struct conf_service *s, const char **problem)
{
	uint8_t list[sizeof(s->protos)];
	size_t n = 0, i;
	char item[8];
	int proto;

	while (list_next(&text, item, sizeof(item))) {
		proto = word_find(rs_proto_words, item);
		if (proto < 0) {
			*problem = *item ? "unknown protocol" : "empty item";
			return -EINVAL;
		}
		for (i = 0; i < n; i++) {
			if (list[i] == proto) {
				*problem = "a protocol is listed twice";
				return -EINVAL;
			}
		}
		list[n++] = (uint8_t)proto; /* no more than there are words */
	}
	memcpy(s->protos, list, n);
	s->nprotos = n;
	return 0;
}

void protos_print(const struct conf_service *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s->nprotos; i++)
		buf_printf(out, "%s%s", i ? ", " : "",
			   word_text(rs_proto_words, s->protos[i]));
}

int source_read(const char *text, struct addr *v4, struct addr *v6,
		const char **problem)
{
	struct addr found[2] = { { 0 }, { 0 } }, a;
	char item[ADDR_STRLEN + 1];
	struct addr *to;

	if (!*text)
		text = NULL; /* back to none */
	while (list_next(&text, item, sizeof(item))) {
		if (addr_parse(item, &a) < 0) {
			*problem = *item ? "not an address" : "empty item";
			return -EINVAL;
		}
		*problem = addr_problem(&a);
		if (*problem)
			return -EINVAL;
		to = &found[a.family == AF_INET6];
		if (to->family) {
			*problem = "two addresses of one family";
			return -EINVAL;
		}
		*to = a;
	}
	*v4 = found[0];
	*v6 = found[1];
	return 0;
}

void source_print(const struct addr *v4, const struct addr *v6, struct buf *out)
{
	char text[ADDR_STRLEN];

	if (v4->family)
		buf_printf(out, "%s", addr_format(v4, text));
	if (v6->family)
		buf_printf(out, "%s%s", v4->family ? ", " : "",
			   addr_format(v6, text));
}
