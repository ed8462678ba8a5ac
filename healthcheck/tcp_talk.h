/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP check that says something, listens, or shakes hands (TLS). */
#ifndef HEALTHCHECK_TCP_TALK_H
#define HEALTHCHECK_TCP_TALK_H

struct check;
struct hc_job;
struct spec;

/** tcp_prepare() - for check_ops: no plan where a connection is all */
const char *tcp_prepare(struct spec *s, struct ev_loop *loop);
void tcp_release(struct spec *s);

/**
 * tcp_talk_start() - for tcp_start(): the spec has a plan
 * From here on the check has rows of its own in place of tcp_look() and
 * tcp_cancel().
 */
int tcp_talk_start(struct check *c, const struct hc_job *job);

#endif
