/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PEM texts that can be used, and that cannot; what X.509 errors mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "healthcheck/tls.h"
#include "healthcheck/tls_pem.h"

/* A key and a certificate that it signed itself, as PEM texts. */
struct identity {
	struct spec_bytes cert, key, encrypted;
};

static struct spec_bytes bytes_of(BIO *bio)
{
	char *data;
	size_t len = (size_t)BIO_get_mem_data(bio, &data);
	struct spec_bytes out = { malloc(len), len };

	memcpy(out.data, data, len);
	BIO_free(bio);
	return out;
}

static struct spec_bytes key_text(EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(
			     bio, key, password ? EVP_aes_128_cbc() : NULL,
			     NULL, 0, NULL, (void *)password),
			 1);
	return bytes_of(bio);
}

static void identity_make(struct identity *id)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	id->cert = bytes_of(bio);
	id->key = key_text(key, NULL);
	id->encrypted = key_text(key, "secret");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void identity_free(struct identity *id)
{
	free(id->cert.data);
	free(id->key.data);
	free(id->encrypted.data);
}

static struct spec_bytes joined(struct spec_bytes a, struct spec_bytes b)
{
	struct spec_bytes out = { malloc(a.len + b.len), a.len + b.len };

	memcpy(out.data, a.data, a.len);
	memcpy(out.data + a.len, b.data, b.len);
	return out;
}

static void problem_begins(const char *problem, const char *with)
{
	if (!with) {
		assert_null(problem);
		return;
	}
	assert_non_null(problem);
	assert_memory_equal(problem, with, strlen(with));
}

static void unusable_pem_is_refused(void **state)
{
	static uint8_t text[] = "no PEM at all\n";
	struct spec_bytes none = { 0 }, nonsense = { text, sizeof(text) - 1 },
			  empty = { text, 0 };
	struct identity a, b;
	struct spec_bytes chain, cut, broken;

	identity_make(&a);
	identity_make(&b);
	chain = joined(a.cert, b.cert);
	cut = (struct spec_bytes){ a.cert.data, a.cert.len - 40 };
	broken = joined(a.cert, cut);
	{
		const struct {
			struct spec_bytes ca, cert, key;
			const char *begins;
		} rows[] = {
			{ none, none, none, NULL },
			{ a.cert, none, none, NULL },
			{ chain, none, none, NULL },
			{ none, a.cert, a.key, NULL },
			{ none, chain, a.key, NULL },
			{ nonsense, none, none, "ca-file: " },
			{ empty, none, none, "ca-file: " },
			{ a.key, none, none, "ca-file: " },
			{ cut, none, none, "ca-file: " },
			{ broken, none, none, "ca-file: " },
			{ none, a.cert, none, "cert-file: needs" },
			{ none, none, a.key, "key-file: needs" },
			{ none, nonsense, a.key, "cert-file: " },
			{ none, broken, a.key, "cert-file: " },
			{ none, a.cert, nonsense, "key-file: no " },
			{ none, a.cert, a.cert, "key-file: no " },
			{ none, a.cert, b.key, "key-file: not the key" },
			{ none, chain, b.key, "key-file: not the key" },
			{ none, a.cert, a.encrypted, "key-file: encrypted" },
		};

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			problem_begins(tls_pem_problem(&rows[i].ca,
						       &rows[i].cert,
						       &rows[i].key),
				       rows[i].begins);
	}
	free(chain.data);
	free(broken.data);
	identity_free(&a);
	identity_free(&b);
}

static void contexts_are_made_of_good_specs_only(void **state)
{
	struct hc_spec spec = { .tls_verify = SPEC_YES };
	struct identity a, b;
	SSL_CTX *ctx = NULL;

	identity_make(&a);
	identity_make(&b);
	spec.ca = a.cert;
	spec.cert = joined(a.cert, b.cert);
	spec.key = a.key;
	assert_null(tls_context(&spec, &ctx));
	assert_int_equal(SSL_CTX_get_verify_mode(ctx), SSL_VERIFY_PEER);
	assert_int_equal(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_check_private_key(ctx), 1);
	SSL_CTX_free(ctx);
	ctx = NULL;
	spec.tls_verify = SPEC_NO;
	assert_null(tls_context(&spec, &ctx));
	assert_int_equal(SSL_CTX_get_verify_mode(ctx), SSL_VERIFY_NONE);
	SSL_CTX_free(ctx);
	ctx = NULL;
	spec.key = b.key;
	assert_non_null(tls_context(&spec, &ctx));
	assert_null(ctx);
	free(spec.cert.data);
	identity_free(&a);
	identity_free(&b);
}

static void x509_errors_have_reasons(void **state)
{
	static const struct {
		long code;
		enum hc_reason reason;
	} rows[] = {
		{ X509_V_ERR_CERT_HAS_EXPIRED, HC_CERT_EXPIRED },
		{ X509_V_ERR_CERT_NOT_YET_VALID, HC_CERT_EXPIRED },
		{ X509_V_ERR_HOSTNAME_MISMATCH, HC_CERT_NAME },
		{ X509_V_ERR_IP_ADDRESS_MISMATCH, HC_CERT_NAME },
		{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, HC_CERT_UNTRUSTED },
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		  HC_CERT_UNTRUSTED },
		{ X509_V_ERR_CERT_REVOKED, HC_CERT_UNTRUSTED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(tls_verify_reason(rows[i].code),
				 rows[i].reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unusable_pem_is_refused),
		cmocka_unit_test(contexts_are_made_of_good_specs_only),
		cmocka_unit_test(x509_errors_have_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
