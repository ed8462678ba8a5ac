/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of sessions.h. */
#ifndef NFTLB_DAEMON_SESSIONS_IMPL_H
#define NFTLB_DAEMON_SESSIONS_IMPL_H

#include <sys/types.h>

#include "daemon/session_tables.h"

/* One table that has to be looked through. */
struct session_job {
	char *name; /* of a service, or of a group */
	bool group;
	unsigned int table; /* enum rs_table */
	/* the table is of another size, and its entries are carried over from
	 * this map; "" = entries that have to go are looked for */
	char from[sizeof(((struct session_table *)NULL)->set)];
	struct session_match *asked; /* clients to forget */
	size_t nasked, capasked;
	struct session_table t; /* as it was when it was read */
	struct session *found;  /* to be removed, or added */
	size_t nfound, capfound;
	size_t at;      /* of found: done */
	size_t removed; /* stale ones, in this pass */
	bool there, failed;
	unsigned int passes;
};

/* What the child says of one entry. */
struct session_report {
	uint32_t job;
	struct session s;
};

/**
 * session_child_start() - read the tables of @jobs, write what has to go
 * The child writes struct session_report to the pipe, and exits with 0 if it
 * could read all of them.
 * @fd: the pipe's end, non-blocking; the caller closes it
 * Return: its pid, or -errno.
 */
pid_t session_child_start(const struct daemon *d,
			  const struct session_job *jobs, size_t n, int *fd);

/** sessions_queue() - look through a table soon
 * @asked: clients whose entries go too; NULL = only stale ones */
void sessions_queue(struct sessions *s, const char *name, bool group,
		    unsigned int table, const struct session_match *asked);

/** session_is_meant() - does the entry have to go, or to come along? *@stale:
 * it has to go because of its data */
bool session_is_meant(const struct session_job *job,
		      const struct session_users *u, const struct session *e,
		      bool *stale);

#endif
