/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings: texts, checks, and a list with three orders: by name, for people,
 * by what a packet has, so that a clash is found without a walk, and by what an
 * answer has.
 * Invariant: all orders hold the same bindings, and no two of these have the
 * same name or the same service on the same machine.
 */
#include "hvagent/binding.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/words.h"
#include "lib/xalloc.h"
#include "rulesets/types.h"

int binding_service_parse(const char *text, struct binding *b)
{
	const char *slash = strrchr(text, '/');
	char endpoint[ENDPOINT_STRLEN];
	struct addr addr;
	uint16_t port;
	int proto = slash ? word_find(rs_proto_words, slash + 1) : -1;

	if (proto < 0 || (size_t)(slash - text) >= sizeof(endpoint))
		return -EINVAL;
	memcpy(endpoint, text, (size_t)(slash - text));
	endpoint[slash - text] = '\0';
	if (endpoint_parse(endpoint, &addr, &port) < 0 || !port)
		return -EINVAL;
	b->service = addr;
	b->port = port;
	b->proto = (uint8_t)proto;
	return 0;
}

int binding_vm_parse(const char *text, struct binding *b)
{
	return endpoint_parse(text, &b->vm, &b->vm_port);
}

int binding_tunnel_parse(const char *text, struct binding *b)
{
	return addr_parse(text, &b->tunnel);
}

const char *binding_service_text(const struct binding *b,
				 char buf[BINDING_SERVICE_TEXT])
{
	char endpoint[ENDPOINT_STRLEN];

	snprintf(buf, BINDING_SERVICE_TEXT, "%s/%s",
		 endpoint_format(&b->service, b->port, endpoint),
		 word_text(rs_proto_words, b->proto));
	return buf;
}

const char *binding_vm_text(const struct binding *b, char buf[ENDPOINT_STRLEN])
{
	return endpoint_format(&b->vm, b->vm_port, buf);
}

/* By hand: there may be 65,536, and none of these texts needs an escape. */
void binding_put_members(struct buf *out, const struct binding *b)
{
	char service[BINDING_SERVICE_TEXT], vm[ENDPOINT_STRLEN];

	buf_printf(out, "\"name\":\"%s\",\"service\":\"%s\",\"vm\":\"%s\",",
		   b->name, binding_service_text(b, service),
		   binding_vm_text(b, vm));
	if (b->tunnel.family)
		buf_printf(out, "\"tunnel\":\"%s\",",
			   addr_format(&b->tunnel, vm));
	buf_printf(out, "\"origin\":\"%s\"",
		   b->origin == BINDING_OF_FILE ? "file" : "api");
}

/* ---- checks */

/* Why packets cannot have it as their destination; NULL = fine. */
static const char *unusable(const struct addr *a)
{
	static const uint8_t zero[16];

	if (!memcmp(a->ip, zero, addr_len(a)))
		return "no machine has this address";
	if (a->family == AF_INET && a->ip[0] == 127)
		return "a loopback address";
	if (a->family == AF_INET && a->ip[0] >= 224)
		return "no address of one machine";
	if (a->family == AF_INET6 && a->ip[0] == 0xff)
		return "no address of one machine";
	if (a->family == AF_INET6 && !memcmp(a->ip, zero, 15) && a->ip[15] == 1)
		return "a loopback address";
	if (a->family == AF_INET6 && a->ip[0] == 0xfe &&
	    (a->ip[1] & 0xc0) == 0x80)
		return "a link-local address";
	return NULL;
}

static int refuse(const char **field, const char *name, struct err *err,
		  const char *found, const char *problem, const char *allowed)
{
	*field = name;
	return err_set(err, -EINVAL, "%s: found %s: %s; allowed: %s", name,
		       found, problem, allowed);
}

