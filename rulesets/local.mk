# the pure core and the thin kernel driver
noinst_LIBRARIES += librulesets.a
librulesets_a_SOURCES =

# slot tables, and which slot a client's flow takes
librulesets_a_SOURCES += rulesets/slots.c rulesets/slots.h \
	rulesets/slots_impl.h rulesets/slots_maglev.c rulesets/slots_share.c \
	rulesets/slots_weighted.c \
	rulesets/jhash.c rulesets/route.c rulesets/route.h
