/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNMP messages as bytes: requests for objects, and what comes back. Pure. */
#ifndef HEALTHCHECK_SNMP_WIRE_H
#define HEALTHCHECK_SNMP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "healthcheck/text.h"

#define SNMP_MESSAGE_MAX 8192 /* bytes that we send or read */
#define SNMP_ENGINE_MAX  32
#define SNMP_USER_MAX    32 /* RFC 3414, SnmpAdminString */
#define SNMP_SALT_LEN    8
#define SNMP_MAC_MAX     48

/* msgFlags */
#define SNMP_FLAG_AUTH   0x01
#define SNMP_FLAG_PRIV   0x02
#define SNMP_FLAG_REPORT 0x04 /* reports are wanted */

enum snmp_pdu_type {
	SNMP_PDU_GET = 0xa0,
	SNMP_PDU_NEXT = 0xa1,
	SNMP_PDU_RESPONSE = 0xa2,
	SNMP_PDU_BULK = 0xa5, /* not in version 1 */
	SNMP_PDU_REPORT = 0xa8
};

/* usmStats*, the last number but one of what a report reports */
enum snmp_report {
	SNMP_REPORT_OTHER,
	SNMP_REPORT_LEVEL,   /* unsupported security level */
	SNMP_REPORT_TIME,    /* not in time window */
	SNMP_REPORT_USER,    /* unknown user */
	SNMP_REPORT_ENGINE,  /* unknown engine */
	SNMP_REPORT_DIGEST,  /* wrong digest */
	SNMP_REPORT_DECRYPT, /* decryption error */
	SNMP_REPORTS
};

enum snmp_kind { SNMP_NOTHING, SNMP_NUMBER, SNMP_OTHER };

/* What an object is worth. */
struct snmp_value {
	enum snmp_kind kind; /* NOTHING: there is no such object */
	int64_t number;      /* clamped; fractions are cut off */
	double real;         /* the same as it is; may be infinite */
	unsigned int counts; /* 32, 64: a counter of so many bits; else 0 */
	uint64_t count;      /* of a counter */
};

struct snmp_span {
	const uint8_t *at; /* within the message */
	size_t len;
};

/* An object's name, or the beginning of those of a table's column. */
struct snmp_name {
	const unsigned long *at;
	size_t n;
};

#define SNMP_NAMES_MAX 12

/* What a request asks for. */
struct snmp_ask {
	enum snmp_pdu_type type;
	struct snmp_name names[SNMP_NAMES_MAX];
	size_t n;
	uint32_t lacking;     /* bits of names that are left out: the agent
			       * does not have them (version 1) */
	uint32_t repetitions; /* BULK */
};

struct snmp_variable {
	struct snmp_span oid; /* encoded */
	struct snmp_value value;
};

struct snmp_pdu {
	enum snmp_pdu_type type;
	int32_t request;            /* its id */
	int32_t status;             /* error-status */
	int32_t index;              /* error-index, from 1 */
	struct snmp_span variables; /* for snmp_take_variable(); not looked at,
				     * but for the first one, which is: */
	enum snmp_report report;
	struct snmp_span oid; /* of the first variable, encoded */
	struct snmp_value value;
};

/* The wrapping of version 3 (RFC 3412, RFC 3414). */
struct snmp_v3 {
	int32_t id; /* msgID */
	uint8_t flags;
	struct snmp_span engine, user, mac, salt;
	uint32_t boots, time_s;
	struct snmp_span scoped; /* scoped PDU, or what encrypts to it */
};

struct snmp_message {
	int version; /* as on the wire: 0, 1, 3 */
	struct snmp_v3 v3;
	struct snmp_span pdu; /* versions 0 and 1 */
};

/* ---- to bytes: at the end of a buffer, since lengths come first */

struct snmp_out {
	uint8_t bytes[SNMP_MESSAGE_MAX];
	size_t at;     /* the first one in use */
	size_t mac_at; /* of the message authentication code */
	bool full;     /* it did not fit */
};

/** snmp_out_len() - bytes from out->bytes + out->at on; 0 = did not fit */
size_t snmp_out_len(const struct snmp_out *out);

/** snmp_put_ask() - the PDU of @ask */
void snmp_put_ask(struct snmp_out *out, int32_t request,
		  const struct snmp_ask *ask);
/** snmp_put_get() - a GET of @oid; n = 0: of nothing (discovery) */
void snmp_put_get(struct snmp_out *out, int32_t request,
		  const unsigned long *oid, size_t n);
/** snmp_put_community() - around a PDU: a message of @version 0 or 1 */
void snmp_put_community(struct snmp_out *out, int version,
			const char *community);
/** snmp_put_scope() - around a PDU: engine and context */
void snmp_put_scope(struct snmp_out *out, struct snmp_span engine,
		    const char *context);
/**
 * snmp_put_v3() - around a scoped PDU, or what it is encrypted to
 * @h: without scoped; mac.len zeros are left for the code, at out->mac_at
 */
void snmp_put_v3(struct snmp_out *out, const struct snmp_v3 *h);

/* ---- from bytes: of which nothing is believed. False: not the protocol. */

bool snmp_take(const uint8_t *data, size_t len, struct snmp_message *m);
/** snmp_take_scoped() - the PDU in a scoped PDU in the clear */
bool snmp_take_scoped(struct snmp_span scoped, struct snmp_span *pdu);
bool snmp_take_pdu(struct snmp_span bytes, struct snmp_pdu *pdu);
/** snmp_take_variable() - the next one of @variables, which is not empty */
bool snmp_take_variable(struct snmp_span *variables, struct snmp_variable *v);
/** snmp_take_oid() - its numbers; how many, 0 = it is none */
size_t snmp_take_oid(struct snmp_span encoded, unsigned long out[OID_MAX]);
/** snmp_oid_is() - is @encoded this one? */
bool snmp_oid_is(struct snmp_span encoded, const unsigned long *oid, size_t n);

#endif
