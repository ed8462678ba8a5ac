/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of it, in as many calls as that takes. Descriptors that wait. */
#ifndef NFTLB_LIB_FD_H
#define NFTLB_LIB_FD_H

#include <stddef.h>
#include <sys/types.h>

/** fd_write_all() - 0, or -errno: some of it may be written then */
int fd_write_all(int fd, const void *data, size_t len);

/** fd_read_all() - up to @size bytes; how many there were, or -errno */
ssize_t fd_read_all(int fd, void *data, size_t size);

#endif
