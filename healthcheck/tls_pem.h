/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and keys as text: are they usable? For the configuration. */
#ifndef HEALTHCHECK_TLS_PEM_H
#define HEALTHCHECK_TLS_PEM_H

#include "healthcheck/spec.h"

/**
 * tls_pem_problem() - what is wrong with these PEM texts?
 * Each may be empty (data NULL). @cert: the certificate, then those between it
 * and its issuer. @key: its private key, not encrypted.
 * Return: NULL, or a static text that begins with the key's name ("ca-file:
 * ...").
 */
const char *tls_pem_problem(const struct spec_bytes *ca,
			    const struct spec_bytes *cert,
			    const struct spec_bytes *key);

#endif
