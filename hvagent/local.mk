# The agent on hypervisors; all but main() is a library, for the tests.
noinst_LIBRARIES += libhvagent.a
libhvagent_a_SOURCES = \
	hvagent/agent.h hvagent/api.h hvagent/conf.h hvagent/export.h \
	hvagent/binding.c hvagent/binding.h
