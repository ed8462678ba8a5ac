# programs of the lab and the benches

# The lab's traffic: a server that says its name, a client that counts names.
noinst_PROGRAMS += tests/tools/echo tests/tools/flow
tests_tools_echo_SOURCES = tests/tools/echo.c tests/tools/net.c \
	tests/tools/net.h
tests_tools_flow_SOURCES = tests/tools/flow.c tests/tools/flow.h \
	tests/tools/hold.c tests/tools/once.c tests/tools/tally.c \
	tests/tools/net.c tests/tools/net.h

# One check by itself.
noinst_PROGRAMS += tests/tools/probe
tests_tools_probe_SOURCES = tests/tools/probe.c
tests_tools_probe_LDADD = libconfig.a librulesets.a $(prober_libs) \
	$(INIH_LIBS) $(JANSSON_LIBS) -lm

# A tracker by itself, for ./lab bench counts.
noinst_PROGRAMS += tests/tools/counts
tests_tools_counts_SOURCES = tests/tools/counts.c \
	tests/unit/conntrack.c tests/unit/conntrack.h
tests_tools_counts_LDADD = librulesets.a libutil.a $(NFTNL_LIBS) $(EV_LIBS)
EXTRA_DIST += tests/bench/counts.py
