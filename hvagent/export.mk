# the export of all bindings: a library of its own, with libraries of its own
noinst_LIBRARIES += libexport.a
libexport_a_SOURCES = hvagent/export.c hvagent/export.h \
	hvagent/export_file.c hvagent/export_http.c hvagent/export_impl.h \
	hvagent/export_kafka.c hvagent/export_text.c
# libprober.a: libcurl on libev
export_libs = libexport.a libhvagent.a libprober.a librulesets.a libutil.a \
	$(RDKAFKA_LIBS) $(CURL_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(EV_LIBS)

export_rig = tests/unit/export_rig.c tests/unit/export_rig.h \
	tests/unit/listener.c tests/unit/listener.h
kafka_rig = tests/unit/kafka_rig.c tests/unit/kafka_rig.h
check_PROGRAMS += tests/unit/test_export tests/unit/test_export_kafka
tests_unit_test_export_SOURCES = tests/unit/test_export.c $(export_rig)
tests_unit_test_export_LDADD = $(export_libs) $(CMOCKA_LIBS)
tests_unit_test_export_kafka_SOURCES = tests/unit/test_export_kafka.c \
	$(export_rig) $(kafka_rig)
tests_unit_test_export_kafka_LDADD = $(export_libs) $(CMOCKA_LIBS)

# for tests/lab/test_export.py
noinst_PROGRAMS += tests/tools/export tests/tools/kafka
tests_tools_export_SOURCES = tests/tools/export.c
tests_tools_export_LDADD = $(export_libs)
tests_tools_kafka_SOURCES = tests/tools/kafka.c $(kafka_rig)
tests_tools_kafka_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_tools_kafka_LDADD = $(RDKAFKA_LIBS)
EXTRA_DIST += tests/lab/test_export.py tests/lab/export_sink.py
