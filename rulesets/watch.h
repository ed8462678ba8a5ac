/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices when somebody else touches our tables. A listener makes the kernel
 * describe every element of every commit (3 to 4 times the cost), so it leaves
 * the group while we commit; the generation tells whether anybody else
 * committed meanwhile.
 */
#ifndef RULESETS_WATCH_H
#define RULESETS_WATCH_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "lib/err.h"

struct watch {
	struct mnl_socket *sock;
	const char *table; /* not owned */
	bool joined;
	bool lists;   /* a change of a set called list.* was seen */
	bool touched; /* a change of our tables was seen, or cannot be ruled
		       * out */
};

int watch_open(struct watch *w, const char *table, struct err *err);
void watch_close(struct watch *w);
int watch_join(struct watch *w);
void watch_leave(struct watch *w);
/** watch_read() - drain the socket; returns and resets `touched` */
bool watch_read(struct watch *w);

#endif
