/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers of a UNIX socket. The mode of the socket's file keeps strangers
 * out; this is the second lock, and the author's name for log and events.
 *
 * Invariant: only what the kernel says is believed, and nothing blocks.
 * Must not know: HTTP, what is asked for.
 */
#include "http/peer.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/xalloc.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

static bool peer_in_group(int fd, gid_t group)
{
	socklen_t len = 0;
	gid_t *list;
	bool found = false;

	/* With too little room the kernel says how much it needs. */
	getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len);
	if (len == 0)
		return false;
	list = xmalloc(len);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len) == 0) {
		for (size_t i = 0; i < len / sizeof(*list); i++)
			found = found || list[i] == group;
	}
	free(list);
	return found;
}

void peer_read(int fd, gid_t group, struct peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	*peer = (struct peer){ .uid = (uid_t)-1 };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return;
	peer->uid = cred.uid;
	peer->pid = cred.pid;
	peer->owner = cred.uid == 0 || cred.uid == geteuid();
	peer->allowed =
	    peer->owner || (group != GID_NONE &&
			    (cred.gid == group || peer_in_group(fd, group)));
}
