# The agent on hypervisors; all but main() is a library, for the tests.
noinst_LIBRARIES += libhvagent.a
libhvagent_a_SOURCES = \
	hvagent/agent.h hvagent/api.h hvagent/conf.c hvagent/conf.h \
	hvagent/conf_export.c hvagent/conf_export.h \
	hvagent/keys.c hvagent/keys.h \
	hvagent/agent.c hvagent/core.c hvagent/core.h \
	hvagent/devices.c hvagent/devices.h \
	hvagent/want.c hvagent/want.h \
	hvagent/binding.c hvagent/binding.h

# its HTTP API, and what that keeps
libhvagent_a_SOURCES += \
	hvagent/api.c hvagent/api_bindings.c hvagent/api_check.c \
	hvagent/api_impl.h hvagent/api_metrics.c \
	hvagent/api_read.c hvagent/api_read.h \
	hvagent/api_status.c hvagent/api_status.h \
	hvagent/keep.c hvagent/keep.h \
	hvagent/keep_text.c hvagent/keep_text.h
check_PROGRAMS += tests/unit/test_hvagent_keep tests/unit/test_hvagent_read
tests_unit_test_hvagent_keep_SOURCES = tests/unit/test_hvagent_keep.c
tests_unit_test_hvagent_keep_LDADD = libhvagent.a libutil.a $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS) -lm
tests_unit_test_hvagent_read_SOURCES = tests/unit/test_hvagent_read.c
tests_unit_test_hvagent_read_LDADD = libhvagent.a libhttp.a libutil.a \
	$(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) -lm

sbin_PROGRAMS += hvagent/hvagent
hvagent_libs = libexport.a libhvagent.a libhttp.a libhostcheck.a libnet.a \
	libprober.a libconfig.a librulesets.a libutil.a \
	$(RDKAFKA_LIBS) $(CURL_LIBS) \
	$(MHD_LIBS) $(JANSSON_LIBS) $(NFTABLES_LIBS) $(NFTNL_LIBS) $(INIH_LIBS) \
	$(SYSTEMD_LIBS) $(CRYPTO_LIBS) $(EV_LIBS) -lm
hvagent_hvagent_SOURCES = hvagent/main.c $(lib_systemd)
hvagent_hvagent_LDADD = $(hvagent_libs)
EXTRA_DIST += tests/lab/hvapi.py tests/lab/test_hvagent_api.py
EXTRA_DIST += hvagent/API.md



check_PROGRAMS += tests/unit/test_hv_binding tests/unit/test_hv_conf
tests_unit_test_hv_binding_SOURCES = tests/unit/test_hv_binding.c
tests_unit_test_hv_binding_LDADD = libhvagent.a libutil.a $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS) -lm
tests_unit_test_hv_conf_SOURCES = tests/unit/test_hv_conf.c
tests_unit_test_hv_conf_LDADD = libhvagent.a libconfig.a librulesets.a \
	libutil.a $(INIH_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_hv_rules
tests_unit_test_hv_rules_SOURCES = tests/unit/test_hv_rules.c
tests_unit_test_hv_rules_LDADD = libhvagent.a librulesets.a libutil.a \
	$(NFTNL_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS) $(EV_LIBS) -lm
