/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has to be asked for before a scrape is answered: counters,
 * and connections. All scrapes share one reading.
 */
#ifndef NFTLB_METRICS_READINGS_H
#define NFTLB_METRICS_READINGS_H

#include "daemon/daemon.h"

struct readings;
struct request;
struct counts;

/**
 * readings_get() - @done when there is a reading for @rq
 * One that is a second old is good enough. Where a reading takes long (a great
 * many counters or connections), one that began after the scrape before is:
 * nobody waits for it, but the first.
 * @done: as of counts_start(); at once, or later with @rq resumed
 */
void readings_get(struct request *rq,
		  void (*done)(struct request *rq, struct counts *c));

/** readings_next() - an answer has gone: begin the next one, where that takes
 * long */
void readings_next(struct daemon *d);

/** readings_close() - when nothing is read any more; @r may be NULL */
void readings_close(struct readings *r);

#endif
