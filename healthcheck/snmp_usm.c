/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Net-SNMP's cryptography and nothing else of it. Its sessions are of no use
 * here: with version 3 they block to find out the engine, and their table of
 * users is one for the whole process, keyed by engine and name, so two checks
 * with the same user and different passwords would disturb each other.
 *
 * Invariant: lengths are checked before the library sees them.
 *
 * Must not know messages.
 */
#include "healthcheck/snmp_usm.h"

#include <string.h>

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/keytools.h>
#include <net-snmp/library/scapi.h>

static const int auth_types[] = {
	[SPEC_AUTH_NONE] = NETSNMP_USMAUTH_NOAUTH,
	[SPEC_AUTH_MD5] = NETSNMP_USMAUTH_HMACMD5,
	[SPEC_AUTH_SHA] = NETSNMP_USMAUTH_HMACSHA1,
	[SPEC_AUTH_SHA224] = NETSNMP_USMAUTH_HMAC128SHA224,
	[SPEC_AUTH_SHA256] = NETSNMP_USMAUTH_HMAC192SHA256,
	[SPEC_AUTH_SHA384] = NETSNMP_USMAUTH_HMAC256SHA384,
	[SPEC_AUTH_SHA512] = NETSNMP_USMAUTH_HMAC384SHA512,
};

static const int priv_types[] = {
	[SPEC_PRIV_NONE] = USM_CREATE_USER_PRIV_NONE,
	[SPEC_PRIV_DES] = USM_CREATE_USER_PRIV_DES,
	[SPEC_PRIV_AES] = USM_CREATE_USER_PRIV_AES,
};

#define PRIV_KEY_LEN 16 /* AES: the key; DES: 8 of key, 8 for the vector */
#define DES_KEY_LEN  8
#define IV_MAX       16

static const oid *auth_oid(const struct hc_spec *spec, size_t *len)
{
	return sc_get_auth_oid(auth_types[spec->snmp_auth], len);
}

static const oid *priv_oid(const struct hc_spec *spec, size_t *len)
{
	return sc_get_priv_oid(priv_types[spec->snmp_priv], len);
}

static const char *password_key(const struct hc_spec *spec,
				const char *password, struct usm_key *key)
{
	size_t n;
	const oid *type = auth_oid(spec, &n);

	key->len = sizeof(key->bytes);
	if (!password || strlen(password) < USM_LENGTH_P_MIN)
		return "a password of less than 8 characters";
	if (!type || generate_Ku(type, (u_int)n, (const u_char *)password,
				 strlen(password), key->bytes, &key->len) != 0)
		return "no key can be made of the password";
	return NULL;
}

const char *usm_user_keys(const struct hc_spec *spec, struct usm_keys *keys)
{
	const char *wrong;

	memset(keys, 0, sizeof(*keys));
	if (spec->snmp_auth < 0 || spec->snmp_auth > SPEC_AUTH_SHA512 ||
	    spec->snmp_priv < 0 || spec->snmp_priv > SPEC_PRIV_AES)
		return "an unknown algorithm";
	if (spec->snmp_auth == SPEC_AUTH_NONE)
		return spec->snmp_priv == SPEC_PRIV_NONE
			   ? NULL
			   : "privacy without authentication";
	wrong = password_key(spec, spec->auth_password, &keys->auth);
	if (!wrong && spec->snmp_priv != SPEC_PRIV_NONE)
		wrong = password_key(spec, spec->priv_password, &keys->priv);
	return wrong;
}

static bool key_localise(const struct hc_spec *spec, const struct usm_key *user,
			 const uint8_t *engine, size_t len, struct usm_key *key)
{
	size_t n;
	const oid *type = auth_oid(spec, &n);

	key->len = sizeof(key->bytes);
	return generate_kul(type, (u_int)n, engine, len, user->bytes, user->len,
			    key->bytes, &key->len) == 0;
}

bool usm_engine_keys(const struct hc_spec *spec, const struct usm_keys *user,
		     const uint8_t *engine, size_t len, struct usm_keys *keys)
{
	memset(keys, 0, sizeof(*keys));
	if (spec->snmp_auth == SPEC_AUTH_NONE)
		return true;
	if (!key_localise(spec, &user->auth, engine, len, &keys->auth))
		return false;
	if (spec->snmp_priv == SPEC_PRIV_NONE)
		return true;
	if (!key_localise(spec, &user->priv, engine, len, &keys->priv) ||
	    keys->priv.len < PRIV_KEY_LEN)
		return false;
	keys->priv.len = PRIV_KEY_LEN;
	return true;
}

size_t usm_mac_len(const struct hc_spec *spec)
{
	return spec->snmp_auth == SPEC_AUTH_NONE
		   ? 0
		   : (size_t)sc_get_auth_maclen(auth_types[spec->snmp_auth]);
}

bool usm_mac(const struct hc_spec *spec, const struct usm_keys *keys,
	     const uint8_t *message, size_t len, uint8_t *mac)
{
	size_t n, mac_len = usm_mac_len(spec), want = mac_len;
	const oid *type = auth_oid(spec, &n);

	return sc_generate_keyed_hash(type, n, keys->auth.bytes,
				      (u_int)keys->auth.len, message,
				      (u_int)len, mac, &mac_len) == 0 &&
	       mac_len == want;
}

static void put32(uint8_t *at, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		at[i] = (uint8_t)n;
}

/* What the library wants to know of a message. */
struct cipher {
	const oid *type;
	size_t type_len;
	struct usm_key key;
	uint8_t iv[IV_MAX];
	u_int iv_len;
};

/* RFC 3414, 8.1.1.1; RFC 3826, 3.1.2.1 */
static void cipher_make(const struct hc_spec *spec, const struct usm_keys *keys,
			uint32_t boots, uint32_t time_s, const uint8_t salt[8],
			struct cipher *c)
{
	c->type = priv_oid(spec, &c->type_len);
	c->key = keys->priv;
	if (spec->snmp_priv == SPEC_PRIV_AES) {
		put32(c->iv, boots);
		put32(c->iv + 4, time_s);
		memcpy(c->iv + 8, salt, 8);
		c->iv_len = 16;
		return;
	}
	for (int i = 0; i < 8; i++)
		c->iv[i] = c->key.bytes[DES_KEY_LEN + i] ^ salt[i];
	c->iv_len = 8;
	c->key.len = DES_KEY_LEN;
}

bool usm_encrypt(const struct hc_spec *spec, const struct usm_keys *keys,
		 uint32_t boots, uint32_t time_s, const uint8_t salt[8],
		 const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
	struct cipher c;

	cipher_make(spec, keys, boots, time_s, salt, &c);
	*out_len = len + 8;
	return sc_encrypt(c.type, c.type_len, c.key.bytes, (u_int)c.key.len,
			  c.iv, c.iv_len, in, (u_int)len, out, out_len) == 0;
}

bool usm_decrypt(const struct hc_spec *spec, const struct usm_keys *keys,
		 uint32_t boots, uint32_t time_s, const uint8_t salt[8],
		 const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
	struct cipher c;

	if (len == 0 || (spec->snmp_priv == SPEC_PRIV_DES && len % 8 != 0))
		return false;
	cipher_make(spec, keys, boots, time_s, salt, &c);
	*out_len = len;
	return sc_decrypt(c.type, c.type_len, c.key.bytes, (u_int)c.key.len,
			  c.iv, c.iv_len, (u_char *)in, (u_int)len, out,
			  out_len) == 0;
}
