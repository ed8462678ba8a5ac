/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service under load, in virtual time: clients, gateways, backends with
 * queues. The gateways' weights and slot tables are the real ones (weights/,
 * slots.h); what is made up is the world that they live in. A run is a function
 * of scenario, scheduler and seed.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weights/weights.h"

#define SIM_BACKENDS_MAX 200
#define SIM_GATEWAYS_MAX 2
#define SIM_HAPPENS_MAX  24

enum sim_scheduler {
	SIM_ROUND_ROBIN,
	SIM_WEIGHTED,
	SIM_LEAST_CONNECTIONS,
	SIM_LEAST_RESPONSE,
	SIM_LEAST_CPU,
	SIM_IDEAL, /* each request to who has the fewest, as IPVS does it */
	SIM_SCHEDULERS
};
extern const char *const sim_scheduler_names[SIM_SCHEDULERS];

/* What a feed says of a backend. */
enum sim_agent {
	SIM_HONEST,
	SIM_STALE, /* what it said last, for ever */
	SIM_ZERO,
	SIM_ONE,
	SIM_RANDOM,
	SIM_MUTE /* nothing any more */
};

enum sim_what {
	SIM_END,
	SIM_LOAD,  /* of all clients: as the scenario's load */
	SIM_SLOW,  /* a backend takes so many times as long */
	SIM_AGENT, /* enum sim_agent */
};

struct sim_happens {
	double at_s;
	enum sim_what what;
	size_t backend;
	double value;
};

struct sim_scenario {
	const char *name;
	size_t nbackends;
	const uint32_t *weights; /* again and again, until 0; NULL = all 1 */
	const double *speeds;    /* again and again, until 0; NULL = all 1 */
	bool sized;              /* workers of a backend: times its weight */
	uint32_t workers;        /* of each backend */
	uint32_t queue_max;      /* more are refused; 0 = no bound */
	double service_s;        /* mean, at speed 1 */
	double sigma;            /* lognormal; 0 = exponential */
	double load;             /* of what all backends can do together */
	double think_s;          /* mean; users that wait for their answers. 0 =
				  * arrivals by chance, whatever happens */
	double seconds;
	size_t gateways;   /* 0 = 1 */
	double delay_s;    /* of samples */
	double timeout_s;  /* of checks; 0 = 1 s */
	uint32_t check_ms; /* interval of checks; 0 = 1000 */
	double check_s;    /* the work of a check; 0 = service_s */
	uint32_t pile;     /* requests that backend 0 has at the beginning */
	uint32_t counted;  /* where CPU counters begin; they wrap */
	bool feed;         /* the cpu feed beside what the scheduler has */
	struct sim_happens happens[SIM_HAPPENS_MAX]; /* in order */
};

/* Of a backend, in one second. */
struct sim_second {
	float share; /* of new requests, by its weight */
	float slots; /* part of the slots */
	float busy;  /* workers: 0..1 */
	float queue; /* requests that wait, in parts of the workers */
};

#define SIM_BINS 1600 /* of response times; 1 % each, from 100 us on */

struct sim_run {
	size_t seconds, nbackends;
	struct sim_second *at; /* seconds x nbackends */
	uint64_t times[SIM_BINS];
	uint64_t answers, refused;
	uint64_t moved; /* slots that changed hands, of all gateways */
	double fair[SIM_BACKENDS_MAX]; /* share by configured weight */
	enum weights_why *why;         /* of the first gateway's pool */
};

/** sim_run() - the caller frees with sim_free(); times of answers count from
 * @warm_s on */
struct sim_run *sim_run(const struct sim_scenario *s,
			enum sim_scheduler scheduler, uint64_t seed,
			double warm_s);
void sim_free(struct sim_run *r);

/** sim_bin() - which of the bins a time belongs to */
size_t sim_bin(double s);

#endif
