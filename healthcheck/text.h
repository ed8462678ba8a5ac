/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small languages of check options: pure, shared by who judges the
 * configuration and who runs the check. Each *_problem() returns NULL, or a
 * static text that says what is wrong.
 */
#ifndef HEALTHCHECK_TEXT_H
#define HEALTHCHECK_TEXT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* ---- escapes and patterns (pattern.c): \r \n \t \0 \\ \xHH, and in patterns
 * \? \*; a bare ? is any byte, a bare * any bytes. Bytes match that begin with
 * the pattern; what follows does not matter. Matching: pattern.h */
#define TEXT_SEND_MAX    4096
#define TEXT_PATTERN_MAX 4096

const char *send_problem(const char *text);
/** send_bytes() - append what @text stands for; it has no problem */
void send_bytes(const char *text, struct buf *out);

const char *pattern_problem(const char *text);

/* ---- expect-status (status.c): "200-299, 304" */
const char *status_problem(const char *text);
bool status_match(const char *text, unsigned int status);

/* ---- expect-body (status.c): POSIX extended regular expression */
const char *regex_problem(const char *text);
/**
 * regex_compile() - for regexec(), whose time grows with the text and no more
 * @text: has no problem; matches lines, and any part of a text
 * Return: 0, or an error of regcomp().
 */
int regex_compile(const char *text, regex_t *regex);

/* ---- header (status.c): "Name: value", a token and visible text */
const char *header_problem(const char *text);
const char *method_problem(const char *text); /* a token */
const char *path_problem(const char *text);   /* "/..." without blanks */
const char *host_problem(const char *text);   /* NAME[:PORT], as in a URL */

/* ---- dns (dns_text.c) */
const char *dns_name_problem(const char *text);
const char *dns_type_problem(const char *text);
int dns_type(const char *text); /* number, or -1 */
const char *dns_rcode_problem(const char *text);
int dns_rcode(const char *text); /* number, or -1 */
/**
 * dns_answer_problem() - of what is expected among the answers
 * @type: dns_type() of the query: A and AAAA want an address, TXT a text, ANY
 * one of these, the others a name (of MX, SRV and SOA: the host's)
 */
const char *dns_answer_problem(int type, const char *text);

/* ---- snmp (oid.c): ".1.3.6.1" or "1.3.6.1" */
#define OID_MAX 128
const char *oid_problem(const char *text);
/** oid_numbers() - returns how many, 0 where @text has a problem */
size_t oid_numbers(const char *text, unsigned long out[OID_MAX]);

/* ---- script and file (braces.c): words in braces */
const char *braces_problem(const char *text);
/** braces_fill() - append @text, {address} {port} {backend} replaced */
void braces_fill(const char *text, const char *address, uint16_t port,
		 const char *backend, struct buf *out);

#endif
