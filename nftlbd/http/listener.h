/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that listens: a file made, guarded, removed; or TCP. */
#ifndef NFTLB_HTTP_LISTENER_H
#define NFTLB_HTTP_LISTENER_H

#include <sys/types.h>

#include "lib/addr.h"
#include "lib/err.h"

struct listener {
	char *path;  /* NULL = not open, or TCP */
	int fd;      /* listening, non-blocking, close-on-exec */
	gid_t group; /* GID_NONE = only root */
	dev_t dev;   /* which file is ours */
	ino_t ino;
};

/**
 * listener_open() - listen on @path
 * @group: name of the group that may connect (mode 0660), NULL = 0600
 * A socket file that nobody serves is replaced.
 * Return: 0; -EADDRINUSE a daemon answers there; -EEXIST something else than a
 * socket is there; -ENOENT no such group; other -errno; words in @err.
 */
int listener_open(struct listener *l, const char *path, const char *group,
		  struct err *err);

/** listener_open_tcp() - listen on @addr and @port; 0 or -errno with words */
int listener_open_tcp(struct listener *l, const struct addr *addr,
		      uint16_t port, struct err *err);

/** listener_remove() - remove the file if it is still ours; @fd is not closed
 */
void listener_remove(struct listener *l);

#endif
