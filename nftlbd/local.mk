# lib: helpers everybody may use. config, model, control, daemon: the daemon.
# ctl: the operator's tool.
noinst_LIBRARIES += libutil.a libconfig.a libmodel.a libcontrol.a
libutil_a_SOURCES = \
	nftlbd/lib/options.c nftlbd/lib/options.h \
	nftlbd/lib/addr.c nftlbd/lib/addr.h \
	nftlbd/lib/buf.c nftlbd/lib/buf.h \
	nftlbd/lib/err.c nftlbd/lib/err.h \
	nftlbd/lib/fd.c nftlbd/lib/fd.h \
	nftlbd/lib/exposition.c nftlbd/lib/exposition.h \
	nftlbd/lib/log.c nftlbd/lib/log.h \
	nftlbd/lib/near.c nftlbd/lib/near.h \
	nftlbd/lib/nets.c nftlbd/lib/nets.h \
	nftlbd/metrics/histogram.c nftlbd/metrics/histogram.h \
	nftlbd/lib/parse.c nftlbd/lib/parse.h \
	nftlbd/lib/sandbox.c nftlbd/lib/sandbox.h \
	nftlbd/lib/words.c nftlbd/lib/words.h \
	nftlbd/lib/xalloc.c nftlbd/lib/xalloc.h \
	healthcheck/words.c healthcheck/protocol.h \
	healthcheck/spec.c healthcheck/spec.h healthcheck/text.h \
	healthcheck/pattern.c healthcheck/pattern.h \
	healthcheck/tls_pem.c healthcheck/tls_pem.h healthcheck/status.c healthcheck/dns_text.c \
	healthcheck/oid.c healthcheck/braces.c \
	rulesets/types.c rulesets/types.h
libconfig_a_SOURCES = \
	nftlbd/config/api.c nftlbd/config/backends.c nftlbd/config/conf.c nftlbd/config/conf.h \
	nftlbd/config/doc.h nftlbd/config/groups.c \
	nftlbd/config/netlists.c nftlbd/config/netlists.h \
	nftlbd/config/offload.c \
	nftlbd/config/pins.c nftlbd/config/draft.h nftlbd/config/include.c \
	nftlbd/config/members.c nftlbd/config/source.c nftlbd/config/source.h \
	nftlbd/config/keys.c nftlbd/config/keys.h nftlbd/config/keys_check.c \
	nftlbd/config/keys_global.c nftlbd/config/keys_rules.c \
	nftlbd/config/keys_service.c nftlbd/config/values_rules.c nftlbd/config/lists.c \
	nftlbd/config/names.c nftlbd/config/names.h \
	nftlbd/config/nftwords.c nftlbd/config/overlap.c \
	nftlbd/config/print.c nftlbd/config/reader.c nftlbd/config/report.c \
	nftlbd/config/report.h nftlbd/config/resolve.c \
	nftlbd/config/resolve.h nftlbd/config/section.c \
	nftlbd/config/section.h nftlbd/config/check.c \
	nftlbd/config/checksets.c nftlbd/config/pem.c \
	nftlbd/config/pem.h nftlbd/config/probes.c \
	nftlbd/config/direct.c nftlbd/config/dynamic.c \
	nftlbd/config/feeds.c nftlbd/config/keys_direct.c \
	nftlbd/config/keys_weights.c nftlbd/config/probe_keys.c \
	nftlbd/config/probe_keys.h nftlbd/config/values_numbers.c \
	nftlbd/config/rules.c nftlbd/config/service.c nftlbd/config/service.h \
	nftlbd/config/texts.c \
	nftlbd/config/values.c nftlbd/config/values.h
