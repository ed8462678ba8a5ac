/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are these PEM texts what a TLS client needs? Asked by the configuration, so
 * that a file that cannot be used is refused with words, and by the prober,
 * which believes nobody. Links libcrypto only; keeps nothing.
 */
#include "healthcheck/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>

static BIO *bio_of(const struct spec_bytes *pem)
{
	return BIO_new_mem_buf(pem->data, (int)pem->len);
}

/* A password is never asked for: nobody sits there. */
static int no_password(char *to, int size, int rwflag, void *arg)
{
	*(bool *)arg = true;
	return -1;
}

/* How many certificates before the end; -1: something that is none. */
static int certs_count(const struct spec_bytes *pem, X509 **first)
{
	BIO *bio = bio_of(pem);
	X509 *cert;
	int n = 0;
	unsigned long error;

	ERR_clear_error();
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (n++ == 0 && first)
			*first = cert;
		else
			X509_free(cert);
	}
	error = ERR_peek_last_error();
	if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
		n = -1;
	ERR_clear_error();
	BIO_free(bio);
	return n;
}

static const char *key_problem(X509 *cert, const struct spec_bytes *pem)
{
	bool encrypted = false;
	BIO *bio = bio_of(pem);
	EVP_PKEY *key =
	    PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);
	const char *wrong = NULL;

	if (encrypted)
		wrong = "key-file: encrypted; allowed: a key without password";
	else if (!key)
		wrong = "key-file: no private key in PEM";
	else if (X509_check_private_key(cert, key) != 1)
		wrong = "key-file: not the key of the certificate";
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return wrong;
}

static const char *pair_problem(const struct spec_bytes *cert,
				const struct spec_bytes *key)
{
	const char *wrong = NULL;
	X509 *own = NULL;

	if (certs_count(cert, &own) < 1)
		wrong = "cert-file: not certificates in PEM";
	else
		wrong = key_problem(own, key);
	X509_free(own);
	return wrong;
}

const char *tls_pem_problem(const struct spec_bytes *ca,
			    const struct spec_bytes *cert,
			    const struct spec_bytes *key)
{
	if (ca->data && certs_count(ca, NULL) < 1)
		return "ca-file: not certificates in PEM";
	if (cert->data && !key->data)
		return "cert-file: needs key-file";
	if (key->data && !cert->data)
		return "key-file: needs cert-file";
	return cert->data ? pair_problem(cert, key) : NULL;
}
