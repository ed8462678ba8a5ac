/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process nftlb-api: started, started again, spoken to. */
#ifndef NFTLB_DAEMON_API_PROCESS_H
#define NFTLB_DAEMON_API_PROCESS_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "api/packet.h"

struct api_process;

struct api_process_ops {
	const char *(*user)(void *arg); /* who it runs as */
	void (*ready)(void *arg); /* it said hello: it can be sent packets */
	/* A packet of a good form; @fd is the receiver's, -1 = none came.
	 * Return: NULL, or what is wrong: it is killed. */
	const char *(*packet)(void *arg, const struct api_packet *p, int fd);
	void (*gone)(void *arg, const char *why); /* it starts again */
};

/** api_process_open() - nothing runs yet; api_process_close() ends it */
struct api_process *api_process_open(struct ev_loop *loop, const char *path,
				     const struct api_process_ops *ops,
				     void *arg);
void api_process_close(struct api_process *p);
/** api_process_want() - from now on it runs, or does not */
void api_process_want(struct api_process *p, bool wanted);
bool api_process_ready(const struct api_process *p);
/** api_process_send() - see api_packet_send(); one that does not read is killed
 */
void api_process_send(struct api_process *p, const struct api_packet *packet,
		      const int *fds, size_t nfds);

#endif
