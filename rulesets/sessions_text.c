/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of session tables as text, and back. Pure. Each kind of key is a row of
 * one table.
 *
 * Must not know: what entries lead to.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "rulesets/sessions.h"

#define MAC_LEN 6u

#define PORT_LEN 4u /* a field of a concatenation takes words */

struct key_kind {
	unsigned int extra; /* bytes beside the address */
	void (*text)(const struct session_table *t, const uint8_t *key,
		     char *text);
	int (*match)(const struct session_table *t, const char *text,
		     struct session_match *out, struct err *err);
};

static unsigned int ip_len(const struct session_table *t)
{
	return t->family == AF_INET6 ? 16 : 4;
}

static struct addr key_addr(const struct session_table *t, const uint8_t *key)
{
	struct addr a = { .family = t->family };

	memcpy(a.ip, key, ip_len(t));
	return a;
}

static int no_client(const struct session_table *t, const char *text,
		     const char *wanted, struct err *err)
{
	char quoted[80];

	return err_set(err, -EINVAL, "client %s: allowed: %s %s",
		       text_quote(text, strlen(text), quoted, sizeof(quoted)),
		       t->family == AF_INET6 ? "an IPv6" : "an IPv4", wanted);
}

/* ---- addresses and networks */

static void source_text(const struct session_table *t, const uint8_t *key,
			char *text)
{
	struct addr a = key_addr(t, key);
	size_t n;

	addr_format(&a, text);
	n = strlen(text);
	if (t->prefix < 8 * ip_len(t))
		snprintf(text + n, SESSION_TEXT_MAX - n, "/%u", t->prefix);
}

static void mask(uint8_t *ip, unsigned int len, unsigned int prefix)
{
	for (unsigned int i = 0; i < len;
	     i++, prefix -= prefix < 8 ? prefix : 8)
		ip[i] &= (uint8_t)(prefix >= 8 ? 0xff : 0xff00 >> prefix);
}

static int source_match(const struct session_table *t, const char *text,
			struct session_match *out, struct err *err)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_STRLEN];
	uint32_t prefix = t->prefix;
	struct addr a;

	if (n < sizeof(host)) {
		memcpy(host, text, n);
		host[n] = '\0';
	}
	if (n >= sizeof(host) || addr_parse(host, &a) < 0 ||
	    a.family != t->family ||
	    (slash && (parse_number(slash + 1, 0, 128, &prefix) < 0 ||
		       prefix != t->prefix)))
		return no_client(t, text, "address", err);
	memcpy(out->key, a.ip, ip_len(t));
	mask(out->key, ip_len(t), t->prefix);
	out->len = ip_len(t);
	return 0;
}

/* ---- port and address, in this order */

static void port_text(const struct session_table *t, const uint8_t *key,
		      char *text)
{
	struct addr a = key_addr(t, key + PORT_LEN);
	char ip[ADDR_STRLEN];
	uint16_t port;

	memcpy(&port, key, sizeof(port));
	/* not endpoint_format(): port 0 is one, too */
	snprintf(text, SESSION_TEXT_MAX,
		 t->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 addr_format(&a, ip), ntohs(port));
}

static int port_match(const struct session_table *t, const char *text,
		      struct session_match *out, struct err *err)
{
	struct addr a;
	uint16_t port = 0;

	if ((addr_parse(text, &a) < 0 && endpoint_parse(text, &a, &port) < 0) ||
	    a.family != t->family)
		return no_client(t, text, "address, also with a port", err);
	memcpy(out->key + PORT_LEN, a.ip, ip_len(t));
	out->at = port ? 0 : PORT_LEN;
	out->len = PORT_LEN + ip_len(t) - out->at;
	port = htons(port);
	memcpy(out->key, &port, sizeof(port));
	return 0;
}

/* ---- hardware addresses */

static void mac_text(const struct session_table *t, const uint8_t *key,
		     char *text)
{
	snprintf(text, SESSION_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x",
		 key[0], key[1], key[2], key[3], key[4], key[5]);
}

static int mac_match(const struct session_table *t, const char *text,
		     struct session_match *out, struct err *err)
{
	unsigned int b[MAC_LEN];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &end) != MAC_LEN ||
	    text[end] != '\0' || end != 3 * MAC_LEN - 1)
		return err_set(err, -EINVAL,
			       "the clients of this service are hardware "
			       "addresses, as 02:00:00:00:00:01");
	for (unsigned int i = 0; i < MAC_LEN; i++)
		out->key[i] = (uint8_t)b[i];
	out->len = MAC_LEN;
	return 0;
}

/* ---- all kinds */

static const struct key_kind kinds[] = {
	[RS_PERSIST_SOURCE] = { 0, source_text, source_match },
	[RS_PERSIST_SOURCE_PORT] = { PORT_LEN, port_text, port_match },
	[RS_PERSIST_MAC] = { 0, mac_text, mac_match },
};

unsigned int session_place(const struct session_table *t)
{
	return rs_table(t->family, t->netdev);
}

unsigned int session_key_len(const struct session_table *t)
{
	if (t->flows)
		return key_len(t->key, t->family);
	if (t->kind == RS_PERSIST_MAC)
		return MAC_LEN;
	return ip_len(t) + kinds[t->kind].extra;
}

const char *session_text(const struct session_table *t, const uint8_t *key,
			 char text[SESSION_TEXT_MAX])
{
	kinds[t->kind].text(t, key, text);
	return text;
}

int session_match(const struct session_table *t, const char *text,
		  struct session_match *out, struct err *err)
{
	int ret;

	*out = (struct session_match){ 0 };
	ret = kinds[t->kind].match(t, text, out, err);
	out->one = out->len == session_key_len(t);
	return ret;
}

bool session_matches(const struct session_match *m, const uint8_t *key)
{
	return !memcmp(m->key + m->at, key + m->at, m->len);
}