libmodel_a_SOURCES = nftlbd/model/model.c nftlbd/model/model.h \
	nftlbd/model/state.c nftlbd/model/same.c nftlbd/model/same.h \
	nftlbd/model/events.c nftlbd/model/events.h \
	nftlbd/model/history.c nftlbd/model/history.h \
	nftlbd/model/changes.c nftlbd/model/changes.h \
	nftlbd/model/path.c nftlbd/model/path.h \
	nftlbd/model/probe_ports.c nftlbd/model/probe_ports.h \
	nftlbd/model/step.c nftlbd/model/step.h \
	nftlbd/model/observe.c nftlbd/model/observe.h \
	nftlbd/model/settle.c nftlbd/model/settle.h \
	nftlbd/model/combine.c nftlbd/model/combine.h \
	nftlbd/model/carry.c nftlbd/model/carry.h \
	nftlbd/model/flap.c nftlbd/model/flap.h \
	nftlbd/model/ramp.c nftlbd/model/ramp.h \
	nftlbd/model/drain.c nftlbd/model/drain.h \
	nftlbd/model/sticky.c nftlbd/model/sticky.h \
	nftlbd/model/full.c nftlbd/model/full.h \
	nftlbd/model/load.c nftlbd/model/load.h \
	nftlbd/model/load_impl.h nftlbd/model/load_tick.c \
	nftlbd/weights/weights.c nftlbd/weights/weights.h \
	nftlbd/weights/impl.h nftlbd/weights/tick.c \
	nftlbd/weights/anchor.c nftlbd/weights/caution.c nftlbd/weights/ratio.c \
	nftlbd/weights/laws.c nftlbd/weights/laws.h \
	nftlbd/weights/signal.c nftlbd/weights/signal.h \
	nftlbd/model/timers.c nftlbd/model/timers.h \
	nftlbd/model/health_fsm.c nftlbd/model/health_fsm.h
# configurations that were: on disk, compared, put back
noinst_LIBRARIES += librevisions.a
librevisions_a_SOURCES = \
	nftlbd/revisions/diff.c nftlbd/revisions/diff.h \
	nftlbd/revisions/pending.c nftlbd/revisions/pending.h \
	nftlbd/revisions/place.c nftlbd/revisions/place.h \
	nftlbd/revisions/record.c nftlbd/revisions/record.h \
	nftlbd/revisions/store.c nftlbd/revisions/store.h \
	nftlbd/revisions/write.c nftlbd/revisions/write.h
libcontrol_a_SOURCES = \
	nftlbd/control/answer.c nftlbd/control/answer.h \
	nftlbd/control/etags.c nftlbd/control/etags.h \
	nftlbd/control/pools.c nftlbd/control/revisions.c \
	nftlbd/control/change.c nftlbd/control/config_routes.c \
	nftlbd/control/control.c nftlbd/control/control.h \
	nftlbd/control/counts.c nftlbd/control/counts.h \
	nftlbd/control/follow.c nftlbd/control/follow.h \
	nftlbd/control/handlers.h nftlbd/control/impl.h \
	nftlbd/control/json.h \
	nftlbd/control/host.c nftlbd/control/json_check.c nftlbd/control/json_counters.c \
	nftlbd/control/json_feed.c nftlbd/control/json_service.c \
	nftlbd/control/json_status.c nftlbd/control/json_weight.c \
	nftlbd/control/lists.c \
	nftlbd/control/openapi.c nftlbd/control/price.c nftlbd/control/price.h \
	nftlbd/control/listing.h nftlbd/control/listing_child.c \
	nftlbd/control/show_ruleset.c \
	nftlbd/control/remote.c \
	nftlbd/control/route_client.c nftlbd/control/routes.c \
	nftlbd/control/route_rules.c nftlbd/control/route_rules.h \
	nftlbd/control/route_steps.c nftlbd/control/route_steps.h \
	nftlbd/control/sessions.c \
	nftlbd/control/show.c nftlbd/control/show_counters.c \
	nftlbd/control/show_feeds.c \
	nftlbd/control/stream.c nftlbd/control/stream.h \
	nftlbd/control/page.c nftlbd/control/show_history.c \
	$(nftlbd_metrics_sources) nftlbd/web/assets.c nftlbd/web/assets.h \
	nftlbd/web/page.c nftlbd/web/page.h

# files in the program, see nftlbd/web/assets.c
libcontrol_a_CPPFLAGS = $(AM_CPPFLAGS) -DWEB_DIR=\"$(abs_srcdir)/nftlbd/web\"
nftlbd_web_files = nftlbd/web/page.html nftlbd/web/page.css \
	nftlbd/web/base.js nftlbd/web/list.js nftlbd/web/detail.js \
	nftlbd/web/live.js nftlbd/web/openapi.json
