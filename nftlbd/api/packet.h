/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon and its API process say to each other, on a socketpair of
 * packets: one fixed form for all, descriptors beside it.
 *
 *	daemon -> nftlb-api	SERVE	   listening socket, struct api_secrets
 *	nftlb-api -> daemon	HELLO
 *				SERVING	   the generation is served, or why not
 *				CONNECT	   a stream socket to be served, and the
 *					   token that its user said
 */
#ifndef NFTLB_API_PACKET_H
#define NFTLB_API_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http/tokens.h"

#define API_FD          3 /* the process's end, by convention */
#define API_MAGIC       0x6e6c6170u
#define API_TEXT        (TOKEN_MAX + 1)
#define API_PACKET_FDS  2
#define API_PEM_MAX     ((size_t)256 << 10) /* of each, see TLS_PEM_MAX */
#define API_CONNECTIONS 128 /* clients that it serves at a time */
#define API_STREAMS     256 /* connections that it may have to the daemon */

enum api_packet_type { API_HELLO = 1, API_SERVE, API_SERVING, API_CONNECT };

struct api_packet {
	uint32_t magic, type;
	uint32_t generation; /* SERVE, SERVING: which secrets */
	int32_t status;      /* SERVING: 0 or -errno */
	char text[API_TEXT]; /* SERVING: why not; CONNECT: a token, or "" */
	char pad[3];         /* 0 */
};

/* A file in memory, sealed: this, then the certificate's and the key's text,
 * which have no NUL. */
struct api_secrets {
	bool has_tokens; /* else everybody may look */
	struct tokens tokens;
	uint32_t cert_len, key_len; /* both 0 = no TLS */
};

/**
 * api_packet_wrong() - what is wrong with a packet that came in
 * @len: bytes of it; @nfds: descriptors that came with it
 * @at_daemon: it was read by the daemon, else by the process
 * Return: NULL = nothing; else words.
 */
const char *api_packet_wrong(const struct api_packet *p, size_t len,
			     size_t nfds, bool at_daemon);

/**
 * api_packet_send() - 0; -EAGAIN: the other one does not read; other -errno
 * @fds: stay the caller's
 */
int api_packet_send(int sock, const struct api_packet *p, const int *fds,
		    size_t nfds);

/**
 * api_packet_receive() - the next packet, and the descriptors beside it
 * @fds: API_PACKET_FDS of them, close-on-exec; those that there are are the
 * caller's, whatever is wrong with the packet
 * Return: bytes; 0: the other end is closed; -EAGAIN: nothing is there; other
 * -errno.
 */
ssize_t api_packet_receive(int sock, struct api_packet *p, int *fds,
			   size_t *nfds);

#endif
