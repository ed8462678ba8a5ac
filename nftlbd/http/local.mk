# a small HTTP server that knows neither daemon nor agent
noinst_LIBRARIES += libhttp.a
libhttp_a_SOURCES = nftlbd/http/admit.c nftlbd/http/admit.h \
	nftlbd/http/conns.c nftlbd/http/conns.h \
	nftlbd/http/limits.h nftlbd/http/http.h nftlbd/http/impl.h \
	nftlbd/http/etag.c nftlbd/http/etag.h \
	nftlbd/http/input.c nftlbd/http/input.h \
	nftlbd/http/mistakes.c nftlbd/http/mistakes.h \
	nftlbd/http/json.h nftlbd/http/json_text.c \
	nftlbd/http/listener.c nftlbd/http/listener.h \
	nftlbd/http/listing.c nftlbd/http/listing.h \
	nftlbd/http/peer.c nftlbd/http/peer.h \
	nftlbd/http/pieces.c nftlbd/http/pieces.h \
	nftlbd/http/reply.c nftlbd/http/reply.h \
	nftlbd/http/request.c nftlbd/http/request.h \
	nftlbd/http/routes.c nftlbd/http/routes.h nftlbd/http/server.c \
	nftlbd/http/tls.c nftlbd/http/tls.h \
	nftlbd/http/tokens.c nftlbd/http/tokens.h
