/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP check that says something, listens, or shakes hands (TLS). */
#ifndef HEALTHCHECK_TCP_TALK_H
#define HEALTHCHECK_TCP_TALK_H

struct check;
struct hc_job;
struct hc_spec;
struct tcp_talk;

/**
 * tcp_talk_prepare() - what all talks of a spec share
 * @talk: tcp_talk_release() it; NULL where a connection is all
 * Return: NULL, or what is wrong with the spec.
 */
const char *tcp_talk_prepare(const struct hc_spec *spec,
			     struct tcp_talk **talk);
void tcp_talk_release(struct tcp_talk *talk);

/**
 * tcp_talk_start() - in place of tcp_start()
 * From here on the check has rows of its own for tcp_look() and tcp_cancel().
 */
int tcp_talk_start(struct check *c, const struct hc_job *job,
		   const struct tcp_talk *talk);

#endif
