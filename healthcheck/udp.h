/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP check: a datagram, and what comes back. */
#ifndef HEALTHCHECK_UDP_H
#define HEALTHCHECK_UDP_H

#include <ev.h>

struct check;
struct hc_job;
struct spec;

/* What a running UDP check needs; lives inside struct check. */
struct udp_check {
	struct ev_io io; /* its descriptor is the socket */
};

/* Rows of the table in checks.c: see struct check_ops. */
const char *udp_prepare(struct spec *s, struct ev_loop *loop);
void udp_release(struct spec *s);
int udp_start(struct check *c, const struct hc_job *job);
int udp_look(struct check *c);
int udp_expire(struct check *c);
void udp_cancel(struct check *c);

#endif
