# unit tests (make check) and the tools of the lab

# The lab's traffic: a server that says its name, a client that counts names.
noinst_PROGRAMS += tests/tools/echo tests/tools/flow
tests_tools_echo_SOURCES = tests/tools/echo.c tests/tools/net.c \
	tests/tools/net.h
tests_tools_flow_SOURCES = tests/tools/flow.c tests/tools/flow.h \
	tests/tools/hold.c tests/tools/once.c tests/tools/tally.c \
	tests/tools/net.c tests/tools/net.h

# what the lab runs: scripts, not built
EXTRA_DIST += tests/sh/deps.sh tests/sh/build.sh tests/sh/vm.sh \
	tests/sh/check.sh tests/vm/init.sh tests/vm/smoke.sh \
	tests/packaging/install.sh tests/style/style.py
