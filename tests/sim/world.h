/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the simulator share; nobody else includes this. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "healthcheck/cpu_usage.h"
#include "rulesets/slots.h"
#include "tests/sim/agenda.h"
#include "tests/sim/dice.h"
#include "tests/sim/sim.h"

#define SECOND_US 1000000
#define NOBODY    UINT32_MAX

enum kind {
	EVENT_ARRIVAL, /* open: the next by chance; of a gateway */
	EVENT_USER,    /* a user has thought enough */
	EVENT_DONE,    /* a worker has done a request */
	EVENT_CHECK,
	EVENT_CHECK_LATE,
	EVENT_FEED,
	EVENT_SAMPLE, /* gets to the gateway: value, thing = signal */
	EVENT_TICK,
	EVENT_SECOND,
	EVENT_HAPPENS
};

struct request {
	int64_t came_us;
	double work_us;
	uint32_t next; /* in the queue, or of those that are free */
	uint32_t user; /* NOBODY: none waits for it in order to go on */
	uint16_t backend;
	uint8_t gateway;
	bool check;
};

struct backend {
	uint32_t workers;
	double slow; /* service times are so many times as long */
	uint32_t busy, queued, head, tail;
	uint32_t connections[SIM_GATEWAYS_MAX];
	double worked_us; /* of all workers, until worked_at_us */
	int64_t worked_at_us;
	double second_us; /* worked_us when the second began */
};

/* A gateway's knowledge of a backend. */
struct reporter {
	int64_t checked_us;
	bool waits;             /* for the answer to that check */
	struct cpu_ticks ticks; /* when the feed was asked last */
	bool looked;            /* it was */
	double said;
	enum sim_agent agent;
};

struct gateway {
	struct weights *weights; /* NULL: static */
	struct weights_conf conf;
	int feed; /* its signal; -1 = none */
	struct rs_service svc;
	struct rs_backend *backends;
	struct weights_view *views;
	struct reporter *reporters;
	uint16_t *owner, *before;
	uint32_t m, round; /* the slots, and the counter of numgen */
};

struct world {
	const struct sim_scenario *s;
	enum sim_scheduler scheduler;
	int64_t now_us, warm_us, end_us;
	struct agenda agenda;
	struct dice clients, works, checks, lies;
	struct backend *backends;
	size_t ngateways;
	struct gateway gateways[SIM_GATEWAYS_MAX];
	struct request *requests;
	size_t nrequests, caprequests;
	uint32_t unused;   /* requests: the first that is free */
	double capacity;   /* requests a second that all can do */
	double rate;       /* open: requests a second */
	uint32_t arrivals; /* the rate is another one since: older arrivals do
			    * not count */
	uint32_t nusers, active;
	bool *asleep; /* users who do nothing */
	struct sim_run *run;
};

/** plan() - @e happens in so many seconds */
void plan(struct world *w, double in_s, struct event e);

/* clients.c */
void clients_open(struct world *w);
void clients_close(struct world *w);
void clients_load(struct world *w, double load);
void client_arrival(struct world *w, const struct event *e);
void client_user(struct world *w, const struct event *e);
void client_answered(struct world *w, uint32_t user);

/** weight_of() - of backend @i, as configured */
uint32_t weight_of(const struct sim_scenario *s, size_t i);

/* backends.c */
void backends_open(struct world *w);
void backends_close(struct world *w);
/** backend_take() - NOBODY, and the request is gone, where it is full */
uint32_t backend_take(struct world *w, struct request r);
void backend_done(struct world *w, const struct event *e);
/** backend_worked() - worker time until now */
double backend_worked(struct world *w, struct backend *b);

/* gateways.c */
void gateways_open(struct world *w);
void gateways_close(struct world *w);
/** gateway_weight() - what a backend weighs at the moment */
double gateway_weight(const struct gateway *g, size_t backend);
/** gateway_choose() - the backend of a new request */
uint16_t gateway_choose(struct world *w, size_t gateway);
void gateway_tick(struct world *w, const struct event *e);

/* samples.c */
void samples_open(struct world *w, size_t gateway);
void sample_check(struct world *w, const struct event *e);
void sample_check_late(struct world *w, const struct event *e);
void sample_answered(struct world *w, const struct request *r);
void sample_feed(struct world *w, const struct event *e);
void sample_arrives(struct world *w, const struct event *e);

#endif
