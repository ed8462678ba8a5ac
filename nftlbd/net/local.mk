# routes, neighbours, interfaces and tunnels, by NETLINK_ROUTE
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	nftlbd/net/links.c nftlbd/net/links.h \
	nftlbd/net/neigh.c nftlbd/net/neigh.h nftlbd/net/neigh_ask.c \
	nftlbd/net/neigh_hops.c nftlbd/net/neigh_impl.h \
	nftlbd/net/neigh_route.c \
	nftlbd/net/parse.c nftlbd/net/parse.h nftlbd/net/parse_impl.h \
	nftlbd/net/parse_link.c \
	nftlbd/net/rtnl.c nftlbd/net/rtnl.h \
	nftlbd/net/table.c nftlbd/net/table.h \
	nftlbd/net/tunnel_spec.c nftlbd/net/tunnel_spec.h \
	nftlbd/net/tunnels.c nftlbd/net/tunnels.h \
	nftlbd/net/tunnels_impl.h nftlbd/net/tunnels_work.c

# all of it by itself, for the lab
noinst_PROGRAMS += tests/tools/paths
tests_tools_paths_SOURCES = tests/tools/paths.c
tests_tools_paths_LDADD = libnet.a libutil.a $(NFTNL_LIBS) $(EV_LIBS)
EXTRA_DIST += tests/lab/test_net.py

check_PROGRAMS += tests/unit/test_net_parse
tests_unit_test_net_parse_SOURCES = tests/unit/test_net_parse.c
tests_unit_test_net_parse_LDADD = libnet.a libutil.a $(CMOCKA_LIBS) \
	$(NFTNL_LIBS)
tests_unit_test_net_parse_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
