/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel device has to be like, and the requests that make it so. Pure.
 */
#ifndef NFTLB_NET_TUNNEL_SPEC_H
#define NFTLB_NET_TUNNEL_SPEC_H

#include <stdbool.h>

#include "net/links.h"
#include "net/rtnl.h"
#include "net/tunnels.h"

struct tunnel_spec {
	char name[IFNAMSIZ];
	const char *kind; /* "sit", "ip6tnl", "ipip" */
	struct link_tunnel form;
	char alias[LINK_ALIAS_MAX];
};

/**
 * spec_pair(), spec_decap() - for tunnels of @owner
 * @salt: of the name; another one where the name is taken by another pair
 */
void spec_pair(struct tunnel_spec *out, const struct tunnel_pair *pair,
	       unsigned int salt, const char *owner);
void spec_decap(struct tunnel_spec *out, const struct tunnel_decap *decap,
		const char *owner);

/** spec_form_is() - does the device do what @s says (name, alias, up aside)? */
bool spec_form_is(const struct tunnel_spec *s, const struct link *l);
/** spec_is() - is it that device, all of it? */
bool spec_is(const struct tunnel_spec *s, const struct link *l);
/** spec_owns() - is the device one of @owner's? */
bool spec_owns(const char *owner, const struct link *l);

/** spec_make() - make or change it: SPEC_REQUESTS requests, the first of them
 * makes it, and number SPEC_MAY_FAIL may be refused */
#define SPEC_REQUESTS 4
#define SPEC_MAY_FAIL 2
void spec_make(const struct tunnel_spec *s, struct rtnl_batch *b);
/** spec_remove() - remove a device */
void spec_remove(struct rtnl_batch *b, uint32_t ifindex);
/** spec_group(), spec_remove_group() - put it into a group; remove all of it */
void spec_group(struct rtnl_batch *b, uint32_t ifindex, uint32_t group);
void spec_remove_group(struct rtnl_batch *b, uint32_t group);

#endif
