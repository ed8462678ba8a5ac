/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The families of metrics: one table, and what the functions in it are given.
 * They read, and write samples; heads are written by who walks the table.
 */
#ifndef NFTLB_METRICS_FAMILIES_H
#define NFTLB_METRICS_FAMILIES_H

#include "control/counts.h"
#include "daemon/counters_totals.h"
#include "daemon/daemon.h"
#include "lib/exposition.h"

/* One scrape. */
struct collect {
	struct expo e;
	const struct daemon *d;
	const struct counts *counts; /* of connections; may be out of date */
	/* of the service at hand */
	const struct totals_service *totals;
	size_t place;       /* of that in all of them */
	size_t total[2];    /* places in them of what is asked for next: of what
			     * went in, and out */
	const char *labels; /* of its backends: labels_next() */
};

struct metric_family {
	const char *name;
	enum expo_type type;
	const char *labels; /* "service,state"; "" = none */
	const char *help;
	/* one of them: called once, or for each service, whose label is set */
	void (*daemon)(struct collect *c);
	void (*service)(struct collect *c, const struct service *s);
};

/** service_totals() - what was counted of @s; quick, for they come in order */
const struct totals_service *service_totals(struct collect *c,
					    const struct service *s);

extern const struct metric_family metric_families[];
extern const size_t metric_nfamilies;

/* of_daemon.c */
void collect_build_info(struct collect *c);
void collect_start_time(struct collect *c);
void collect_healthy(struct collect *c);
void collect_revision(struct collect *c);
void collect_reload_good(struct collect *c);
void collect_reload_time(struct collect *c);
void collect_reloads(struct collect *c);
void collect_flushed(struct collect *c);
void collect_commits(struct collect *c);
void collect_commit_good(struct collect *c);
void collect_commit_time(struct collect *c);
void collect_failovers(struct collect *c);
void collect_slots_moved(struct collect *c);
void collect_resyncs(struct collect *c);
void collect_events(struct collect *c);
void collect_flows_cut(struct collect *c);
void collect_full_sets(struct collect *c);
void collect_tracked(struct collect *c);
void collect_tracking_events(struct collect *c);
void collect_tracking_lost(struct collect *c);
void collect_tracking_dumps(struct collect *c);

/* of_probers.c */
void collect_prober_up(struct collect *c);
void collect_prober_restarts(struct collect *c);
void collect_prober_jobs(struct collect *c);
void collect_probes(struct collect *c);
void collect_probe_failures(struct collect *c);
void collect_probes_unjudged(struct collect *c);
void collect_lateness(struct collect *c);
void collect_stalls(struct collect *c);
void collect_stalled(struct collect *c);
void collect_hooks(struct collect *c);
void collect_hooks_pending(struct collect *c);

/* of_process.c */
void collect_cpu(struct collect *c);
void collect_resident(struct collect *c);
void collect_virtual(struct collect *c);
void collect_open_fds(struct collect *c);
void collect_max_fds(struct collect *c);

/* of_services.c */
void collect_service_info(struct collect *c, const struct service *s);
void collect_service_state(struct collect *c, const struct service *s);
void collect_panic(struct collect *c, const struct service *s);
void collect_quorum_lost(struct collect *c, const struct service *s);
void collect_backups(struct collect *c, const struct service *s);
void collect_packets(struct collect *c, const struct service *s);
void collect_bytes(struct collect *c, const struct service *s);
void collect_new_flows(struct collect *c, const struct service *s);
void collect_dropped(struct collect *c, const struct service *s);
void collect_full(struct collect *c, const struct service *s);
void collect_full_packets(struct collect *c, const struct service *s);

/* of_backends.c */
void collect_backend_up(struct collect *c, const struct service *s);
void collect_backend_state(struct collect *c, const struct service *s);
void collect_backend_admin(struct collect *c, const struct service *s);
void collect_weight(struct collect *c, const struct service *s);
void collect_slots(struct collect *c, const struct service *s);
void collect_connections(struct collect *c, const struct service *s);
void collect_max_connections(struct collect *c, const struct service *s);
void collect_backend_packets(struct collect *c, const struct service *s);
void collect_backend_bytes(struct collect *c, const struct service *s);
void collect_backend_new_flows(struct collect *c, const struct service *s);
void collect_check_time(struct collect *c, const struct service *s);
void collect_check_results(struct collect *c, const struct service *s);

#endif
