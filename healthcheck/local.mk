# the prober: knows jobs, not services
pkglibexec_PROGRAMS += nftlb-prober
nftlb_prober_SOURCES = \
	healthcheck/main.c healthcheck/clock.h healthcheck/protocol.h \
	healthcheck/link.c healthcheck/link.h \
	healthcheck/packets.c healthcheck/packets.h \
	healthcheck/specs.c healthcheck/specs.h \
	healthcheck/runs.c healthcheck/runs.h \
	healthcheck/jobs.c healthcheck/jobs.h \
	healthcheck/checks.c healthcheck/checks.h \
	healthcheck/socket.c healthcheck/socket.h \
	healthcheck/tcp.c healthcheck/tcp.h
nftlb_prober_LDADD = libutil.a $(CURL_LIBS) $(OPENSSL_LIBS) $(SNMP_LIBS) \
	$(SECCOMP_LIBS) $(EV_LIBS)
