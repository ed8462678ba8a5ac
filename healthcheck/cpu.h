/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cpu feed: how much of its CPUs a host uses, by SNMP. */
#ifndef HEALTHCHECK_CPU_H
#define HEALTHCHECK_CPU_H

#include <ev.h>

struct check;
struct hc_job;
struct spec;

/* Rows of the table in checks.c: see struct check_ops. The others are those of
 * snmp.h. */
int cpu_start(struct check *c, const struct hc_job *job);
void cpu_cancel(struct check *c);
const char *cpu_prepare(struct spec *s, struct ev_loop *loop);

#endif
