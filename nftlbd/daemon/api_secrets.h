/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API is served with: where it listens, its certificate, tokens. */
#ifndef NFTLB_DAEMON_API_SECRETS_H
#define NFTLB_DAEMON_API_SECRETS_H

#include <stdbool.h>

#include "config/conf.h"
#include "http/tls.h"
#include "http/tokens.h"
#include "lib/err.h"

struct secrets {
	char *listen; /* ADDRESS:PORT; NULL = there is no API on TCP */
	int listener; /* listening; -1 = none */
	bool has_tokens;
	struct tokens tokens;
	struct tls tls;
};

/**
 * secrets_read() - what @conf and its files say; nothing listens yet
 * Return: 0; -errno with words that begin with the key; @s is empty then.
 */
int secrets_read(struct secrets *s, const struct conf *conf, struct err *err);

/**
 * secrets_listen() - open the socket, or share that of @now, which is served
 * meanwhile, where the address is the same
 */
int secrets_listen(struct secrets *s, const struct secrets *now,
		   struct err *err);

/** secrets_same() - is all of it the same? Sockets count by address. */
bool secrets_same(const struct secrets *a, const struct secrets *b);

/** secrets_file() - it as a sealed file in memory, for struct api_packet;
 * the caller's; -errno */
int secrets_file(const struct secrets *s);

/** secrets_free() - close and wipe; it is empty then */
void secrets_free(struct secrets *s);

#endif
