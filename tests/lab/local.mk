# the network of the direct modes: its tool, its tests

noinst_PROGRAMS += tests/tools/flood
tests_tools_flood_SOURCES = tests/tools/flood.c tests/tools/net.c \
	tests/tools/net.h

EXTRA_DIST += tests/lab/asking.py tests/lab/fabric.py tests/lab/test_fabric.py
EXTRA_DIST += tests/lab/hvagent.py tests/lab/test_hvagent.py
EXTRA_DIST += tests/lab/direct.py tests/lab/uploads.py tests/lab/icmp.py \
	tests/lab/sums.py tests/lab/cached.py \
	tests/lab/thousands.py
EXTRA_DIST += tests/lab/test_cache.py tests/lab/test_dry_run.py tests/lab/test_route_many.py tests/lab/rich.py tests/lab/test_openapi.py
EXTRA_DIST += tests/lab/test_stateless_ahead.py
EXTRA_DIST += tests/lab/test_dsr.py tests/lab/test_ipip.py \
	tests/lab/test_direct.py
EXTRA_DIST += tests/lab/api.py tests/lab/test_api.py \
	tests/lab/bad_client.py tests/lab/test_api_load.py
EXTRA_DIST += tests/lab/test_systemd.py
EXTRA_DIST += tests/lab/browser.py tests/lab/palette.py tests/lab/screenshot.py \
	tests/lab/page_rules.py tests/lab/test_page.py
EXTRA_DIST += doc/status-page.png
EXTRA_DIST += tests/lab/test_import.py tests/import
EXTRA_DIST += tests/lab/test_revisions.py tests/lab/test_pools.py
EXTRA_DIST += tests/lab/test_terminal.py
EXTRA_DIST += tests/lab/test_completion.py

# configurations that were
check_PROGRAMS += tests/unit/test_revisions
tests_unit_test_revisions_SOURCES = tests/unit/test_revisions.c
tests_unit_test_revisions_LDADD = librevisions.a libconfig.a librulesets.a \
	libutil.a $(JANSSON_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) -lm
EXTRA_DIST += tests/lab/pid1.sh tests/lab/test_units.py
