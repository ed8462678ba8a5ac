/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings -> what rulesets/ is asked for. Pure: plain data in, plain data out.
 */
#ifndef HVAGENT_WANT_H
#define HVAGENT_WANT_H

#include "hvagent/binding.h"
#include "hvagent/conf.h"
#include "hvagent/devices.h"
#include "rulesets/types.h"

/*
 * Numbers of the addresses that tunnels lead to. An IPv4 address is its own
 * number; an IPv6 address is hashed to one that no other has, above those of
 * IPv4 machines: a service of one family may come in a tunnel of the other. A
 * number means one address as long as the struct lives. Zeroed is empty.
 */
struct vm_ids {
	struct vm_id *slots; /* open addressing, by number; id 0 = free */
	size_t n, cap;
};

uint32_t vm_id(struct vm_ids *ids, const struct addr *vm);
void vm_ids_free(struct vm_ids *ids);

/* A list under construction; texts and small arrays are its own. */
struct want {
	struct rs_service *list;
	size_t n, cap;
	void **owned;
	size_t nowned, capowned;
};

void want_free(struct want *w);

/** want_binding(), want_port(), want_vm(), want_gateway(), want_uplink() - one
 * more
 * @gone: it is to go. @b and @l must live as long as @w. */
void want_binding(struct want *w, struct vm_ids *ids, const struct binding *b,
		  bool gone);
/** the machine's port that @b leads to, as @l has it: not at all, for one
 * service, for several */
void want_port(struct want *w, const struct bindings *l,
	       const struct binding *b);
/** an address of a machine as @l has it: not at all, as the machine's, as one
 * that tunnels lead to, as both */
void want_vm(struct want *w, struct vm_ids *ids, const struct bindings *l,
	     const struct addr *vm);
void want_gateway(struct want *w, const struct addr *gateway);
/** where it has an address, of both families; the longest headers of @l */
void want_uplink(struct want *w, const struct bindings *l, const char *name,
		 const struct uplink *u);

/** want_all() - machines, their ports and bindings of the list, gateways of the
 * file */
void want_all(struct want *w, struct vm_ids *ids, const struct bindings *l,
	      const struct hv_conf *conf);

#endif
