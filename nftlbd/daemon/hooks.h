/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts that are called for events (on-change): what waits to be run, and
 * what runs. Plain data; who runs them is the scripts' prober.
 */
#ifndef NFTLB_DAEMON_HOOKS_H
#define NFTLB_DAEMON_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/health_jobs.h"
#include "model/events.h"

#define HOOKS_MAX        1000 /* waiting and running; more are dropped */
#define HOOKS_AT_ONCE    8
#define HOOKS_TIMEOUT_MS 30000

struct hook;

struct hooks {
	struct hook *list; /* oldest first */
	size_t n, cap;
	size_t running;
	uint32_t last_id;
	uint64_t done, failed, dropped; /* since start */
	uint64_t unsaid;                /* failures since one was logged */
	double said;                    /* when; 0 = never */
};

/** hooks_kind() - is a hook called for events of this kind? */
bool hooks_kind(const char *kind);

/**
 * hooks_add() - run @script for @e
 * Hooks of one service run one after the other, in the order of their events.
 * @now_s: of any steady clock, for the log: a failure is one line, and not more
 * than one in ten seconds
 */
void hooks_add(struct hooks *h, const char *script, const struct event *e,
	       double now_s);

/** hooks_packet() - the next run that may begin; its length, 0 = none.
 * hooks_sent(): it has gone. */
size_t hooks_packet(const struct hooks *h, struct health_packet *p);
void hooks_sent(struct hooks *h, const struct health_packet *p);

/** hooks_ran() - one is over */
void hooks_ran(struct hooks *h, const struct hc_ran *ran, double now_s);
/** hooks_lost() - who ran them is gone: those that ran are not run again */
void hooks_lost(struct hooks *h, double now_s);
/** hooks_forget() - there are no hooks any more; the counts stay */
void hooks_forget(struct hooks *h);

void hooks_free(struct hooks *h);

#endif
