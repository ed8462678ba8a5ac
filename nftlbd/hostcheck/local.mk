# what is wrong with this host, and how to mend it: nftlbd and hvagent
noinst_LIBRARIES += libhostcheck.a
libhostcheck_a_SOURCES = \
	nftlbd/hostcheck/checks.c nftlbd/hostcheck/hostcheck.h \
	nftlbd/hostcheck/impl.h nftlbd/hostcheck/judge.c \
	nftlbd/hostcheck/judges.h nftlbd/hostcheck/judge_paths.c \
	nftlbd/hostcheck/judge_settings.c nftlbd/hostcheck/needs.c nftlbd/hostcheck/print.c \
	nftlbd/hostcheck/read.c nftlbd/hostcheck/read_modules.c \
	nftlbd/hostcheck/read_route.c nftlbd/hostcheck/words.c

hostcheck_libs = libhostcheck.a libutil.a $(NFTNL_LIBS) $(JANSSON_LIBS)
noinst_PROGRAMS += tests/tools/hostcheck
tests_tools_hostcheck_SOURCES = tests/tools/hostcheck.c
tests_tools_hostcheck_LDADD = $(hostcheck_libs)
check_PROGRAMS += tests/unit/test_hostcheck
tests_unit_test_hostcheck_SOURCES = tests/unit/test_hostcheck.c
tests_unit_test_hostcheck_LDADD = $(hostcheck_libs) $(CMOCKA_LIBS)
EXTRA_DIST += tests/lab/test_check_host.py
