# The process that the API's clients talk to; its packets are the daemon's too.
noinst_LIBRARIES += libapi.a
libapi_a_SOURCES = nftlbd/api/packet.c nftlbd/api/packet.h \
	nftlbd/api/answer.c nftlbd/api/answer.h \
	nftlbd/api/upstream.c nftlbd/api/upstream.h \
	nftlbd/api/forward.c nftlbd/api/forward.h \
	nftlbd/api/forward_text.c nftlbd/api/forward_text.h \
	nftlbd/api/serve.c nftlbd/api/serve.h \
	nftlbd/api/sandbox.c nftlbd/api/sandbox.h
pkglibexec_PROGRAMS += nftlb-api
nftlb_api_SOURCES = nftlbd/api/main.c
nftlb_api_LDADD = libapi.a libhttp.a libutil.a $(MHD_LIBS) $(JANSSON_LIBS) \
	$(CRYPTO_LIBS) $(SECCOMP_LIBS) $(EV_LIBS) -lm
