# routes, neighbours, interfaces and tunnels, by NETLINK_ROUTE
EXTRA_DIST += nftlbd/net/links.h nftlbd/net/neigh.h nftlbd/net/tunnels.h
