/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: certificates and keys of checks are read with the file, and refused
 * in words. They are made here, so that none of them ever expires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "conf_rig.h"
#include "lib/xalloc.h"

/* The memory of @bio as a file of the rig. */
static void bio_write(struct rig *rig, const char *name, BIO *bio)
{
	char *data;
	long n = BIO_get_mem_data(bio, &data);

	assert_true(n > 0);
	rig_write(rig, name, data, (size_t)n);
	BIO_free(bio);
}

/* A key and a certificate that it signed itself; key.pem and cert.pem. */
static void pair_write(struct rig *rig, const char *cert_name,
		       const char *key_name, const char *password)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *out = BIO_new(BIO_s_mem());

	assert_non_null(key);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(out, cert), 1);
	bio_write(rig, cert_name, out);
	out = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(
			     out, key, password ? EVP_aes_128_cbc() : NULL,
			     (const unsigned char *)password,
			     password ? (int)strlen(password) : 0, NULL, NULL),
			 1);
	bio_write(rig, key_name, out);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* A check with these lines, "%" standing for the rig's directory. */
static char *check_text(const struct rig *rig, const char *lines)
{
	struct buf b = { 0 };

	buf_printf(&b, "[check c]\ntype = https\n");
	for (; *lines; lines++) {
		if (*lines == '%')
			buf_printf(&b, "%s", rig->dir);
		else
			buf_append(&b, lines, 1);
	}
	return b.data;
}

static void refused(struct rig *rig, const char *lines, unsigned int line,
		    const char *words)
{
	char *text = check_text(rig, lines);

	rig_bad(rig, text, strlen(text), line, words);
	assert_int_equal(rig->errors.n, 1);
	free(text);
}

static void files_are_in_the_spec(void **state)
{
	static const char lines[] = "ca-file = %/cert.pem\n"
				    "cert-file = %/cert.pem\n"
				    "key-file = %/key.pem\n";
	struct rig *rig = *state;
	struct buf printed = { 0 };
	const struct conf_check *c;
	char *text, *line;

	pair_write(rig, "cert.pem", "key.pem", NULL);
	text = check_text(rig, lines);
	c = &rig_good(rig, text)->checks[0];
	assert_non_null(
	    memmem(c->spec.ca.data, c->spec.ca.len, "BEGIN CERTIFICATE", 17));
	assert_int_equal(c->spec.ca.len, c->spec.cert.len);
	assert_non_null(
	    memmem(c->spec.key.data, c->spec.key.len, "PRIVATE KEY", 11));
	/* printed are the names, and nothing of what is in them */
	conf_print(rig->conf, &printed);
	line = xasprintf("key-file       = %s/key.pem\n", rig->dir);
	assert_non_null(strstr(printed.data, line));
	assert_null(strstr(printed.data, "PRIVATE"));
	free(line);
	free(text);
	buf_free(&printed);
}

static void files_that_cannot_be_read(void **state)
{
	struct rig *rig = *state;
	char *path = xasprintf("%s/fifo", rig->dir);
	char *big = xcalloc(1, (1 << 20) + 1);

	refused(rig, "ca-file = %/none.pem\n", 3,
		"No such file or directory; allowed: a regular file in PEM");
	refused(rig, "ca-file = %\n", 3, "is not a regular file; allowed");
	/* nobody writes to it: must not wait for that */
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(rig, "ca-file = %/fifo\n", 3, "is not a regular file");
	rig_write(rig, "big.pem", big, (1 << 20) + 1);
	refused(rig, "ca-file = %/big.pem\n", 3,
		"is larger than 1 MB; allowed: ");
	free(path);
	free(big);
}

static void files_that_are_something_else(void **state)
{
	struct rig *rig = *state;

	pair_write(rig, "cert.pem", "key.pem", NULL);
	pair_write(rig, "cert2.pem", "key2.pem", "secret");
	rig_write(rig, "empty.pem", "", 0);
	rig_write(rig, "text.pem", "hello\n", 6);
	refused(rig, "ca-file = %/empty.pem\n", 3, "ca-file: found ");
	refused(rig, "ca-file = %/text.pem\n", 3,
		"not certificates in PEM; allowed: a regular file in PEM");
	refused(rig, "cert-file = %/cert.pem\nkey-file = %/cert.pem\n", 4,
		"no private key in PEM; allowed");
	refused(rig, "cert-file = %/key.pem\nkey-file = %/key.pem\n", 3,
		"not certificates in PEM");
	refused(rig, "cert-file = %/cert2.pem\nkey-file = %/key.pem\n", 4,
		"not the key of the certificate");
	refused(rig, "cert-file = %/cert2.pem\nkey-file = %/key2.pem\n", 4,
		"encrypted; allowed: a regular file");
}

static void certificate_and_key_go_together(void **state)
{
	struct rig *rig = *state;

	pair_write(rig, "cert.pem", "key.pem", NULL);
	refused(rig, "cert-file = %/cert.pem\n", 3, "needs key-file");
	refused(rig, "key-file = %/key.pem\n", 3, "needs cert-file");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(files_are_in_the_spec),
		T(files_that_cannot_be_read),
		T(files_that_are_something_else),
		T(certificate_and_key_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
