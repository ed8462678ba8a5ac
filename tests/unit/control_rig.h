/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A control socket that is real but for the commands: configuration, model,
 * rule set in a network namespace, conntrack, HTTP server. Commands are noted
 * and change the model only.
 */
#ifndef TESTS_UNIT_CONTROL_RIG_H
#define TESTS_UNIT_CONTROL_RIG_H

#include <jansson.h>
#include <stdbool.h>

#include "control/control.h"
#include "daemon/daemon.h"
#include "daemon/health_feeds.h"

#define RIG_TIMEOUT_S 90.

struct control_rig {
	struct daemon d; /* first */
	char dir[64], conf_path[96], socket[96];
	char said[256];      /* the last command, in words */
	int refuse;          /* what the next command returns */
	unsigned int nplans; /* daemon_plan() and daemon_diff() calls */
	uint64_t tracked;    /* connections of each service's first backend, one
			      * more of each other; 0 = none are tracked */
	const char *untracked;   /* a service that is not; "" = all are */
	struct health_feed feed; /* of all feeds; last_ms == 0 = none */
};

/** rig_said() - a stand-in was called: remember it, or refuse as the test wants
 */
int rig_said(struct daemon *d, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** control_rig_open() - serve @text, what follows [global] */
struct control_rig *control_rig_open(const char *text);
void control_rig_close(struct control_rig *rig);
/** control_rig_replace() - another model, as after a reload */
void control_rig_replace(struct control_rig *rig, const char *text);

/* A client that never blocks: the server runs in the same loop. */
struct client {
	int fd;
	ev_io readable;
	struct buf got;
	bool closed; /* by the server */
	struct control_rig *rig;
};

void client_open(struct client *c, struct control_rig *rig);
void client_close(struct client *c);
/** client_send() - all of it, running the loop where the socket is full */
void client_send(struct client *c, const void *data, size_t len);
/** client_wait() - run the loop until the server has closed */
void client_wait(struct client *c);
/** rig_until() - run the loop until @done says so; fails after the time-out */
void rig_until(struct control_rig *rig, bool (*done)(void *arg), void *arg);

struct exchange {
	int status;
	char *head;   /* status line and headers */
	json_t *json; /* NULL where the body is none */
	char *body;
	size_t len;
};

/** rig_ask() - one request by a client of its own; @body may be NULL */
void rig_ask(struct control_rig *rig, const char *method, const char *path,
	     const char *body, struct exchange *x);
/** exchange_read() - take apart what a server said */
void exchange_read(struct exchange *x, const char *data, size_t len);
void exchange_free(struct exchange *x);

/**
 * rig_refused() - ask, and be refused with this status and these words
 * Asserts the form of RFC 9457 as well.
 */
void rig_refused(struct control_rig *rig, const char *method, const char *path,
		 const char *body, int status, const char *words);
void exchange_is_problem(const struct exchange *x, int status,
			 const char *words);

#endif
