# unit tests (make check) and the tools of the lab

# what the lab runs: scripts, not built
EXTRA_DIST += tests/sh/deps.sh tests/sh/build.sh tests/sh/fuzz.sh tests/sh/vm.sh \
	tests/sh/check.sh tests/vm/init.sh tests/vm/smoke.sh tests/vm/suite.sh \
	tests/packaging/install.sh tests/style/style.py

EXTRA_DIST += tests/lab/peer.py tests/lab/pki.py tests/lab/peers.py \
	tests/lab/test_check_tcp.py tests/lab/test_check_udp.py \
	tests/lab/test_check_agent.py
EXTRA_DIST += tests/lab/helped.py tests/lab/helper_client.py \
	tests/lab/sip_uas.xml tests/lab/test_helpers.py \
	tests/lab/test_marks.py tests/lab/test_priorities.py \
	tests/bench/bindings.py tests/bench/flood.py tests/bench/tunnels.py \
	tests/bench/packets.py \
	tests/bench/rules.py
EXTRA_DIST += tests/lab/badconf.py tests/lab/daemon.py tests/lab/demo.py \
	tests/lab/lab.py tests/lab/marks.py tests/lab/probing.py \
	tests/lab/process.py \
	tests/lab/run.py tests/lab/shell.py tests/lab/snmp_peer.py \
	tests/lab/snmp_agent.py tests/lab/test_feeds.py \
	tests/lab/test_balance.py tests/lab/test_check_snmp.py \
	tests/lab/test_check_script.py tests/lab/test_check_file.py \
	tests/lab/test_control.py tests/lab/test_empty.py \
	tests/lab/test_flows.py tests/lab/test_hash.py \
	tests/lab/test_health.py tests/lab/test_kernel.py \
	tests/lab/test_commits.py \
	tests/lab/test_moment.py tests/lab/test_offload.py \
	tests/lab/test_lists.py \
	tests/lab/test_stateless.py tests/lab/test_modes.py tests/lab/test_persist.py tests/lab/test_soak.py \
	tests/lab/crafted.py tests/lab/netns.py tests/lab/sockets.py tests/lab/test_limits.py tests/lab/test_room.py

EXTRA_DIST += tests/lab/bad_dns.py tests/lab/test_check_dns.py \
	tests/lab/bad_icmp.py tests/lab/test_check_icmp.py \
	tests/lab/hostile.py tests/lab/test_hostile.py

# The prober, and the daemon's side of it. TEST_PROBER: the one just built.
prober_rig = tests/unit/prober_rig.c tests/unit/prober_rig.h \
	tests/unit/listener.c tests/unit/listener.h
prober_cppflags = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(srcdir)/tests/unit \
	-DTEST_PROBER=\"$(abs_top_builddir)/nftlb-prober\"
check_PROGRAMS += tests/unit/test_health_fsm tests/unit/test_health_jobs \
	tests/unit/test_prober tests/unit/test_prober_protocol \
	tests/unit/test_prober_net
tests_unit_test_health_fsm_SOURCES = tests/unit/test_health_fsm.c
tests_unit_test_health_fsm_LDADD = libmodel.a libutil.a $(CMOCKA_LIBS)
# the model's steps, on configurations made by hand
model_rig = tests/unit/model_rig.c tests/unit/model_rig.h
load_rig = tests/unit/load_rig.c tests/unit/load_rig.h $(model_rig)
check_PROGRAMS += tests/unit/test_step
tests_unit_test_step_SOURCES = tests/unit/test_step.c $(model_rig)
tests_unit_test_step_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_step_full
tests_unit_test_step_full_SOURCES = tests/unit/test_step_full.c $(model_rig)
tests_unit_test_step_full_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_load tests/unit/test_load_words
tests_unit_test_load_SOURCES = tests/unit/test_load.c $(load_rig)
tests_unit_test_load_LDADD = libmodel.a $(config_libs)
tests_unit_test_load_words_SOURCES = tests/unit/test_load_words.c $(load_rig)
tests_unit_test_load_words_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_history
tests_unit_test_history_SOURCES = tests/unit/test_history.c $(model_rig)
tests_unit_test_history_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_load_ticks
tests_unit_test_load_ticks_SOURCES = tests/unit/test_load_ticks.c \
	nftlbd/daemon/load.c nftlbd/daemon/load.h \
	nftlbd/daemon/load_counts.c nftlbd/daemon/load_counts.h \
	nftlbd/daemon/want.c nftlbd/daemon/want_devices.c nftlbd/daemon/want.h $(model_rig)
