/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP check: does the address accept a connection? */
#ifndef HEALTHCHECK_TCP_H
#define HEALTHCHECK_TCP_H

#include <ev.h>
#include <stdbool.h>

struct check;
struct hc_job;
struct spec;

/* What a running TCP check needs; lives inside struct check. */
struct tcp_check {
	struct ev_io io; /* its descriptor is the socket */
	const struct hc_job *job;
	bool connected;
};

/* Rows of the table in checks.c: see struct check_ops. */
const char *tcp_prepare(struct spec *s, struct ev_loop *loop);
void tcp_release(struct spec *s);
int tcp_start(struct check *c, const struct hc_job *job);
int tcp_look(struct check *c);
void tcp_cancel(struct check *c);

#endif
