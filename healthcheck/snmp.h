/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SNMP check: is the value of an object within its bounds? */
#ifndef HEALTHCHECK_SNMP_H
#define HEALTHCHECK_SNMP_H

#include <ev.h>

struct check;
struct hc_job;
struct spec;

/* Rows of the table in checks.c: see struct check_ops. */
int snmp_start(struct check *c, const struct hc_job *job);
int snmp_look(struct check *c);
int snmp_expire(struct check *c);
void snmp_cancel(struct check *c);
const char *snmp_prepare(struct spec *s, struct ev_loop *loop);
void snmp_release(struct spec *s);

#endif
