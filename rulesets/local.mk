# the pure core and the thin kernel driver
noinst_LIBRARIES += librulesets.a
librulesets_a_SOURCES =

# services -> want -> plan: pure
librulesets_a_SOURCES += rulesets/types.h \
	rulesets/form.c rulesets/form.h rulesets/rule.c rulesets/rule.h \
	rulesets/rule_match.c rulesets/rule_attr.c rulesets/rule_attr.h \
	rulesets/rule_state.c rulesets/fields.c rulesets/fields.h \
	rulesets/base.c rulesets/base_ingress.c rulesets/base_stateless.c rulesets/base_probes.c rulesets/base_pick.c rulesets/base_packets.c \
	rulesets/base_agent.c rulesets/elements_agent.c \
	rulesets/base_offload.c \
	rulesets/base.h rulesets/base_impl.h \
	rulesets/chains.c rulesets/chains_drops.c rulesets/chains_stick.c \
	rulesets/chains_guard.c rulesets/chains_qos.c rulesets/chains_direct.c rulesets/chains_ends.c rulesets/chains_probes.c rulesets/chains_stateless.c rulesets/chains_room.c \
	rulesets/chains.h rulesets/chains_impl.h rulesets/own.c \
	rulesets/elements.c rulesets/elements_ids.c rulesets/elements_flows.c \
	rulesets/elements.h \
	rulesets/unit.c rulesets/unit.h rulesets/unit_name.c \
	rulesets/alloc.c rulesets/alloc.h \
	rulesets/compile.c rulesets/compile.h rulesets/diff.c \
	rulesets/plan.c rulesets/plan.h rulesets/planning.c \
	rulesets/planning.h rulesets/plan_text.c rulesets/plan_touched.c rulesets/gone.c

# plan -> kernel, kernel -> have
librulesets_a_SOURCES += rulesets/encode.c rulesets/encode.h \
	rulesets/encode_form.c rulesets/encode_elems.c \
	rulesets/encode_typeof.c rulesets/encode_impl.h \
	rulesets/keeper.c rulesets/keeper.h \
	rulesets/nl.c rulesets/nl.h rulesets/have.c rulesets/have.h \
	rulesets/scan.c rulesets/scan_named.c rulesets/scan_elems.c \
	rulesets/flowtable.c rulesets/flowtable.h \
	rulesets/scan_elems.h \
	rulesets/watch.c rulesets/watch.h rulesets/grace.c rulesets/grace.h \
	rulesets/ruleset.c \
	rulesets/ruleset.h rulesets/ruleset_impl.h

# slot tables, and which slot a client's flow takes
librulesets_a_SOURCES += rulesets/slots.c rulesets/slots.h \
	rulesets/slots_impl.h rulesets/slots_maglev.c rulesets/slots_share.c \
	rulesets/slots_weighted.c rulesets/slots_moving.c \
	rulesets/jhash.c rulesets/route.c rulesets/route.h

# conntrack: cut and count flows
librulesets_a_SOURCES += rulesets/track.c rulesets/track.h \
	rulesets/track_impl.h rulesets/track_claims.c rulesets/track_dump.c \
	rulesets/track_events.c rulesets/track_filter.c \
	rulesets/track_flows.c rulesets/track_msg.c \
	rulesets/track_table.c
librulesets_a_SOURCES += rulesets/flows.c rulesets/flows.h \
	rulesets/flows_impl.h rulesets/flows_index.c rulesets/flows_msg.c

# named counters
librulesets_a_SOURCES += rulesets/counters.c rulesets/counters.h \
	rulesets/counters_have.c

# persistence at run time
librulesets_a_SOURCES += rulesets/sessions.c rulesets/sessions.h \
	rulesets/sessions_have.c rulesets/sessions_moved.c \
	rulesets/sessions_text.c rulesets/held.c rulesets/held.h

# lists of addresses
librulesets_a_SOURCES += rulesets/lists.c rulesets/lists.h \
	rulesets/lists_msg.c rulesets/lists_msg.h

# flags of full backends
librulesets_a_SOURCES += rulesets/full.c rulesets/full.h
