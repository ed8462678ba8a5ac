/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the tables of persistent clients and of flows that nobody tracks are,
 * and what the data in them mean: one table for a service and family, or one
 * for all services of a persist-group.
 */
#ifndef NFTLB_DAEMON_SESSION_TABLES_H
#define NFTLB_DAEMON_SESSION_TABLES_H

#include "daemon/daemon.h"
#include "rulesets/sessions.h"

/* Data of entries whose clients are welcome. */
struct session_owner {
	uint32_t data;
	const char *backend; /* the model's */
};

struct session_users {
	struct service **list; /* of the model; at least one */
	size_t n;
	const char *group;  /* NULL = the one service's own table */
	unsigned int table; /* enum rs_table */
	uint8_t family;
	struct session_table t;
	bool there;                   /* the kernel has it, as far as we know */
	struct session_owner *owners; /* sorted by data */
	size_t nowners;
};

/**
 * session_users() - all about one table, as long as the model and HAVE are what
 * they are
 * @name: of a service, or of a group where @group
 * @table: enum rs_table, one of session_places()
 * Return: false: nobody has such a table. Else session_users_free().
 */
bool session_users(const struct daemon *d, const char *name, bool group,
		   unsigned int table, struct session_users *out);
void session_users_free(struct session_users *u);

/** session_owner() - the backend of an entry; NULL: its client is not welcome
 * there, or there is no such backend any more */
const char *session_owner(const struct session_users *u, uint32_t data);

/** session_places() - enum rs_table of each of a service's tables; where a
 * family has two, first the one that packets meet first. Returns how many */
size_t session_places(const struct service *s, uint8_t out[RS_TABLES]);

#endif
