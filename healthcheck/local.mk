# the prober: knows jobs, not services; all of it but main() is a library, for
# tests and fuzzers
noinst_LIBRARIES += libprober.a
libprober_a_SOURCES = \
	healthcheck/clock.h healthcheck/protocol.h \
	healthcheck/link.c healthcheck/link.h \
	healthcheck/packets.c healthcheck/packets.h \
	healthcheck/specs.c healthcheck/specs.h \
	healthcheck/runs.c healthcheck/runs.h \
	healthcheck/spawn.c healthcheck/spawn.h \
	healthcheck/script.c healthcheck/script.h \
	healthcheck/file.c healthcheck/file.h \
	healthcheck/snmp.c healthcheck/snmp.h healthcheck/snmp_run.h \
	healthcheck/snmp_request.c healthcheck/snmp_judge.c \
	healthcheck/snmp_run.c healthcheck/snmp_walk.c healthcheck/snmp_walk.h \
	healthcheck/snmp_session.c healthcheck/snmp_session.h \
	healthcheck/snmp_feed.c healthcheck/snmp_feed.h \
	healthcheck/counter.c healthcheck/counter.h \
	healthcheck/number.c healthcheck/number.h \
	healthcheck/script_output.c healthcheck/script_output.h \
	healthcheck/cpu.c healthcheck/cpu.h \
	healthcheck/cpu_usage.c healthcheck/cpu_usage.h \
	healthcheck/snmp_engine.c healthcheck/snmp_engine.h \
	healthcheck/snmp_usm.c healthcheck/snmp_usm.h \
	healthcheck/snmp_put.c healthcheck/snmp_take.c \
	healthcheck/snmp_wire.h \
	healthcheck/jobs.c healthcheck/jobs.h \
	healthcheck/lag.c healthcheck/lag.h \
	healthcheck/sandbox.c healthcheck/sandbox.h \
	healthcheck/checks.c healthcheck/checks.h \
	healthcheck/socket.c healthcheck/socket.h \
	healthcheck/http.c healthcheck/http.h \
	healthcheck/http_loop.c healthcheck/http_loop.h \
	healthcheck/http_spec.c healthcheck/http_spec.h \
	healthcheck/tcp.c healthcheck/tcp.h \
	healthcheck/tcp_talk.c healthcheck/tcp_talk.h \
	healthcheck/udp.c healthcheck/udp.h \
	healthcheck/agent.c healthcheck/agent.h \
	healthcheck/agent_text.c healthcheck/agent_text.h \
	healthcheck/talk.c healthcheck/talk.h \
	healthcheck/tls.c healthcheck/tls.h
libprober_a_SOURCES += healthcheck/shared.c healthcheck/shared.h \
	healthcheck/dns.c healthcheck/dns.h \
	healthcheck/dns_message.c healthcheck/dns_message.h \
	healthcheck/icmp.c healthcheck/icmp.h \
	healthcheck/icmp_message.c healthcheck/icmp_message.h \
	healthcheck/icmp_socket.c healthcheck/icmp_socket.h
prober_libs = libprober.a libutil.a $(CURL_LIBS) $(OPENSSL_LIBS) \
	$(SNMP_LIBS) $(SECCOMP_LIBS) $(RESOLV_LIBS) $(EV_LIBS) -lm

pkglibexec_PROGRAMS += nftlb-prober
nftlb_prober_SOURCES = healthcheck/main.c
nftlb_prober_LDADD = $(prober_libs)
