/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's certificate and key, as PEM files. */
#ifndef NFTLB_HTTP_TLS_H
#define NFTLB_HTTP_TLS_H

#include <stdbool.h>

#include "lib/err.h"

#define TLS_PEM_MAX ((size_t)256 << 10)

/* Texts; wiped by tls_free(). NULL: no TLS. */
struct tls {
	char *cert; /* and those that it was signed by */
	char *key;
};

/**
 * tls_read() - what the files hold
 * Both or none: NULL. Return: 0; -EINVAL: one without the other; -EPERM: others
 * may read or write the key; -EFBIG: above TLS_PEM_MAX; other -errno; words.
 */
int tls_read(struct tls *tls, const char *cert_file, const char *key_file,
	     struct err *err);
void tls_free(struct tls *tls);

#endif
