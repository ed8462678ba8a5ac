/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: HTTP and JSON (libmicrohttpd in external-epoll mode
 * inside the daemon's libev loop) on a UNIX socket. Peers are checked by file
 * mode and SO_PEERCRED. Routes are one table (control/routes.c).
 */
#ifndef NFTLB_CONTROL_CONTROL_H
#define NFTLB_CONTROL_CONTROL_H

#include "daemon/daemon.h"
#include "http/peer.h"

/**
 * control_open() - listen on d->model->conf->control_socket
 * A stale socket file is replaced; a live one (another daemon answers) is
 * -EADDRINUSE. Mode 0600, or 0660 and control-group's gid where one is set.
 */
int control_open(struct control **out, struct daemon *d, struct err *err);
void control_close(struct control *c);

/**
 * control_remote_open() - serve the same to those who come over the network
 * control_remote_take() - one more connection, @fd, which is taken; see
 * http_take(). control_remote_end() - end some; see http_end()
 */
struct remote;
int control_remote_open(struct control *c, struct remote **out,
			struct err *err);
void control_remote_take(struct remote *r, int fd, const struct peer *peer);
void control_remote_end(struct remote *r,
			bool (*which)(const struct peer *, void *arg),
			void *arg);
/** control_remote_close() - @r: may be NULL */
void control_remote_close(struct remote *r);

/** control_event() - an event was added: tell who follows them */
void control_event(struct control *c);

/** counting_close() - forget the connections that were counted for those who
 * asked; @c may be NULL. After flows_close(). */
struct counting;
void counting_close(struct counting *c);

#endif
