/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of persistent clients that have to go: those of backends that are not
 * sticky any more, and those that somebody asked to forget.
 */
#ifndef NFTLB_DAEMON_SESSIONS_H
#define NFTLB_DAEMON_SESSIONS_H

#include "daemon/daemon.h"

struct sessions;

struct sessions *sessions_open(struct daemon *d);
void sessions_close(struct sessions *s);

/** sessions_scanned() - HAVE was just read; the first time it tells who was
 * sticky before we came */
void sessions_scanned(struct sessions *s);
/** sessions_committed() - the kernel has @svc as the model has it */
void sessions_committed(struct sessions *s, struct service *svc);

/**
 * command_sessions_forget() - the operator's word
 * @client: NULL = all of the service (of its group's)
 * Return: 0; -ENOENT no such service, or no entry of that client; -EINVAL no
 * such kind of client, or the service has no persistence.
 */
int command_sessions_forget(struct daemon *d, const struct author *who,
			    const char *service, const char *client,
			    struct err *err);

#endif
