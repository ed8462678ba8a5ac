/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS of checks: contexts, handshakes, and what their errors mean. */
#ifndef HEALTHCHECK_TLS_H
#define HEALTHCHECK_TLS_H

#include <openssl/ssl.h>

#include "healthcheck/protocol.h"
#include "healthcheck/spec.h"

/**
 * tls_open() - read what TLS reads of the file system, once and for all
 * OpenSSL's own configuration and the system's certificates. To be called
 * before the sandbox closes; without it, checks that need the system's
 * certificates find no issuer.
 */
void tls_open(void);

/** tls_close() - give it back; no context of it is in use */
void tls_close(void);

/**
 * tls_system_store() - the system's certificates; stays ours
 * For SSL_CTX_set1_cert_store(). NULL before tls_open().
 */
X509_STORE *tls_system_store(void);

/**
 * tls_verify_reason() - why a certificate was not believed
 * @x509_code: X509_V_ERR_*
 * Return: HC_CERT_EXPIRED, HC_CERT_NAME or HC_CERT_UNTRUSTED.
 */
enum hc_reason tls_verify_reason(long x509_code);

/**
 * tls_context() - what all probes of a spec share
 * TLS 1.2 or later; ca, or the system's certificates; cert and key; verify.
 * @ctx: the caller's, SSL_CTX_free()
 * Return: NULL, or what is wrong with the spec (static).
 */
const char *tls_context(const struct hc_spec *spec, SSL_CTX **ctx);

/**
 * tls_session() - a session of @ctx on the socket @fd, before its handshake
 * The name that is asked for and checked is the spec's sni; without it the
 * certificate has to be that of the target's address.
 * Return: SSL_free() it; NULL: no memory.
 */
SSL *tls_session(SSL_CTX *ctx, const struct hc_spec *spec,
		 const struct hc_job *job, int fd);

/**
 * tls_context_bound() - what bounds the work that a peer can give us
 * For contexts that others make; tls_context()'s have it.
 * Return: false where this OpenSSL cannot.
 */
bool tls_context_bound(SSL_CTX *ctx);

/**
 * tls_session_bound() - a handshake of @ssl without end ends: as a failure of
 * TLS For sessions that others make, when their handshake begins;
 * tls_session()'s have it.
 */
void tls_session_bound(const SSL *ssl);

/** tls_asked() - did the peer ask for our certificate? */
bool tls_asked(const SSL *ssl);

/**
 * tls_reason() - why an SSL_* function did not return what was hoped for
 * @rc: what it returned; nothing else was called in between
 * @detail: set beside HC_TLS (OpenSSL's reason code) and HC_CERT_*
 * (X509_V_ERR_*)
 * @want_write: set where it is under way and waits for room to write
 * Return: enum hc_reason; CHECK_RUNNING (-1) where it is under way. HC_CLOSED
 * is also an orderly end of TLS.
 */
int tls_reason(SSL *ssl, int rc, int32_t *detail, bool *want_write);

#endif