EXTRA_DIST += $(nftlbd_web_files)
nftlbd/web/libcontrol_a-assets.$(OBJEXT): $(nftlbd_web_files)

# the daemon's side of health checks; part of nftlbd, and tested on its own
nftlbd_health_tables = nftlbd/daemon/health_jobs.c \
	nftlbd/daemon/health_jobs.h nftlbd/daemon/health_specs.c \
	nftlbd/daemon/health_specs.h nftlbd/daemon/health_walk.c
nftlbd_health_sources = nftlbd/daemon/changes.c nftlbd/daemon/now.c \
	nftlbd/daemon/health.c nftlbd/daemon/health.h \
	nftlbd/daemon/health_impl.h nftlbd/daemon/health_results.c \
	nftlbd/daemon/health_sync.c $(nftlbd_health_tables) \
	nftlbd/daemon/health_feeds.c nftlbd/daemon/health_feeds.h \
	nftlbd/daemon/hooks.c nftlbd/daemon/hooks.h \
	nftlbd/daemon/prober_process.c nftlbd/daemon/prober_process.h \
	nftlbd/daemon/prober_packet.c nftlbd/daemon/prober_packet.h \
	nftlbd/daemon/prober_spawn.c nftlbd/daemon/prober_spawn.h \
	nftlbd/daemon/respawn.c nftlbd/daemon/respawn.h \
	nftlbd/daemon/spawn.c nftlbd/daemon/spawn.h

# totals of counters: pure, and on disk
nftlbd_counters_tables = nftlbd/daemon/counters_totals.c \
	nftlbd/daemon/counters_totals.h nftlbd/daemon/counters_overflow.c \
	nftlbd/daemon/counters_overflow.h nftlbd/daemon/counters_file.c \
	nftlbd/daemon/counters_file.h
nftlbd_counters_sources = nftlbd/daemon/counters.c \
	nftlbd/daemon/counters.h $(nftlbd_counters_tables)

# of programs that run under a service manager; those link SYSTEMD_LIBS
lib_systemd = nftlbd/lib/background.c nftlbd/lib/background.h \
	nftlbd/lib/journal.c nftlbd/lib/journal.h \
	nftlbd/lib/manager.c nftlbd/lib/manager.h
sbin_PROGRAMS += nftlbd/nftlbd
nftlbd_nftlbd_SOURCES = nftlbd/daemon/main.c $(lib_systemd) \
	nftlbd/daemon/fitness.c nftlbd/daemon/fitness.h \
	nftlbd/daemon/load.c nftlbd/daemon/load.h \
	nftlbd/daemon/load_counts.c nftlbd/daemon/load_counts.h nftlbd/daemon/daemon.h nftlbd/daemon/observed.h \
	nftlbd/daemon/api.c nftlbd/daemon/api.h \
	nftlbd/daemon/api_process.c nftlbd/daemon/api_process.h \
	nftlbd/daemon/api_secrets.c nftlbd/daemon/api_secrets.h \
	nftlbd/daemon/command.c nftlbd/daemon/committer.c \
	nftlbd/daemon/forecast.c nftlbd/daemon/forecast.h \
	nftlbd/daemon/full.c nftlbd/daemon/full.h \
	nftlbd/daemon/history.c nftlbd/daemon/history.h \
	nftlbd/daemon/committer.h nftlbd/daemon/delays.c \
	nftlbd/daemon/delays.h nftlbd/daemon/event.c \
	$(nftlbd_counters_sources) \
	nftlbd/daemon/modules.c nftlbd/daemon/modules.h \
	nftlbd/daemon/offload.c nftlbd/daemon/offload.h \
	nftlbd/daemon/lists.c nftlbd/daemon/lists.h \
	nftlbd/daemon/lists_edit.c nftlbd/daemon/lists_impl.h \
	nftlbd/daemon/lists_job.c nftlbd/daemon/lists_keep.c \
	nftlbd/daemon/lists_overlay.c nftlbd/daemon/lists_overlay.h \
	nftlbd/daemon/lists_reload.c \
	nftlbd/daemon/paths.c nftlbd/daemon/paths.h \
	nftlbd/daemon/persist.c nftlbd/daemon/persist.h \
	nftlbd/daemon/persist_load.c nftlbd/daemon/persist_text.c \
	nftlbd/daemon/persist_text.h nftlbd/daemon/reload.c \
	nftlbd/daemon/reload.h nftlbd/daemon/candidate.c nftlbd/daemon/configure.c nftlbd/daemon/configure.h \
	nftlbd/daemon/members.c nftlbd/daemon/members.h \
	nftlbd/daemon/members_command.c \
	nftlbd/daemon/revisions.c nftlbd/daemon/revisions.h \
	nftlbd/daemon/want.c nftlbd/daemon/want.h \
	nftlbd/daemon/want_devices.c \
	nftlbd/daemon/session_tables.c nftlbd/daemon/session_tables.h \
	nftlbd/daemon/sessions.c nftlbd/daemon/sessions.h \
	nftlbd/daemon/sessions_child.c nftlbd/daemon/sessions_command.c \
	nftlbd/daemon/sessions_impl.h \
	$(nftlbd_health_sources)
