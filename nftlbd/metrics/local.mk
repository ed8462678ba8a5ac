# what Prometheus reads; part of libcontrol.a
nftlbd_metrics_sources = nftlbd/daemon/observed.c \
	nftlbd/metrics/families.c \
	nftlbd/metrics/families.h nftlbd/metrics/healthy.c \
	nftlbd/metrics/healthy.h nftlbd/metrics/labels.c \
	nftlbd/metrics/labels.h nftlbd/metrics/of_backends.c \
	nftlbd/metrics/of_daemon.c nftlbd/metrics/of_probers.c \
	nftlbd/metrics/of_process.c nftlbd/metrics/of_services.c \
	nftlbd/metrics/readings.c nftlbd/metrics/readings.h \
	nftlbd/metrics/scrape.c

check_PROGRAMS += tests/unit/test_exposition tests/unit/test_histogram
tests_unit_test_exposition_SOURCES = tests/unit/test_exposition.c
tests_unit_test_exposition_LDADD = libutil.a $(CMOCKA_LIBS)
tests_unit_test_histogram_SOURCES = tests/unit/test_histogram.c
tests_unit_test_histogram_LDADD = libutil.a $(CMOCKA_LIBS)
EXTRA_DIST += tests/lab/scraped.py tests/lab/test_metrics.py \
	tests/lab/alerts_test.yml tests/bench/metrics.py \
	doc/alerts.yml doc/grafana.json