tests_unit_test_load_ticks_LDADD = libmodel.a $(config_libs) $(EV_LIBS)
check_PROGRAMS += tests/unit/test_same tests/unit/test_want
tests_unit_test_want_SOURCES = tests/unit/test_want.c $(conf_rig) \
	nftlbd/daemon/want.c nftlbd/daemon/want_devices.c nftlbd/daemon/want.h
tests_unit_test_want_LDADD = libmodel.a $(config_libs)
tests_unit_test_same_SOURCES = tests/unit/test_same.c $(conf_rig)
tests_unit_test_same_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_step_roles
tests_unit_test_step_roles_SOURCES = tests/unit/test_step_roles.c $(model_rig)
tests_unit_test_step_roles_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_step_sticky
tests_unit_test_step_sticky_SOURCES = tests/unit/test_step_sticky.c $(model_rig)
tests_unit_test_step_sticky_LDADD = libmodel.a $(config_libs)
check_PROGRAMS += tests/unit/test_step_random
tests_unit_test_step_random_SOURCES = tests/unit/test_step_random.c \
	tests/unit/step_expect.c tests/unit/step_expect.h \
	tests/unit/step_oracle.c tests/unit/step_oracle.h \
	tests/unit/step_world.c tests/unit/step_world.h \
	nftlbd/daemon/want.c nftlbd/daemon/want_devices.c nftlbd/daemon/want.h $(model_rig)
tests_unit_test_step_random_LDADD = libmodel.a $(config_libs)
jobs_rig = tests/unit/jobs_rig.c tests/unit/jobs_rig.h \
	$(nftlbd_health_tables)
tests_unit_test_health_jobs_SOURCES = tests/unit/test_health_jobs.c $(jobs_rig)
tests_unit_test_health_jobs_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_health_specs tests/unit/test_hooks
tests_unit_test_hooks_SOURCES = tests/unit/test_hooks.c \
	nftlbd/daemon/hooks.c nftlbd/daemon/hooks.h $(nftlbd_health_tables)
tests_unit_test_hooks_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_health_specs_SOURCES = tests/unit/test_health_specs.c \
	$(jobs_rig)
tests_unit_test_health_specs_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_prober_SOURCES = tests/unit/test_prober.c $(prober_rig)
tests_unit_test_prober_CPPFLAGS = $(prober_cppflags)
tests_unit_test_prober_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_prober_protocol_SOURCES = tests/unit/test_prober_protocol.c \
	$(prober_rig)
tests_unit_test_prober_protocol_CPPFLAGS = $(prober_cppflags)
tests_unit_test_prober_protocol_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_prober_net_SOURCES = tests/unit/test_prober_net.c \
	tests/unit/netns.c tests/unit/netns.h $(prober_rig)
tests_unit_test_prober_net_CPPFLAGS = $(prober_cppflags)
tests_unit_test_prober_net_LDADD = libutil.a $(CMOCKA_LIBS)

