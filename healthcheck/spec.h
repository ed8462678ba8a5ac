/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a probe does, as plain data: the part of a [check] section that only the
 * prober needs. The daemon's configuration fills it in, spec_encode() makes
 * bytes of it, spec_decode() a struct again on the other side. A new field is
 * one line here, one row in spec.c and one row in nftlbd/config/keys.c.
 */
#ifndef HEALTHCHECK_SPEC_H
#define HEALTHCHECK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/words.h"

#define SPEC_LIST_MAX 64

enum spec_http_version { SPEC_HTTP_11 = 1, SPEC_HTTP_2 };
enum spec_snmp_version { SPEC_SNMP_1 = 1, SPEC_SNMP_2C, SPEC_SNMP_3 };
enum spec_snmp_auth {
	SPEC_AUTH_NONE,
	SPEC_AUTH_MD5,
	SPEC_AUTH_SHA,
	SPEC_AUTH_SHA224,
	SPEC_AUTH_SHA256,
	SPEC_AUTH_SHA384,
	SPEC_AUTH_SHA512
};
enum spec_snmp_priv { SPEC_PRIV_NONE, SPEC_PRIV_DES, SPEC_PRIV_AES };
enum spec_says { SPEC_SAYS_DRAIN, SPEC_SAYS_DOWN };
enum spec_silent { SPEC_SILENT_DOWN, SPEC_SILENT_IGNORE };
enum spec_yes { SPEC_NO, SPEC_YES };

extern const struct word spec_http_words[];   /* 1.1 2 */
extern const struct word spec_snmp_words[];   /* 1 2c 3 */
extern const struct word spec_auth_words[];   /* none md5 sha ... */
extern const struct word spec_priv_words[];   /* none des aes */
extern const struct word spec_says_words[];   /* drain down */
extern const struct word spec_silent_words[]; /* down ignore */
extern const struct word spec_yes_words[];    /* no yes */

struct spec_bytes {
	uint8_t *data; /* malloc'd, NULL = not said */
	size_t len;
};

struct spec_list {
	char **list; /* malloc'd, and each of them */
	size_t n;    /* 0..SPEC_LIST_MAX */
};

/* Texts are malloc'd; NULL = not said. Words are ints, as word tables give
 * them. Which fields count for which type: nftlbd.conf(5). */
struct hc_spec {
	/* every type that uses the network */
	struct addr source4, source6; /* to send from; family 0 = any */
	char *interface;              /* to send by */
	/* tcp, udp, agent: text.h says how they are written */
	char *send;   /* escapes */
	char *expect; /* pattern */
	/* tcp, https */
	int tls;        /* enum spec_yes; tcp only, https always has it */
	int tls_verify; /* enum spec_yes */
	char *sni;
	struct spec_bytes ca, cert, key; /* PEM, contents of the files */
	/* http, https */
	char *method, *path, *host;
	struct spec_list headers; /* "Name: value" */
	char *expect_status;      /* "200-299, 304" */
	char *expect_body;        /* POSIX extended regular expression */
	uint32_t body_max;        /* bytes that are read of a body */
	int http_version;         /* enum spec_http_version */
	/* dns */
	char *query;         /* name */
	char *query_type;    /* "A" ... */
	char *expect_rcode;  /* "NOERROR" ... */
	char *expect_answer; /* an address, a name or a text; NULL = any */
	/* snmp */
	int snmp_version; /* enum spec_snmp_version */
	char *community;
	char *oid;        /* numbers */
	int64_t min, max; /* bounds of the value; INT64_MIN, INT64_MAX: none */
	char *snmp_user;
	int snmp_auth, snmp_priv; /* enum spec_snmp_auth, _priv */
	char *auth_password, *priv_password;
	char *context;
	/* script and runs; {address} {port} {backend} in arguments stand for
	 * those of the job. list[0]: absolute path of the program */
	struct spec_list command;
	struct spec_list env; /* "NAME=value"; runs only */
	uint32_t timeout_ms;  /* runs only */
	/* agent */
	int silent; /* enum spec_silent: what an agent that is not there means
		     */
	/* of a feed: the answer's number is its value, and nothing else counts
	 * (snmp, agent, script; cpu always is one) */
	int feed; /* enum spec_yes */
	/* file: the same words in braces */
	char *file;
	int present; /* enum spec_says */
};

/** spec_encode() - append @spec as bytes; both sides are of one build */
void spec_encode(const struct hc_spec *spec, struct buf *out);

/**
 * spec_decode() - the reverse, of bytes that nobody has looked at
 * @spec: zeroed by us; free it with spec_free() in any case
 * Return: NULL, or what is wrong with them.
 */
const char *spec_decode(struct hc_spec *spec, const void *data, size_t len);

/** spec_copy() - a deep copy into @to, whose contents are not freed */
void spec_copy(struct hc_spec *to, const struct hc_spec *from);

/** spec_free() - all that is malloc'd; zeroes @spec */
void spec_free(struct hc_spec *spec);

#endif
