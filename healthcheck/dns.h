/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS check: does the name server answer this question as expected? */
#ifndef HEALTHCHECK_DNS_H
#define HEALTHCHECK_DNS_H

#include <ev.h>

struct check;
struct hc_job;
struct spec;

/* Rows of the table in checks.c: see struct check_ops. */
const char *dns_prepare(struct spec *s, struct ev_loop *loop);
void dns_release(struct spec *s);
int dns_start(struct check *c, const struct hc_job *job);
int dns_look(struct check *c);
void dns_cancel(struct check *c);

#endif
