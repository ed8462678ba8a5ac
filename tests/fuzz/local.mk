# fuzzers. Each is fuzz_NAME.c, corpus/NAME/* and three lines here; words that
# its input is made of may be in NAME.dict. As tests
# they replay their corpus; ./lab fuzz NAME links them with libFuzzer, whose
# main() is found before that of libreplay.a.
check_LIBRARIES = libreplay.a
libreplay_a_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz.h
libreplay_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DFUZZ_CORPUS=\"$(abs_top_srcdir)/tests/fuzz/corpus\"
EXTRA_DIST += tests/fuzz/corpus

check_PROGRAMS += tests/fuzz/fuzz_spec
tests_fuzz_fuzz_spec_SOURCES = tests/fuzz/fuzz_spec.c
tests_fuzz_fuzz_spec_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_conf
EXTRA_DIST += tests/fuzz/conf.dict
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c
tests_fuzz_fuzz_conf_LDADD = libreplay.a libconfig.a librulesets.a libutil.a \
	$(INIH_LIBS) $(CRYPTO_LIBS) -lm

check_PROGRAMS += tests/fuzz/fuzz_packets
tests_fuzz_fuzz_packets_SOURCES = tests/fuzz/fuzz_packets.c
tests_fuzz_fuzz_packets_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_pattern
tests_fuzz_fuzz_pattern_SOURCES = tests/fuzz/fuzz_pattern.c
tests_fuzz_fuzz_pattern_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_agent
tests_fuzz_fuzz_agent_SOURCES = tests/fuzz/fuzz_agent.c
tests_fuzz_fuzz_agent_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_dns
tests_fuzz_fuzz_dns_SOURCES = tests/fuzz/fuzz_dns.c
tests_fuzz_fuzz_dns_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_icmp
tests_fuzz_fuzz_icmp_SOURCES = tests/fuzz/fuzz_icmp.c
tests_fuzz_fuzz_icmp_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_snmp
tests_fuzz_fuzz_snmp_SOURCES = tests/fuzz/fuzz_snmp.c
tests_fuzz_fuzz_snmp_LDADD = libreplay.a $(prober_libs)

check_PROGRAMS += tests/fuzz/fuzz_prober
tests_fuzz_fuzz_prober_SOURCES = tests/fuzz/fuzz_prober.c \
	nftlbd/daemon/prober_packet.c nftlbd/daemon/prober_packet.h
tests_fuzz_fuzz_prober_LDADD = libreplay.a libutil.a

check_PROGRAMS += tests/fuzz/fuzz_import
EXTRA_DIST += tests/fuzz/import.dict
tests_fuzz_fuzz_import_SOURCES = tests/fuzz/fuzz_import.c
tests_fuzz_fuzz_import_LDADD = libreplay.a libimport.a libconfig.a \
	librulesets.a libutil.a $(INIH_LIBS) $(CRYPTO_LIBS) -lm

check_PROGRAMS += tests/fuzz/fuzz_api
tests_fuzz_fuzz_api_SOURCES = tests/fuzz/fuzz_api.c
tests_fuzz_fuzz_api_LDADD = libreplay.a libapi.a libhttp.a libutil.a \
	$(CRYPTO_LIBS)
