/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent check: the backend says itself how it is. */
#ifndef HEALTHCHECK_AGENT_H
#define HEALTHCHECK_AGENT_H

struct check;
struct ev_loop;
struct hc_job;
struct spec;

/* Rows of the table in checks.c: see struct check_ops. */
const char *agent_prepare(struct spec *s, struct ev_loop *loop);
void agent_release(struct spec *s);
int agent_start(struct check *c, const struct hc_job *job);
int agent_look(struct check *c);
int agent_expire(struct check *c);
void agent_cancel(struct check *c);

#endif
