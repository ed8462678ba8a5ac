/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A binding: what comes for a service's address, in a tunnel to a virtual
 * machine's, goes to that machine. Plain data; knows neither files nor rules.
 */
#ifndef HVAGENT_BINDING_H
#define HVAGENT_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/err.h"

#define BINDINGS_MAX 65536
#define BINDING_SERVICE_TEXT                                                   \
	(ENDPOINT_STRLEN + 8) /* "[v6]:65535/sctp", NUL                        \
			       */

/* Words on what the fields take, for messages. */
#define BINDING_NAME_ALLOWED                                                   \
	"names of 1 to 63 characters: letters, digits, and after the first "   \
	"also . _ -"
#define BINDING_SERVICE_ALLOWED                                                \
	"ADDRESS:PORT/PROTOCOL, an IPv6 address in brackets, a port of 1 to "  \
	"65535, and tcp, udp or sctp"
#define BINDING_VM_ALLOWED                                                     \
	"ADDRESS or ADDRESS:PORT, of the same family as the service, an IPv6 " \
	"address with a port in brackets"

#define BINDING_TUNNEL_ALLOWED                                                 \
	"ADDRESS, IPv4 or IPv6, where the gateways' tunnels to the machine "   \
	"lead"

/* Whose it is: the file's go and come with the file. */
enum binding_origin { BINDING_OF_FILE, BINDING_OF_API };

struct binding {
	char *name;          /* owned by the list it is in */
	struct addr service; /* what clients ask for */
	uint16_t port;       /* host order, never 0 */
	uint8_t proto;       /* IPPROTO_TCP, _UDP or _SCTP */
	struct addr vm;      /* the machine's */
	uint16_t vm_port;    /* host order; 0 = that of the service */
	struct addr tunnel;  /* where tunnels to it lead; family 0 = to vm */
	enum binding_origin origin;
};

/** binding_service_parse() - "192.0.2.1:80/tcp" into service, port and proto of
 * @b Return: 0; -EINVAL, @b unchanged; words in BINDING_SERVICE_ALLOWED. */
int binding_service_parse(const char *text, struct binding *b);
/** binding_vm_parse() - "10.0.3.1:8080" into vm and vm_port; as above */
int binding_vm_parse(const char *text, struct binding *b);
/** binding_tunnel_parse() - an address into tunnel; as above */
int binding_tunnel_parse(const char *text, struct binding *b);

/** binding_tunnel() - where tunnels to the machine lead */
static inline const struct addr *binding_tunnel(const struct binding *b)
{
	return b->tunnel.family ? &b->tunnel : &b->vm;
}

/** binding_service_text() - as it is read; returns @buf */
const char *binding_service_text(const struct binding *b,
				 char buf[BINDING_SERVICE_TEXT]);
/** binding_vm_text() - the same of the machine */
const char *binding_vm_text(const struct binding *b, char buf[ENDPOINT_STRLEN]);
/** binding_put_members() - append it as JSON's "name":.. to "origin":..,
 * without braces: for API and export alike */
void binding_put_members(struct buf *out, const struct binding *b);

/**
 * binding_check() - can it be, by itself?
 * @field: "name", "service", "vm" or "tunnel", where the fault is.
 * Return: 0; -EINVAL with words that begin with the field.
 */
int binding_check(const struct binding *b, const char **field, struct err *err);

/* Bindings, sorted by name. Zeroed is empty. */
struct bindings {
	struct binding **list;
	size_t n, cap;
	struct binding **by_flow; /* the same by tunnel, service, proto, port */
	struct binding **by_port; /* and by vm, proto, the machine's port */
	/* by family_index() of the service: how many are of the other family
	 * than their tunnel */
	size_t crossed[2];
};

/** binding_vm_port() - the machine's, host order, never 0 */
uint16_t binding_vm_port(const struct binding *b);
/** binding_same_port() - do both lead to the same port of the same machine? */
bool binding_same_port(const struct binding *a, const struct binding *b);

/** bindings_find() - by name; NULL if there is none */
const struct binding *bindings_find(const struct bindings *l, const char *name);

/**
 * bindings_clash() - the binding of another name for the same service in
 * tunnels to the same address, or NULL: two cannot both be true
 */
const struct binding *bindings_clash(const struct bindings *l,
				     const struct binding *b);

/** bindings_have_tunnel() - does a tunnel of any of them lead there?
 * bindings_have_vm() - is it the machine of any of them? */
bool bindings_have_tunnel(const struct bindings *l, const struct addr *a);
bool bindings_have_vm(const struct bindings *l, const struct addr *a);

/**
 * bindings_of_port() - what leads to the same port of the same machine as @b
 * Return: of how many services, 2 = of several; the first of them in @first.
 */
size_t bindings_of_port(const struct bindings *l, const struct binding *b,
			const struct binding **first);

/**
 * bindings_put() - add @b, or replace the one of that name; copies
 * Return: 0; -EINVAL (binding_check()), -EEXIST (clash, with its name), -ENOSPC
 * (BINDINGS_MAX): nothing changed, words that begin with the field.
 */
int bindings_put(struct bindings *l, const struct binding *b, struct err *err);

/** bindings_remove() - true if there was one */
bool bindings_remove(struct bindings *l, const char *name);

void bindings_free(struct bindings *l);

#endif
