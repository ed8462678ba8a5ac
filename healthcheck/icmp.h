/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ICMP check: does the address answer an echo request? */
#ifndef HEALTHCHECK_ICMP_H
#define HEALTHCHECK_ICMP_H

#include <ev.h>
#include <stdint.h>

#include "lib/addr.h"

struct check;
struct hc_job;
struct icmp;
struct spec;

/* What a running ICMP check needs; lives inside struct check. */
struct icmp_check {
	struct icmp *icmp; /* NULL = has no slot */
	uint32_t slot;
	int reason;
	struct addr to;
	uint64_t cookie;
};

/* Rows of the table in checks.c: see struct check_ops. */
const char *icmp_prepare(struct spec *s, struct ev_loop *loop);
void icmp_release(struct spec *s);
int icmp_start(struct check *c, const struct hc_job *job);
int icmp_look(struct check *c);
void icmp_cancel(struct check *c);

#endif
