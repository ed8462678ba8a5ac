# the simulator: dynamic weights and slots in a made-up world
sim_sources = tests/sim/agenda.c tests/sim/agenda.h \
	tests/sim/backends.c tests/sim/clients.c \
	tests/sim/dice.c tests/sim/dice.h tests/sim/gateways.c \
	tests/sim/measure.c tests/sim/measure.h \
	tests/sim/run.c tests/sim/samples.c \
	tests/sim/scenarios.c tests/sim/scenarios.h tests/sim/sim.h \
	tests/sim/world.h
sim_libs = libmodel.a libprober.a librulesets.a libutil.a $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/test_sim
tests_unit_test_sim_SOURCES = tests/unit/test_sim.c $(sim_sources)
tests_unit_test_sim_LDADD = $(sim_libs)
check_PROGRAMS += tests/unit/test_sim_schedulers
tests_unit_test_sim_schedulers_SOURCES = tests/unit/test_sim_schedulers.c \
	tests/unit/sim_rig.c tests/unit/sim_rig.h $(sim_sources)
tests_unit_test_sim_schedulers_LDADD = $(sim_libs)

# ./lab bench schedulers
noinst_PROGRAMS += tests/sim/schedulers
tests_sim_schedulers_SOURCES = tests/sim/schedulers.c $(sim_sources)
tests_sim_schedulers_LDADD = libmodel.a libprober.a librulesets.a libutil.a -lm
EXTRA_DIST += tests/bench/schedulers.py tests/bench/schedulers_svg.py \
	doc/schedulers.svg
