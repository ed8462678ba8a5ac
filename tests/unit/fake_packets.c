/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets go in the kernel of fake_kernel.h. */
#include <arpa/inet.h>
#include <string.h>

#include "tests/unit/fake_kernel.h"

static bool key_hit(const struct elem *e, const struct addr *addr,
		    uint8_t proto, uint16_t port)
{
	unsigned int len = addr_len(addr);
	uint16_t be = htons(port);

	if (memcmp(e->key, addr->ip, len) != 0 || e->key[len] != proto)
		return false;
	if (map_forms[e->map].key == KEY_ADDR_PROTO)
		return true;
	if (!map_forms[e->map].interval)
		return !memcmp(e->key + len + 4, &be, 2);
	return memcmp(e->key + len + 4, &be, 2) <= 0 &&
	       memcmp(e->key_end + len + 4, &be, 2) >= 0;
}

const char *fake_lookup(const struct fake_table *t, const struct addr *addr,
			uint8_t proto, uint16_t port)
{
	static const enum rs_map order[] = { MAP_SERVICES, MAP_SERVICES_ANY,
					     MAP_SERVICE_RANGES };

	for (size_t m = 0; m < 3; m++)
		for (size_t i = 0; i < t->elems->nelems; i++) {
			const struct elem *e = &t->elems->elems[i];

			if (e->map == order[m] && key_hit(e, addr, proto, port))
				return e->text;
		}
	return NULL;
}