int binding_check(const struct binding *b, const char **field, struct err *err)
{
	char text[BINDING_SERVICE_TEXT], vm[ENDPOINT_STRLEN];
	const char *name = b->name ? b->name : "", *problem;
	char quoted[80];

	if (!name_valid(name))
		return refuse(field, "name", err,
			      text_quote(name, strlen(name), quoted, 64),
			      *name ? "bad name" : "name is missing",
			      BINDING_NAME_ALLOWED);
	if (!b->service.family || !b->port)
		return refuse(field, "service", err, "nothing", "is missing",
			      BINDING_SERVICE_ALLOWED);
	if (!b->vm.family)
		return refuse(field, "vm", err, "nothing", "is missing",
			      BINDING_VM_ALLOWED);
	problem = unusable(&b->service);
	if (problem)
		return refuse(field, "service", err,
			      binding_service_text(b, text), problem,
			      BINDING_SERVICE_ALLOWED);
	problem = unusable(&b->vm);
	if (!problem && b->vm.family != b->service.family)
		problem = "not of the service's family";
	if (!problem && !addr_cmp(&b->vm, &b->service))
		problem = "the service's own address";
	if (problem)
		return refuse(field, "vm", err, binding_vm_text(b, vm), problem,
			      BINDING_VM_ALLOWED);
	if (!b->tunnel.family)
		return 0;
	problem = unusable(&b->tunnel);
	if (!problem && !addr_cmp(&b->tunnel, &b->service))
		problem = "the service's own address";
	if (problem)
		return refuse(field, "tunnel", err, addr_format(&b->tunnel, vm),
			      problem, BINDING_TUNNEL_ALLOWED);
	return 0;
}

/* ---- the list */

static int flow_cmp(const struct binding *a, const struct binding *b)
{
	int cmp = addr_cmp(binding_tunnel(a), binding_tunnel(b));

	if (!cmp)
		cmp = addr_cmp(&a->service, &b->service);
	if (!cmp)
		cmp = (int)a->proto - (int)b->proto;
	return cmp ? cmp : (int)a->port - (int)b->port;
}

uint16_t binding_vm_port(const struct binding *b)
{
	return b->vm_port ? b->vm_port : b->port;
}

/* Of the machine's port alone. */
static int port_cmp(const struct binding *a, const struct binding *b)
{
	int cmp = addr_cmp(&a->vm, &b->vm);

	if (!cmp)
		cmp = (int)a->proto - (int)b->proto;
	return cmp ? cmp : (int)binding_vm_port(a) - (int)binding_vm_port(b);
}

bool binding_same_port(const struct binding *a, const struct binding *b)
{
	return port_cmp(a, b) == 0;
}

static int answer_cmp(const struct binding *a, const struct binding *b)
{
	int cmp = port_cmp(a, b);

	return cmp ? cmp : flow_cmp(a, b);
}

static int name_cmp(const struct binding *a, const struct binding *b)
{
	return strcmp(a->name, b->name);
}

typedef int cmp_fn(const struct binding *a, const struct binding *b);

