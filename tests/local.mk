# unit tests (make check) and the tools of the lab

# The lab's traffic: a server that says its name, a client that counts names.
noinst_PROGRAMS += tests/tools/echo tests/tools/flow
tests_tools_echo_SOURCES = tests/tools/echo.c tests/tools/net.c \
	tests/tools/net.h
tests_tools_flow_SOURCES = tests/tools/flow.c tests/tools/flow.h \
	tests/tools/hold.c tests/tools/once.c tests/tools/tally.c \
	tests/tools/net.c tests/tools/net.h
