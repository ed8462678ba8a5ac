# routes, neighbours, interfaces and tunnels, by NETLINK_ROUTE
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	nftlbd/net/links.c nftlbd/net/links.h \
	nftlbd/net/parse.c nftlbd/net/parse.h nftlbd/net/parse_impl.h \
	nftlbd/net/parse_link.c \
	nftlbd/net/rtnl.c nftlbd/net/rtnl.h \
	nftlbd/net/table.c nftlbd/net/table.h
EXTRA_DIST += nftlbd/net/neigh.h nftlbd/net/tunnels.h