nftlbd_nftlbd_LDADD = libcontrol.a libapi.a librevisions.a libnet.a libhostcheck.a libhttp.a librulesets.a libmodel.a libconfig.a \
	librulesets.a libutil.a $(MHD_LIBS) $(JANSSON_LIBS) $(NFTABLES_LIBS) \
	$(NFTNL_LIBS) $(INIH_LIBS) $(SYSTEMD_LIBS) $(CRYPTO_LIBS) $(EV_LIBS) -lm

# other programs' configurations as ours
noinst_LIBRARIES += libimport.a
libimport_a_SOURCES = nftlbd/import/import.h \
	nftlbd/import/draft.c nftlbd/import/draft.h nftlbd/import/ipvsadm.c \
	nftlbd/import/keepalived.c nftlbd/import/keepalived.h \
	nftlbd/import/keepalived_checks.c nftlbd/import/keepalived_file.c \
	nftlbd/import/targets.c nftlbd/import/targets.h \
	nftlbd/import/tree.c nftlbd/import/tree.h nftlbd/import/write.c

# the operator's tool; all but main() is a library, for the tests
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	nftlbd/ctl/api.c nftlbd/ctl/api.h nftlbd/ctl/body.c nftlbd/ctl/body.h \
	nftlbd/ctl/check_file.c nftlbd/ctl/import_file.c nftlbd/ctl/command.c \
	nftlbd/ctl/command.h nftlbd/ctl/completion.c \
	nftlbd/ctl/grammar.c nftlbd/ctl/live.h nftlbd/ctl/live_monitor.c \
	nftlbd/ctl/live_top.c nftlbd/ctl/place.c nftlbd/ctl/render.h \
	nftlbd/ctl/render_agent.c nftlbd/ctl/render_probes.c nftlbd/ctl/render_top.c \
	nftlbd/ctl/render_counters.c nftlbd/ctl/render_sessions.c \
	nftlbd/ctl/render_lists.c nftlbd/ctl/render_check.c \
	nftlbd/ctl/render_config.c nftlbd/ctl/render_answer.c nftlbd/ctl/render_field.c \
	nftlbd/ctl/render_show.c nftlbd/ctl/render_status.c \
	nftlbd/ctl/render_weight.c \
	nftlbd/ctl/run.c nftlbd/ctl/run.h nftlbd/ctl/traffic.c \
	nftlbd/ctl/terminal.c nftlbd/ctl/terminal.h \
	nftlbd/ctl/traffic.h nftlbd/ctl/table.c \
	nftlbd/ctl/table.h
sbin_PROGRAMS += nftlbd/nftlbctl
nftlbd_nftlbctl_SOURCES = nftlbd/ctl/main.c
nftlbd_nftlbctl_LDADD = libctl.a libimport.a libconfig.a librulesets.a libutil.a \
	$(CURL_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS) -lm
