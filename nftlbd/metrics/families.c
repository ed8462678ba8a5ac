/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All metrics: a new one is a row here and a function, and a row in nftlbd(8),
 * which a test compares with this.
 *
 * Names, labels and what they mean do not change: dashboards, rules and people
 * rely on them.
 */
#include "metrics/families.h"

#define D(fn) .daemon = (fn)
#define S(fn) .service = (fn)

const struct metric_family metric_families[] = {
	/* ---- the daemon */
	{ "nftlb_build_info", EXPO_GAUGE, "version",
	  "Which program this is; always 1.", D(collect_build_info) },
	{ "nftlb_start_time_seconds", EXPO_GAUGE, "",
	  "When the daemon was started, Unix time.", D(collect_start_time) },
	{ "nftlb_healthy", EXPO_GAUGE, "",
	  "Does GET /healthz find nothing wrong with the daemon?",
	  D(collect_healthy) },
	{ "nftlb_events_total", EXPO_COUNTER, "",
	  "State changes, as nftlbctl show events lists them.",
	  D(collect_events) },

	/* ---- configuration */
	{ "nftlb_config_revision", EXPO_GAUGE, "",
	  "Number of the configuration in use.", D(collect_revision) },
	{ "nftlb_config_last_reload_successful", EXPO_GAUGE, "",
	  "Was the last configuration taken?", D(collect_reload_good) },
	{ "nftlb_config_last_reload_success_timestamp_seconds", EXPO_GAUGE, "",
	  "When a configuration was last taken, Unix time.",
	  D(collect_reload_time) },
	{ "nftlb_config_reloads_total", EXPO_COUNTER, "result",
	  "Configurations offered after the start: ok or refused.",
	  D(collect_reloads) },

	/* ---- the kernel */
	{ "nftlb_commits_total", EXPO_COUNTER, "result",
	  "Transactions of nf_tables: ok or refused.", D(collect_commits) },
	{ "nftlb_commit_duration_seconds", EXPO_HISTOGRAM, "",
	  "How long the kernel took for those that it took.",
	  D(collect_commit_time) },
	{ "nftlb_commit_last_successful", EXPO_GAUGE, "",
	  "Does the kernel hold what was committed last? 0: refused, and tried "
	  "again.",
	  D(collect_commit_good) },
	{ "nftlb_failover_duration_seconds", EXPO_HISTOGRAM, "",
	  "From the end of the probe that took a backend down to the end of "
	  "the commit.",
	  D(collect_failovers) },
	{ "nftlb_slots_moved_total", EXPO_COUNTER, "",
	  "Slots that commits gave to another backend.",
	  D(collect_slots_moved) },
	{ "nftlb_resyncs_total", EXPO_COUNTER, "reason",
	  "Times that the kernel was read and all of it committed: start, "
	  "foreign (somebody else changed our tables), refused (a commit was), "
	  "operator, interface (one came or went).",
	  D(collect_resyncs) },
	{ "nftlb_flushed", EXPO_GAUGE, "",
	  "Are our tables away, because flush was said?", D(collect_flushed) },
	{ "nftlb_flows_cut_total", EXPO_COUNTER, "",
	  "Entries of conntrack deleted: their backend was gone.",
	  D(collect_flows_cut) },
	{ "nftlb_full_sets", EXPO_GAUGE, "",
	  "Bounded sets of services that are full.", D(collect_full_sets) },
	{ "nftlb_tracked_connections", EXPO_GAUGE, "",
	  "Connections that least-connections keeps track of.",
	  D(collect_tracked) },
	{ "nftlb_tracking_events_total", EXPO_COUNTER, "",
	  "Messages of conntrack that were read for that.",
	  D(collect_tracking_events) },
	{ "nftlb_tracking_lost_total", EXPO_COUNTER, "",
	  "Times that some of them were lost.", D(collect_tracking_lost) },
	{ "nftlb_tracking_dumps_total", EXPO_COUNTER, "",
	  "Readings of the whole of conntrack for that.",
	  D(collect_tracking_dumps) },

	/* ---- services */
	{ "nftlb_service_info", EXPO_GAUGE, "service,mode,scheduler,pool",
	  "What a service is; always 1.", S(collect_service_info) },
	{ "nftlb_service_state", EXPO_GAUGE, "service,state",
	  "1 for the state that it is in, of up, degraded, down and disabled; "
	  "0 for the others.",
	  S(collect_service_state) },
	{ "nftlb_service_panic", EXPO_GAUGE, "service",
	  "Are so few backends usable that health is not looked at?",
	  S(collect_panic) },
	{ "nftlb_service_quorum_lost", EXPO_GAUGE, "service",
	  "Do the usable backends weigh less than quorum?",
	  S(collect_quorum_lost) },
	{ "nftlb_service_backups_active", EXPO_GAUGE, "service",
	  "Do backups serve?", S(collect_backups) },
	{ "nftlb_service_packets_total", EXPO_COUNTER, "service,direction",
	  "Packets to (in) and from (out) its backends. Only of services with "
	  "counters = yes, as all that follows with packets, bytes or flows.",
	  S(collect_packets) },
	{ "nftlb_service_bytes_total", EXPO_COUNTER, "service,direction",
	  "Their bytes, with IP headers.", S(collect_bytes) },
	{ "nftlb_service_new_flows_total", EXPO_COUNTER, "service",
	  "New flows that were given a backend.", S(collect_new_flows) },
	{ "nftlb_service_dropped_packets_total", EXPO_COUNTER, "service,reason",
	  "Packets that were not let in: refused (no backend was usable), "
	  "limited, denied (by a list).",
	  S(collect_dropped) },
	{ "nftlb_service_full", EXPO_GAUGE, "service,set",
	  "Is a bounded set of it full: sessions, new, connections, flows? And "
	  "flood: are there more new flows than syn-limit? Only of services "
	  "that have it.",
	  S(collect_full) },
	{ "nftlb_service_full_packets_total", EXPO_COUNTER, "service,set",
	  "Packets that found it full.", S(collect_full_packets) },

	/* ---- backends */
	{ "nftlb_backend_up", EXPO_GAUGE, "service,backend",
	  "Do its checks find it up? 0 also while nothing is known. Without "
	  "checks it is.",
	  S(collect_backend_up) },
	{ "nftlb_backend_state", EXPO_GAUGE, "service,backend,state",
	  "1 for the state that it is in: active, full, standby, drain, down "
	  "or disabled. The other states have no sample.",
	  S(collect_backend_state) },
	{ "nftlb_backend_admin", EXPO_GAUGE, "service,backend,admin",
	  "1 where the operator said drain or disabled; else there is no "
	  "sample.",
	  S(collect_backend_admin) },
	{ "nftlb_backend_weight", EXPO_GAUGE, "service,backend,kind",
	  "configured, set (by the operator, where he did), dynamic (a factor; "
	  "only where the scheduler follows the load), effective (what it "
	  "serves with).",
	  S(collect_weight) },
	{ "nftlb_backend_slots", EXPO_GAUGE, "service,backend",
	  "Slots that it owns in the kernel; over the sum of its service, its "
	  "share of new flows.",
	  S(collect_slots) },
	{ "nftlb_backend_connections", EXPO_GAUGE, "service,backend",
	  "Established connections, and flows of UDP, by conntrack. Not of "
	  "modes that track nothing.",
	  S(collect_connections) },
	{ "nftlb_backend_max_connections", EXPO_GAUGE, "service,backend",
	  "Its max-connections, where it has one.",
	  S(collect_max_connections) },
	{ "nftlb_backend_packets_total", EXPO_COUNTER,
	  "service,backend,direction", "Packets to (in) and from (out) it.",
	  S(collect_backend_packets) },
	{ "nftlb_backend_bytes_total", EXPO_COUNTER,
	  "service,backend,direction", "Their bytes, with IP headers.",
	  S(collect_backend_bytes) },
	{ "nftlb_backend_new_flows_total", EXPO_COUNTER, "service,backend",
	  "New flows that it was given.", S(collect_backend_new_flows) },

	/* ---- checks */
	{ "nftlb_check_duration_seconds", EXPO_HISTOGRAM,
	  "service,backend,check,type",
	  "How long its probes took; those that failed as well: up to 1, 10, "
	  "100 ms, 1 s, and more.",
	  S(collect_check_time) },
	{ "nftlb_check_results_total", EXPO_COUNTER,
	  "service,backend,check,type,result",
	  "How they ended: success or failure.", S(collect_check_results) },

	/* ---- the probers */
	{ "nftlb_prober_up", EXPO_GAUGE, "prober",
	  "Does this prober run? network; scripts where it is needed.",
	  D(collect_prober_up) },
	{ "nftlb_prober_restarts_total", EXPO_COUNTER, "prober",
	  "Times that it was started again.", D(collect_prober_restarts) },
	{ "nftlb_prober_jobs", EXPO_GAUGE, "prober",
	  "Different probes that it repeats.", D(collect_prober_jobs) },
	{ "nftlb_probes_total", EXPO_COUNTER, "prober", "Probes that it began.",
	  D(collect_probes) },
	{ "nftlb_probe_failures_total", EXPO_COUNTER, "reason",
	  "Probes that failed, of checks and feeds: timeout, refused, ...",
	  D(collect_probe_failures) },
	{ "nftlb_probes_unjudged_total", EXPO_COUNTER, "prober,reason",
	  "Probes that say nothing of a backend: late (ours was the fault), "
	  "local (this machine lacked something), ignored.",
	  D(collect_probes_unjudged) },
	{ "nftlb_probe_lateness_seconds", EXPO_HISTOGRAM, "prober",
	  "How much later than planned probes began; without a sum.",
	  D(collect_lateness) },
	{ "nftlb_prober_stalls_total", EXPO_COUNTER, "prober",
	  "Times that it did not get the processor when it should.",
	  D(collect_stalls) },
	{ "nftlb_prober_stalled_seconds_total", EXPO_COUNTER, "prober",
	  "All of them together.", D(collect_stalled) },
	{ "nftlb_hooks_total", EXPO_COUNTER, "result",
	  "Runs of on-change scripts: done, failed or dropped.",
	  D(collect_hooks) },
	{ "nftlb_hooks_pending", EXPO_GAUGE, "", "Those that run or wait.",
	  D(collect_hooks_pending) },

	/* ---- the process, by the names that all programs use */
	{ "process_cpu_seconds_total", EXPO_COUNTER, "",
	  "CPU time of the daemon, user and system.", D(collect_cpu) },
	{ "process_resident_memory_bytes", EXPO_GAUGE, "", "Its memory in use.",
	  D(collect_resident) },
	{ "process_virtual_memory_bytes", EXPO_GAUGE, "", "Its address space.",
	  D(collect_virtual) },
	{ "process_open_fds", EXPO_GAUGE, "", "Its open descriptors.",
	  D(collect_open_fds) },
	{ "process_max_fds", EXPO_GAUGE, "", "The most that it may open.",
	  D(collect_max_fds) },
	{ "process_start_time_seconds", EXPO_GAUGE, "",
	  "When it was started, Unix time.", D(collect_start_time) },
};

const size_t metric_nfamilies =
    sizeof(metric_families) / sizeof(metric_families[0]);
