/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys, codes and ciphers of SNMP version 3 (RFC 3414, 3826, 7860). */
#ifndef HEALTHCHECK_SNMP_USM_H
#define HEALTHCHECK_SNMP_USM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "healthcheck/spec.h"

#define USM_KEY_MAX 64

struct usm_key {
	uint8_t bytes[USM_KEY_MAX];
	size_t len; /* 0 = not in use */
};

/* Of a user: from his passwords, or for one engine. */
struct usm_keys {
	struct usm_key auth, priv;
};

/**
 * usm_user_keys() - of the passwords; a mebibyte is hashed for each
 * Return: NULL, or what is wrong with them.
 */
const char *usm_user_keys(const struct hc_spec *spec, struct usm_keys *keys);

/** usm_engine_keys() - localised; false: the library refuses */
bool usm_engine_keys(const struct hc_spec *spec, const struct usm_keys *user,
		     const uint8_t *engine, size_t len, struct usm_keys *keys);

/** usm_mac_len() - bytes of the code, 0 without authentication */
size_t usm_mac_len(const struct hc_spec *spec);

/** usm_mac() - the code of a message in which its place is zeros */
bool usm_mac(const struct hc_spec *spec, const struct usm_keys *keys,
	     const uint8_t *message, size_t len, uint8_t *mac);

/** usm_encrypt() - @out: room for @len + 8; *out_len becomes its length */
bool usm_encrypt(const struct hc_spec *spec, const struct usm_keys *keys,
		 uint32_t boots, uint32_t time_s, const uint8_t salt[8],
		 const uint8_t *in, size_t len, uint8_t *out, size_t *out_len);
/** usm_decrypt() - the same way back; what comes out may be anything */
bool usm_decrypt(const struct hc_spec *spec, const struct usm_keys *keys,
		 uint32_t boots, uint32_t time_s, const uint8_t salt[8],
		 const uint8_t *in, size_t len, uint8_t *out, size_t *out_len);

#endif
