/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS of checks, with OpenSSL. One context for each spec, made when the spec
 * comes; one session for each probe. Sessions are never resumed: a resumed one
 * does not show its certificate, and the certificate is what is checked.
 *
 * The sandbox lets nobody open files, and specs come after it has closed: so
 * the system's certificates are read once at the start (tls_open), and all
 * contexts share them. That store is the one thing here that outlives a spec.
 *
 * Hostile peers: OpenSSL passes over some messages of a handshake without
 * coming back, and over records that are no answer; who sends them without end
 * would keep the loop. So a handshake has a bound, and a record that is no
 * answer ends a read. Diffie-Hellman without curves, with numbers of the peer's
 * choice, is half a second of arithmetic: not offered.
 *
 * Must not know what is said inside TLS, nor who waits for the socket.
 */
#include "healthcheck/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "healthcheck/checks.h"
#include "healthcheck/socket.h"
#include "healthcheck/tls_pem.h"

/* More than the largest chain of certificates that OpenSSL reads. */
#define HANDSHAKE_MAX (256u << 10)
#define CIPHERS       "DEFAULT:!DHE"
#define GROUPS        "X25519:P-256:X448:P-384:P-521"

static X509_STORE *system_store; /* set by tls_open() only */

/* ---- the system's certificates */

/* Where distributions have them all in one file; the first that is there. A
 * directory would be read when a certificate is checked: too late. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian and others */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora and others */
	"/etc/ssl/ca-bundle.pem",             /* SUSE */
	"/etc/ssl/cert.pem",                  /* Alpine, BSDs */
};

void tls_open(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	system_store = X509_STORE_new();
	for (size_t i = 0;
	     system_store && i < sizeof(bundles) / sizeof(*bundles); i++)
		if (X509_STORE_load_file(system_store, bundles[i]) == 1)
			break;
	ERR_clear_error();
}

void tls_close(void)
{
	X509_STORE_free(system_store);
	system_store = NULL;
}

X509_STORE *tls_system_store(void)
{
	return system_store;
}

/* ---- what errors mean */

enum hc_reason tls_verify_reason(long x509_code)
{
	switch (x509_code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
		return HC_CERT_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
	case X509_V_ERR_EMAIL_MISMATCH:
		return HC_CERT_NAME;
	default:
		return HC_CERT_UNTRUSTED;
	}
}

static int tls_failure(SSL *ssl, int32_t *detail)
{
	long verified = SSL_get_verify_result(ssl);
	int code = ERR_GET_REASON(ERR_peek_error());

	if (code == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return HC_CLOSED;
	if (code == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
		*detail = (int32_t)verified;
		return (int)tls_verify_reason(verified);
	}
	*detail = code;
	return HC_TLS;
}

int tls_reason(SSL *ssl, int rc, int32_t *detail, bool *want_write)
{
	int error = errno;

	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*want_write = SSL_want_write(ssl);
		return CHECK_RUNNING;
	case SSL_ERROR_ZERO_RETURN:
		return HC_CLOSED;
	case SSL_ERROR_SYSCALL:
		return error ? probe_reason(error) : HC_CLOSED;
	default:
		return tls_failure(ssl, detail);
	}
}

/* ---- contexts */

bool tls_context_bound(SSL_CTX *ctx)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	return SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) == 1;
}

static X509_STORE *store_of(const struct spec_bytes *pem)
{
	X509_STORE *store = X509_STORE_new();
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *cert;

	while (store && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	BIO_free(bio);
	return store;
}

static void verify_set(SSL_CTX *ctx, const struct hc_spec *spec)
{
	X509_STORE *own;

	if (spec->tls_verify != SPEC_YES) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (spec->ca.data) {
		own = store_of(&spec->ca);
		SSL_CTX_set1_cert_store(ctx, own);
		X509_STORE_free(own);
	} else if (system_store) {
		SSL_CTX_set1_cert_store(ctx, system_store);
	}
}

static void identity_set(SSL_CTX *ctx, const struct hc_spec *spec)
{
	BIO *bio = BIO_new_mem_buf(spec->cert.data, (int)spec->cert.len);
	BIO *key_bio = BIO_new_mem_buf(spec->key.data, (int)spec->key.len);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);

	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	EVP_PKEY_free(key);
	do {
		X509_free(cert);
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	} while (cert && SSL_CTX_add1_chain_cert(ctx, cert) == 1);
	X509_free(cert);
	BIO_free(key_bio);
	BIO_free(bio);
}

/* The peer's asking is noted in the session; see tls_asked(). */
static int certificate_wanted(SSL *ssl, void *arg)
{
	SSL_set_app_data(ssl, ssl);
	return 1;
}

bool tls_asked(const SSL *ssl)
{
	return SSL_get_app_data(ssl) != NULL;
}

const char *tls_context(const struct hc_spec *spec, SSL_CTX **ctx)
{
	const char *wrong = tls_pem_problem(&spec->ca, &spec->cert, &spec->key);

	if (wrong)
		return wrong;
	*ctx = SSL_CTX_new(TLS_client_method());
	if (!*ctx)
		return "no memory for TLS";
	if (!tls_context_bound(*ctx)) {
		SSL_CTX_free(*ctx);
		*ctx = NULL;
		return "not with this OpenSSL";
	}
	SSL_CTX_set_min_proto_version(*ctx, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(*ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(*ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_cert_cb(*ctx, certificate_wanted, NULL);
	verify_set(*ctx, spec);
	if (spec->cert.data)
		identity_set(*ctx, spec);
	ERR_clear_error();
	return NULL;
}

/* ---- sessions */

static long handshake_read(BIO *bio, int oper, const char *data, size_t len,
			   int argi, long argl, int ret, size_t *done)
{
	const SSL *ssl = (const SSL *)(void *)BIO_get_callback_arg(bio);

	if (oper != BIO_CB_READ || SSL_is_init_finished(ssl) ||
	    BIO_number_read(bio) < HANDSHAKE_MAX)
		return ret;
	ERR_raise(ERR_LIB_SSL, SSL_R_EXCESSIVE_MESSAGE_SIZE);
	return -1;
}

void tls_session_bound(const SSL *ssl)
{
	BIO *bio = SSL_get_rbio(ssl);

	BIO_set_callback_arg(bio, (char *)(uintptr_t)ssl);
	BIO_set_callback_ex(bio, handshake_read);
}

static int name_set(SSL *ssl, const struct hc_spec *spec,
		    const struct hc_job *job)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	size_t len = job->family == AF_INET6 ? 16 : 4;

	if (!spec->sni)
		return X509_VERIFY_PARAM_set1_ip(param, job->ip, len);
	/* An address is no name for SNI (RFC 6066, section 3). */
	if (X509_VERIFY_PARAM_set1_ip_asc(param, spec->sni) == 1)
		return 1;
	return SSL_set_tlsext_host_name(ssl, spec->sni) == 1 &&
	       X509_VERIFY_PARAM_set1_host(param, spec->sni, 0) == 1;
}

SSL *tls_session(SSL_CTX *ctx, const struct hc_spec *spec,
		 const struct hc_job *job, int fd)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl && SSL_set_fd(ssl, fd) == 1 && name_set(ssl, spec, job) == 1) {
		SSL_set_connect_state(ssl);
		tls_session_bound(ssl);
		ERR_clear_error();
		return ssl;
	}
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}