# check types, without the network
check_PROGRAMS += tests/unit/test_dns_text tests/unit/test_dns_message
tests_unit_test_dns_text_SOURCES = tests/unit/test_dns_text.c
tests_unit_test_dns_text_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_shared
tests_unit_test_shared_SOURCES = tests/unit/test_shared.c
tests_unit_test_shared_LDADD = libprober.a libutil.a $(EV_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_icmp_message
tests_unit_test_icmp_message_SOURCES = tests/unit/test_icmp_message.c
tests_unit_test_icmp_message_LDADD = libprober.a libutil.a $(CMOCKA_LIBS)
tests_unit_test_dns_message_SOURCES = tests/unit/test_dns_message.c
tests_unit_test_dns_message_LDADD = libprober.a libutil.a $(RESOLV_LIBS) \
	$(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_spec tests/unit/test_prober_specs \
	tests/unit/test_prober_pace
tests_unit_test_spec_SOURCES = tests/unit/test_spec.c
tests_unit_test_spec_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_prober_specs_SOURCES = tests/unit/test_prober_specs.c \
	$(prober_rig)
tests_unit_test_prober_specs_CPPFLAGS = $(prober_cppflags)
tests_unit_test_prober_specs_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_prober_pace_SOURCES = tests/unit/test_prober_pace.c \
	$(prober_rig)
tests_unit_test_prober_pace_CPPFLAGS = $(prober_cppflags)
tests_unit_test_prober_pace_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_prober_storm
tests_unit_test_prober_storm_SOURCES = tests/unit/test_prober_storm.c \
	$(prober_rig)
tests_unit_test_prober_storm_CPPFLAGS = $(prober_cppflags)
tests_unit_test_prober_storm_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_lag
tests_unit_test_lag_SOURCES = tests/unit/test_lag.c tests/unit/listener.c \
	tests/unit/listener.h
tests_unit_test_lag_CPPFLAGS = $(prober_cppflags)
tests_unit_test_lag_LDADD = $(prober_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_sandbox
tests_unit_test_sandbox_SOURCES = tests/unit/test_sandbox.c $(prober_rig)
tests_unit_test_sandbox_CPPFLAGS = $(prober_cppflags)
tests_unit_test_sandbox_LDADD = $(prober_libs) $(CMOCKA_LIBS)

# With a real model and a real (or misbehaving) prober; no committer.
health_rig = tests/unit/health_rig.c tests/unit/health_rig.h \
	tests/unit/listener.c tests/unit/listener.h $(nftlbd_health_sources)
health_cppflags = $(prober_cppflags) \
	-DBAD_PROBER=\"$(abs_top_builddir)/tests/unit/bad_prober\"
health_libs = libmodel.a libconfig.a librulesets.a libutil.a $(CMOCKA_LIBS) \
	$(INIH_LIBS) $(CRYPTO_LIBS) $(EV_LIBS) -lm
noinst_PROGRAMS += tests/unit/bad_prober
tests_unit_bad_prober_SOURCES = tests/unit/bad_prober.c
check_PROGRAMS += tests/unit/test_health tests/unit/test_health_lanes \
	tests/unit/test_health_sync tests/unit/test_prober_life
tests_unit_test_health_SOURCES = tests/unit/test_health.c $(health_rig)
tests_unit_test_health_CPPFLAGS = $(health_cppflags)
tests_unit_test_health_LDADD = $(health_libs)
tests_unit_test_health_lanes_SOURCES = tests/unit/test_health_lanes.c \
	$(health_rig)
tests_unit_test_health_lanes_CPPFLAGS = $(health_cppflags)
tests_unit_test_health_lanes_LDADD = $(health_libs)
tests_unit_test_health_sync_SOURCES = tests/unit/test_health_sync.c \
	$(health_rig)
tests_unit_test_health_sync_CPPFLAGS = $(health_cppflags)
tests_unit_test_health_sync_LDADD = $(health_libs)
check_PROGRAMS += tests/unit/test_health_feeds
tests_unit_test_health_feeds_SOURCES = tests/unit/test_health_feeds.c \
	$(health_rig)
tests_unit_test_health_feeds_CPPFLAGS = $(health_cppflags)
tests_unit_test_health_feeds_LDADD = $(health_libs)
tests_unit_test_prober_life_SOURCES = tests/unit/test_prober_life.c \
	$(health_rig)
tests_unit_test_prober_life_CPPFLAGS = $(health_cppflags)
tests_unit_test_prober_life_LDADD = $(health_libs)

# conntrack, in a network namespace; the kernel's faults come through --wrap
check_PROGRAMS += tests/unit/test_flows
tests_unit_test_flows_SOURCES = tests/unit/test_flows.c \
	tests/unit/flows_fixture.c tests/unit/flows_fixture.h \
	tests/unit/conntrack.c tests/unit/conntrack.h \
	tests/unit/netns.c tests/unit/netns.h
tests_unit_test_flows_LDADD = librulesets.a libutil.a $(NFTNL_LIBS) \
	$(EV_LIBS) $(CMOCKA_LIBS)
tests_unit_test_flows_LDFLAGS = -Wl,--wrap=mnl_socket_sendto \
	-Wl,--wrap=mnl_socket_recvfrom

track_fixture = tests/unit/track_fixture.c tests/unit/track_fixture.h \
	tests/unit/flows_fixture.c tests/unit/flows_fixture.h \
	tests/unit/conntrack.c tests/unit/conntrack.h \
	tests/unit/netns.c tests/unit/netns.h
track_ldflags = $(tests_unit_test_flows_LDFLAGS) \
	-Wl,--wrap=recvmmsg -Wl,--wrap=setsockopt -Wl,--wrap=track_dump_begin
check_PROGRAMS += tests/unit/test_track tests/unit/test_track_faults
tests_unit_test_track_SOURCES = tests/unit/test_track.c $(track_fixture)
tests_unit_test_track_LDADD = $(tests_unit_test_flows_LDADD)
tests_unit_test_track_LDFLAGS = $(track_ldflags)
tests_unit_test_track_faults_SOURCES = tests/unit/test_track_faults.c \
	$(track_fixture)
tests_unit_test_track_faults_LDADD = $(tests_unit_test_flows_LDADD)
tests_unit_test_track_faults_LDFLAGS = $(track_ldflags)

# languages of snmp, script and file checks
check_PROGRAMS += tests/unit/test_oid
tests_unit_test_oid_SOURCES = tests/unit/test_oid.c
tests_unit_test_oid_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_runs
tests_unit_test_runs_SOURCES = tests/unit/test_runs.c $(prober_rig)
tests_unit_test_runs_CPPFLAGS = $(prober_cppflags)
tests_unit_test_runs_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_snmp
tests_unit_test_snmp_SOURCES = tests/unit/test_snmp.c
tests_unit_test_snmp_LDADD = $(prober_libs) $(CMOCKA_LIBS)

# lib and config; the files of bad-conf say themselves what is wrong with them
config_libs = libconfig.a librulesets.a libutil.a $(CMOCKA_LIBS) $(INIH_LIBS) \
	$(CRYPTO_LIBS) -lm
conf_rig = tests/unit/conf_rig.c tests/unit/conf_rig.h
check_PROGRAMS += tests/unit/test_pattern tests/unit/test_agent_text \
	tests/unit/test_tls
check_PROGRAMS += tests/unit/test_cpu_usage tests/unit/test_number
tests_unit_test_cpu_usage_SOURCES = tests/unit/test_cpu_usage.c
tests_unit_test_cpu_usage_LDADD = libprober.a libutil.a $(CMOCKA_LIBS) -lm
tests_unit_test_number_SOURCES = tests/unit/test_number.c
tests_unit_test_number_LDADD = libprober.a libutil.a $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_snmp_walk tests/unit/test_snmp_session
tests_unit_test_snmp_walk_SOURCES = tests/unit/test_snmp_walk.c
tests_unit_test_snmp_walk_LDADD = $(prober_libs) $(CMOCKA_LIBS)
tests_unit_test_snmp_session_SOURCES = tests/unit/test_snmp_session.c
tests_unit_test_snmp_session_LDADD = $(prober_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_phases
tests_unit_test_phases_SOURCES = tests/unit/test_phases.c \
	tests/unit/listener.c tests/unit/listener.h
tests_unit_test_phases_LDADD = $(prober_libs) $(CMOCKA_LIBS)
tests_unit_test_tls_SOURCES = tests/unit/test_tls.c
tests_unit_test_tls_LDADD = $(prober_libs) $(CMOCKA_LIBS)
tests_unit_test_agent_text_SOURCES = tests/unit/test_agent_text.c
tests_unit_test_agent_text_LDADD = $(prober_libs) $(CMOCKA_LIBS)
tests_unit_test_pattern_SOURCES = tests/unit/test_pattern.c
tests_unit_test_pattern_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_addr tests/unit/test_nets \
	tests/unit/test_lib \
	tests/unit/test_conf tests/unit/test_conf_bad \
	tests/unit/test_conf_check tests/unit/test_conf_feeds \
	tests/unit/test_conf_man \
	tests/unit/test_conf_pem tests/unit/test_conf_rules
tests_unit_test_addr_SOURCES = tests/unit/test_addr.c
tests_unit_test_addr_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_nets_SOURCES = tests/unit/test_nets.c
tests_unit_test_nets_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_lib_SOURCES = tests/unit/test_lib.c
tests_unit_test_lib_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_conf_SOURCES = tests/unit/test_conf.c $(conf_rig)
tests_unit_test_conf_LDADD = $(config_libs)
tests_unit_test_conf_bad_SOURCES = tests/unit/test_conf_bad.c $(conf_rig)
tests_unit_test_conf_bad_LDADD = $(config_libs)
tests_unit_test_conf_check_SOURCES = tests/unit/test_conf_check.c $(conf_rig)
tests_unit_test_conf_check_LDADD = $(config_libs)
tests_unit_test_conf_feeds_SOURCES = tests/unit/test_conf_feeds.c $(conf_rig)
tests_unit_test_conf_feeds_LDADD = $(config_libs)
tests_unit_test_conf_rules_SOURCES = tests/unit/test_conf_rules.c $(conf_rig)
tests_unit_test_conf_rules_LDADD = $(config_libs)
tests_unit_test_conf_pem_SOURCES = tests/unit/test_conf_pem.c $(conf_rig)
tests_unit_test_conf_pem_LDADD = $(config_libs)
tests_unit_test_conf_man_SOURCES = tests/unit/test_conf_man.c $(conf_rig)
tests_unit_test_conf_man_LDADD = $(config_libs)
EXTRA_DIST += tests/bad-conf
EXTRA_DIST += tests/lab/golden tests/lab/test_plain.py \
	tests/lab/test_route.py tests/lab/test_group.py

EXTRA_DIST += tests/lab/counting.py tests/lab/test_counters.py \
	tests/lab/test_local.py tests/lab/test_overflow.py

# slot tables
slots_fixture = tests/unit/slots_fixture.c tests/unit/slots_fixture.h
check_PROGRAMS += tests/unit/test_slots tests/unit/test_maglev
tests_unit_test_slots_SOURCES = tests/unit/test_slots.c $(slots_fixture)
tests_unit_test_slots_LDADD = librulesets.a libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_slots_now
tests_unit_test_slots_now_SOURCES = tests/unit/test_slots_now.c $(slots_fixture)
tests_unit_test_slots_now_LDADD = librulesets.a libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_slots_moving
tests_unit_test_slots_moving_SOURCES = tests/unit/test_slots_moving.c \
	$(slots_fixture)
tests_unit_test_slots_moving_LDADD = librulesets.a libutil.a $(CMOCKA_LIBS)
tests_unit_test_maglev_SOURCES = tests/unit/test_maglev.c $(slots_fixture)
tests_unit_test_maglev_LDADD = librulesets.a libutil.a $(CMOCKA_LIBS)

# services -> want -> plan, and the kernel driver
ruleset_libs = librulesets.a libutil.a $(NFTNL_LIBS) $(EV_LIBS) \
	$(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_rule tests/unit/test_rule_kernel \
	tests/unit/test_alloc \
	tests/unit/test_plan tests/unit/test_plan_cost \
	tests/unit/test_ruleset_repair tests/unit/test_ruleset_kernel
tests_unit_test_rule_SOURCES = tests/unit/test_rule.c
tests_unit_test_rule_LDADD = $(ruleset_libs)
tests_unit_test_rule_kernel_SOURCES = tests/unit/test_rule_kernel.c \
	tests/unit/netns.c tests/unit/netns.h
tests_unit_test_rule_kernel_LDADD = $(ruleset_libs)
tests_unit_test_alloc_SOURCES = tests/unit/test_alloc.c
tests_unit_test_alloc_LDADD = $(ruleset_libs)
plan_world = tests/unit/plan_world.c tests/unit/plan_world.h \
	tests/unit/plan_services.c tests/unit/plan_services.h \
	tests/unit/fake_kernel.c tests/unit/fake_kernel.h \
	tests/unit/fake_packets.c
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c $(plan_world)
tests_unit_test_plan_LDADD = $(ruleset_libs)
tests_unit_test_plan_cost_SOURCES = tests/unit/test_plan_cost.c $(plan_world)
tests_unit_test_plan_cost_LDADD = $(ruleset_libs)
check_PROGRAMS += tests/unit/test_plan_bytes tests/unit/test_unit \
	tests/unit/test_plan_around
tests_unit_test_plan_around_SOURCES = tests/unit/test_plan_around.c \
	$(plan_world)
tests_unit_test_plan_around_LDADD = $(ruleset_libs)
tests_unit_test_plan_bytes_SOURCES = tests/unit/test_plan_bytes.c $(plan_world)
tests_unit_test_plan_bytes_LDADD = $(ruleset_libs)
check_PROGRAMS += tests/unit/test_offload
tests_unit_test_offload_SOURCES = tests/unit/test_offload.c
tests_unit_test_offload_LDADD = $(ruleset_libs)
tests_unit_test_unit_SOURCES = tests/unit/test_unit.c
tests_unit_test_unit_LDADD = $(ruleset_libs)
ruleset_rig = tests/unit/ruleset_rig.c tests/unit/ruleset_rig.h \
	tests/unit/netns.c tests/unit/netns.h
tests_unit_test_ruleset_repair_SOURCES = tests/unit/test_ruleset_repair.c \
	$(ruleset_rig)
tests_unit_test_ruleset_repair_LDADD = $(ruleset_libs)
check_PROGRAMS += tests/unit/test_ruleset_kinds
tests_unit_test_ruleset_kinds_SOURCES = tests/unit/test_ruleset_kinds.c \
	tests/unit/unit_kinds.c tests/unit/unit_kinds.h $(ruleset_rig)
tests_unit_test_ruleset_kinds_LDADD = $(ruleset_libs)
tests_unit_test_ruleset_kinds_LDFLAGS = -Wl,--wrap=compile_unit
check_PROGRAMS += tests/unit/test_full_kernel
tests_unit_test_full_kernel_SOURCES = tests/unit/test_full_kernel.c \
	$(ruleset_rig)
tests_unit_test_full_kernel_LDADD = $(ruleset_libs)
check_PROGRAMS += tests/unit/test_sessions
tests_unit_test_sessions_SOURCES = tests/unit/test_sessions.c $(ruleset_rig)
tests_unit_test_sessions_LDADD = $(ruleset_libs)
check_PROGRAMS += tests/unit/test_chains_kernel
tests_unit_test_chains_kernel_SOURCES = tests/unit/test_chains_kernel.c \
	tests/unit/chains_direct_kinds.c tests/unit/chains_subject.h \
	$(ruleset_rig)
tests_unit_test_chains_kernel_LDADD = $(ruleset_libs)
tests_unit_test_ruleset_kernel_SOURCES = tests/unit/test_ruleset_kernel.c \
	$(ruleset_rig)
tests_unit_test_ruleset_kernel_LDADD = $(ruleset_libs)
tests_unit_test_ruleset_kernel_LDFLAGS = -Wl,--wrap=nl_commit \
	-Wl,--wrap=setsockopt

check_PROGRAMS += tests/unit/test_lists_overlay
tests_unit_test_lists_overlay_SOURCES = tests/unit/test_lists_overlay.c \
	nftlbd/daemon/lists_overlay.c nftlbd/daemon/lists_overlay.h
tests_unit_test_lists_overlay_LDADD = libutil.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_lists_kernel
tests_unit_test_lists_kernel_SOURCES = tests/unit/test_lists_kernel.c \
	$(ruleset_rig)
tests_unit_test_lists_kernel_LDADD = $(ruleset_libs)

# named counters
check_PROGRAMS += tests/unit/test_counters_kernel
tests_unit_test_counters_kernel_SOURCES = tests/unit/test_counters_kernel.c \
	tests/unit/netns.c tests/unit/netns.h
tests_unit_test_counters_kernel_LDADD = $(ruleset_libs)

# which slot the kernel chooses
check_PROGRAMS += tests/unit/test_route tests/unit/test_route_kernel
tests_unit_test_route_SOURCES = tests/unit/test_route.c
tests_unit_test_route_LDADD = librulesets.a libutil.a $(CMOCKA_LIBS)
tests_unit_test_route_kernel_SOURCES = tests/unit/test_route_kernel.c \
	tests/unit/netns.c tests/unit/netns.h
tests_unit_test_route_kernel_LDADD = librulesets.a libutil.a \
	$(JANSSON_LIBS) $(CMOCKA_LIBS)

EXTRA_DIST += tests/bench/lists.py tests/bench/control.py tests/bench/fleet.py tests/bench/rawnft.py

# the control socket, and nftlbctl's pure parts
control_rig = tests/unit/control_rig.c tests/unit/control_daemon.c tests/unit/control_rig.h \
	tests/unit/fake_configure.c nftlbd/daemon/forecast.c nftlbd/daemon/forecast.h nftlbd/daemon/lists_overlay.c nftlbd/daemon/lists_overlay.h \
	nftlbd/daemon/now.c \
	tests/unit/fake_counters.c tests/unit/fake_counters.h \
	$(nftlbd_counters_tables) \
	tests/unit/netns.c tests/unit/netns.h \
	nftlbd/daemon/session_tables.c nftlbd/daemon/session_tables.h \
	nftlbd/daemon/want.c nftlbd/daemon/want_devices.c nftlbd/daemon/want.h
control_libs = libcontrol.a librevisions.a libhostcheck.a libhttp.a librulesets.a libmodel.a libconfig.a \
	librulesets.a libutil.a $(MHD_LIBS) $(JANSSON_LIBS) $(NFTABLES_LIBS) \
	$(NFTNL_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS) $(EV_LIBS) $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_control tests/unit/test_control_input \
	tests/unit/test_control_peers tests/unit/test_control_later \
	tests/unit/test_control_follow tests/unit/test_control_counters
tests_unit_test_control_counters_SOURCES = \
	tests/unit/test_control_counters.c $(control_rig)
tests_unit_test_control_counters_LDADD = libctl.a libimport.a $(control_libs)
check_PROGRAMS += tests/unit/test_control_weights
tests_unit_test_control_weights_SOURCES = \
	tests/unit/test_control_weights.c $(control_rig)
tests_unit_test_control_weights_LDADD = $(control_libs)
tests_unit_test_control_SOURCES = tests/unit/test_control.c $(control_rig)
tests_unit_test_control_LDADD = $(control_libs)
tests_unit_test_control_input_SOURCES = tests/unit/test_control_input.c \
	$(control_rig)
tests_unit_test_control_input_LDADD = $(control_libs)
tests_unit_test_control_peers_SOURCES = tests/unit/test_control_peers.c \
	$(control_rig)
tests_unit_test_control_peers_LDADD = $(control_libs)
tests_unit_test_control_later_SOURCES = tests/unit/test_control_later.c \
	$(control_rig)
tests_unit_test_control_later_LDADD = $(control_libs)
check_PROGRAMS += tests/unit/test_openapi
tests_unit_test_openapi_SOURCES = tests/unit/test_openapi.c $(control_rig)
tests_unit_test_openapi_LDADD = $(control_libs)
check_PROGRAMS += tests/unit/test_http
tests_unit_test_http_SOURCES = tests/unit/test_http.c \
	tests/unit/netns.c tests/unit/netns.h
tests_unit_test_http_LDADD = libhttp.a libutil.a $(MHD_LIBS) $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(EV_LIBS) $(CMOCKA_LIBS) -lm
tests_unit_test_control_follow_SOURCES = tests/unit/test_control_follow.c \
	$(control_rig)
tests_unit_test_control_follow_LDADD = $(control_libs)
ctl_libs = libctl.a libimport.a libconfig.a librulesets.a libutil.a $(CURL_LIBS) \
	$(JANSSON_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_ctl tests/unit/test_ctl_man
tests_unit_test_ctl_SOURCES = tests/unit/test_ctl.c
tests_unit_test_ctl_LDADD = $(ctl_libs)
check_PROGRAMS += tests/unit/test_ctl_weights
tests_unit_test_ctl_weights_SOURCES = tests/unit/test_ctl_weights.c
tests_unit_test_ctl_weights_LDADD = $(ctl_libs)
tests_unit_test_ctl_man_SOURCES = tests/unit/test_ctl_man.c
tests_unit_test_ctl_man_CPPFLAGS = $(AM_CPPFLAGS) \
	-DNFTLBCTL=\"$(abs_top_builddir)/nftlbd/nftlbctl\"
tests_unit_test_ctl_man_LDADD = $(ctl_libs)

# state on disk
persist_rig = $(conf_rig) nftlbd/daemon/now.c \
	nftlbd/daemon/persist.c nftlbd/daemon/persist.h \
	nftlbd/daemon/persist_load.c nftlbd/daemon/persist_text.c \
	nftlbd/daemon/persist_text.h
check_PROGRAMS += tests/unit/test_persist tests/unit/test_persist_checks
tests_unit_test_persist_SOURCES = tests/unit/test_persist.c $(persist_rig)
tests_unit_test_persist_LDADD = libmodel.a $(config_libs) $(JANSSON_LIBS)
tests_unit_test_persist_checks_SOURCES = tests/unit/test_persist_checks.c \
	$(persist_rig)
tests_unit_test_persist_checks_LDADD = $(tests_unit_test_persist_LDADD)
check_PROGRAMS += tests/unit/test_persist_weights
tests_unit_test_persist_weights_SOURCES = tests/unit/test_persist_weights.c \
	$(persist_rig)
tests_unit_test_persist_weights_LDADD = $(tests_unit_test_persist_LDADD)

# totals of counters
check_PROGRAMS += tests/unit/test_counters
tests_unit_test_counters_SOURCES = tests/unit/test_counters.c $(conf_rig) \
	$(nftlbd_counters_tables)
tests_unit_test_counters_LDADD = libmodel.a $(config_libs) $(JANSSON_LIBS)

# HTTP checks: their texts, and a probe step by step
check_PROGRAMS += tests/unit/test_status tests/unit/test_http_check
tests_unit_test_http_check_SOURCES = tests/unit/test_http_check.c
tests_unit_test_http_check_LDADD = $(prober_libs) $(CMOCKA_LIBS)
tests_unit_test_status_SOURCES = tests/unit/test_status.c
tests_unit_test_status_LDADD = libutil.a $(CMOCKA_LIBS)
EXTRA_DIST += tests/lab/bad_http.py \
	tests/lab/test_check_http.py

# weights that follow the load: the pipeline, by itself
weights_rig = tests/unit/weights_rig.c tests/unit/weights_rig.h
weights_libs = libmodel.a libutil.a $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_weights tests/unit/test_weights_random \
	tests/unit/test_weights_signal
tests_unit_test_weights_SOURCES = tests/unit/test_weights.c $(weights_rig)
tests_unit_test_weights_LDADD = $(weights_libs)
tests_unit_test_weights_random_SOURCES = tests/unit/test_weights_random.c \
	$(weights_rig)
tests_unit_test_weights_random_LDADD = $(weights_libs)
tests_unit_test_weights_signal_SOURCES = tests/unit/test_weights_signal.c
tests_unit_test_weights_signal_LDADD = $(weights_libs)

check_PROGRAMS += tests/unit/test_respawn
tests_unit_test_respawn_SOURCES = tests/unit/test_respawn.c \
	nftlbd/daemon/respawn.c nftlbd/daemon/respawn.h
tests_unit_test_respawn_LDADD = $(CMOCKA_LIBS)