/* Where @b is, or would be. */
static size_t place_of(struct binding *const *list, size_t n, cmp_fn *cmp,
		       const struct binding *b, bool *found)
{
	size_t lo = 0, hi = n;

	*found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = cmp(list[mid], b);

		if (!c) {
			*found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct binding *find(const struct bindings *l, const char *name)
{
	const struct binding key = { .name = (char *)name };
	bool found;
	size_t i = place_of(l->list, l->n, name_cmp, &key, &found);

	return found ? l->list[i] : NULL;
}

const struct binding *bindings_find(const struct bindings *l, const char *name)
{
	return find(l, name);
}

const struct binding *bindings_clash(const struct bindings *l,
				     const struct binding *b)
{
	bool found;
	size_t i = place_of(l->by_flow, l->n, flow_cmp, b, &found);

	return found && strcmp(l->by_flow[i]->name, b->name) ? l->by_flow[i]
							     : NULL;
}

bool bindings_have_tunnel(const struct bindings *l, const struct addr *a)
{
	/* before all that a binding of this address can be */
	const struct binding first = { .vm = *a };
	bool found;
	size_t i = place_of(l->by_flow, l->n, flow_cmp, &first, &found);

	return i < l->n && !addr_cmp(binding_tunnel(l->by_flow[i]), a);
}

bool bindings_have_vm(const struct bindings *l, const struct addr *a)
{
	const struct binding first = { .vm = *a };
	bool found;
	size_t i = place_of(l->by_port, l->n, answer_cmp, &first, &found);

	return i < l->n && !addr_cmp(&l->by_port[i]->vm, a);
}

static bool same_service(const struct binding *a, const struct binding *b)
{
	return !addr_cmp(&a->service, &b->service) && a->proto == b->proto &&
	       a->port == b->port;
}

size_t bindings_of_port(const struct bindings *l, const struct binding *b,
			const struct binding **first)
{
	/* no service is before one of nothing */
	const struct binding least = { .vm = b->vm,
				       .proto = b->proto,
				       .vm_port = binding_vm_port(b) };
	bool found;
	size_t i = place_of(l->by_port, l->n, answer_cmp, &least, &found);
	size_t n = 0;

	*first = NULL;
	for (; n < 2 && i < l->n && binding_same_port(l->by_port[i], b); i++) {
		if (*first && same_service(*first, l->by_port[i]))
			continue; /* by tunnels to another address */
		if (!*first)
			*first = l->by_port[i];
		n++;
	}
	return n;
}

/* The vectors grow together: their lengths are one number. */
static void grow(struct bindings *l)
{
	if (l->n < l->cap)
		return;
	l->cap = l->cap ? 2 * l->cap : 16;
	l->list = xreallocarray(l->list, l->cap, sizeof(struct binding *));
	l->by_flow =
	    xreallocarray(l->by_flow, l->cap, sizeof(struct binding *));
	l->by_port =
	    xreallocarray(l->by_port, l->cap, sizeof(struct binding *));
}

static void insert(struct binding **list, size_t n, cmp_fn *cmp,
		   struct binding *b)
{
	bool found;
	size_t i = place_of(list, n, cmp, b, &found);

	memmove(list + i + 1, list + i, (n - i) * sizeof(struct binding *));
	list[i] = b;
}

static void take_out(struct binding **list, size_t n, cmp_fn *cmp,
		     const struct binding *b)
{
	bool found;
	size_t i = place_of(list, n, cmp, b, &found);

	memmove(list + i, list + i + 1, (n - i - 1) * sizeof(struct binding *));
}

static bool is_crossed(const struct binding *b)
{
	return binding_tunnel(b)->family != b->service.family;
}

bool bindings_remove(struct bindings *l, const char *name)
{
	struct binding *b = find(l, name);

	if (!b)
		return false;
	take_out(l->list, l->n, name_cmp, b);
	take_out(l->by_flow, l->n, flow_cmp, b);
	take_out(l->by_port, l->n, answer_cmp, b);
	l->n--;
	l->crossed[family_index(b->service.family)] -= is_crossed(b);
	free(b->name);
	free(b);
	return true;
}

int bindings_put(struct bindings *l, const struct binding *b, struct err *err)
{
	const struct binding *other;
	char text[BINDING_SERVICE_TEXT], vm[ADDR_STRLEN];
	struct binding *mine;
	const char *field;
	int ret = binding_check(b, &field, err);

	if (ret < 0)
		return ret;
	other = bindings_clash(l, b);
	if (other)
		return err_set(err, -EEXIST,
			       "service: found %s for the machine %s a second "
			       "time, first in %s; allowed: a service once "
			       "for each machine",
			       binding_service_text(b, text),
			       addr_format(binding_tunnel(b), vm), other->name);
	if (!find(l, b->name) && l->n == BINDINGS_MAX)
		return err_set(err, -ENOSPC,
			       "name: found binding number %d; allowed: %d",
			       BINDINGS_MAX + 1, BINDINGS_MAX);
	mine = xmalloc(sizeof(*mine));
	*mine = *b;
	mine->name = xstrdup(b->name);
	bindings_remove(l, b->name);
	grow(l);
	insert(l->list, l->n, name_cmp, mine);
	insert(l->by_flow, l->n, flow_cmp, mine);
	insert(l->by_port, l->n, answer_cmp, mine);
	l->n++;
	l->crossed[family_index(b->service.family)] += is_crossed(b);
	return 0;
}

void bindings_free(struct bindings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->list[i]->name);
		free(l->list[i]);
	}
	free(l->list);
	free(l->by_flow);
	free(l->by_port);
	*l = (struct bindings){ 0 };
}
