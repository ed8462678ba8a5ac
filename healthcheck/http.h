/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP and HTTPS checks: one request, its status, its body. */
#ifndef HEALTHCHECK_HTTP_H
#define HEALTHCHECK_HTTP_H

#include <ev.h>

struct check;
struct hc_job;
struct spec;

/* Rows of the table in checks.c: see struct check_ops. */
const char *http_prepare(struct spec *s, struct ev_loop *loop);
void http_release(struct spec *s);
int http_start(struct check *c, const struct hc_job *job);
int http_look(struct check *c);
void http_cancel(struct check *c);

#endif
