/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a UNIX socket, and may he give commands? */
#ifndef NFTLB_HTTP_PEER_H
#define NFTLB_HTTP_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define GID_NONE ((gid_t)-1)

struct peer {
	uid_t uid;
	pid_t pid;
	bool allowed;      /* may use the socket */
	bool owner;        /* root or our own user */
	bool reader;       /* may look, not change */
	bool stranger;     /* said no token: open paths only */
	const char *token; /* name of the one that was said; NULL = none. The
			    * server's */
};

/**
 * peer_read() - the peer of the connected socket @fd, as the kernel noted it
 * when it connected (SO_PEERCRED, SO_PEERGROUPS): no name service is asked.
 * @group: members are allowed; GID_NONE = none are. A peer that cannot be read
 * is not allowed.
 */
void peer_read(int fd, gid_t group, struct peer *peer);

#endif
