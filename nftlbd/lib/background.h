/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Into the background, and telling whoever started us that we serve. */
#ifndef NFTLB_LIB_BACKGROUND_H
#define NFTLB_LIB_BACKGROUND_H

/** background_fork() - fork; the parent waits until the child serves, and exits
 * as it says. Return: what background_ready() takes; -1: no child. */
int background_fork(void);

/** background_ready() - tell systemd, and the parent if @fd is not -1 */
void background_ready(int fd);

#endif
