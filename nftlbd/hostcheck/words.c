/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The places of a check's texts: {name}, {device}, {address} ... and what they
 * become. What comes from outside and may be part of a command is made so that
 * a shell takes it as one word.
 */
#include <stdio.h>
#include <string.h>

#include "hostcheck/impl.h"

struct source {
	const struct host *h;
	const struct host_item *it;
	const struct figures *fig;
};

/* Names of interfaces may have any byte but '/' and blanks. */
static void put_word(struct buf *out, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_.-@/";

	if (text[strspn(text, plain)] == '\0') {
		buf_append(out, text, strlen(text));
		return;
	}
	buf_append(out, "'", 1);
	for (; *text; text++)
		if (*text == '\'')
			buf_append(out, "'\\''", 4);
		else if ((unsigned char)*text >= ' ' && *text != '\x7f')
			buf_append(out, text, 1);
	buf_append(out, "'", 1);
}

static const char *device_of(const struct host_item *it)
{
	return it->link.name[0] ? it->link.name : it->device ? it->device : "?";
}

static void put_name(struct buf *out, const struct source *s)
{
	buf_printf(out, "%s", s->it->name ? s->it->name : device_of(s->it));
}

static void put_device(struct buf *out, const struct source *s)
{
	put_word(out, device_of(s->it));
}

/* As sysctl(8) wants it between dots. */
static void put_sysctl(struct buf *out, const struct source *s)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "%s", device_of(s->it));
	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '/';
	put_word(out, name);
}

static void put_addr(struct buf *out, const struct addr *a)
{
	char text[ADDR_STRLEN];

	buf_printf(out, "%s", addr_format(a, text));
}

static void put_address(struct buf *out, const struct source *s)
{
	put_addr(out, &s->it->addr);
}

static void put_nexthop(struct buf *out, const struct source *s)
{
	put_addr(out, &s->it->route.nexthop);
}

static void put_family(struct buf *out, const struct source *s)
{
	buf_printf(out, s->it->addr.family == AF_INET6 ? "IPv6" : "IPv4");
}

static void put_forwarding(struct buf *out, const struct source *s)
{
	buf_printf(out, s->it->addr.family == AF_INET6
			    ? "net.ipv6.conf.all.forwarding"
			    : "net.ipv4.ip_forward");
}

static void put_kernel(struct buf *out, const struct source *s)
{
	buf_printf(out, "%s", s->h->kernel);
}

static void put_value(struct buf *out, const struct source *s)
{
	buf_printf(out, "%lld", (long long)s->fig->value);
}

static void put_wanted(struct buf *out, const struct source *s)
{
	buf_printf(out, "%lld", (long long)s->fig->wanted);
}

static const struct {
	const char *place;
	void (*put)(struct buf *out, const struct source *s);
} places[] = {
	{ "{name}", put_name },       { "{device}", put_device },
	{ "{sysctl}", put_sysctl },   { "{address}", put_address },
	{ "{nexthop}", put_nexthop }, { "{family}", put_family },
	{ "{value}", put_value },     { "{forwarding}", put_forwarding },
	{ "{wanted}", put_wanted },   { "{kernel}", put_kernel },
};

#define NPLACES (sizeof(places) / sizeof(places[0]))

void host_words(struct buf *out, const char *text, const struct host *h,
		const struct host_item *it, const struct figures *fig)
{
	const struct source s = { h, it, fig };

	while (*text) {
		size_t plain = strcspn(text, "{"), i = 0;

		buf_append(out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		while (i < NPLACES && strncmp(text, places[i].place,
					      strlen(places[i].place)) != 0)
			i++;
		if (i < NPLACES) {
			places[i].put(out, &s);
			text += strlen(places[i].place);
		} else {
			buf_append(out, text++, 1);
		}
	}
	buf_append(out, "", 0);
}
