/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entity tags (RFC 9110, sections 8.8.3 and 13): who writes says what he has
 * read, and is refused where it is another by now.
 */
#ifndef NFTLB_HTTP_ETAG_H
#define NFTLB_HTTP_ETAG_H

#include <stddef.h>
#include <stdint.h>

#include "http/request.h"

#define ETAG_STRLEN 20 /* "0123456789abcdef" in quotes, and NUL */
#define ETAG_SEED   0xcbf29ce484222325u

/** etag_add() - more of what a tag is about; begin with ETAG_SEED (FNV-1a) */
uint64_t etag_add(uint64_t sum, const void *data, size_t len);
/** etag_add_text() - the same of a text, its NUL included; NULL = "" */
uint64_t etag_add_text(uint64_t sum, const char *text);
const char *etag_format(uint64_t sum, char etag[ETAG_STRLEN]);

/**
 * etag_listed() - is @etag in the value of If-Match or If-None-Match?
 * @etag: NULL = there is no such thing now, which not even * is
 * @weak: do tags that begin with W/ count?
 */
bool etag_listed(const char *list, const char *etag, bool weak);

/**
 * request_fresh() - may the request go on, as far as If-Match and If-None-Match
 * say?
 * @etag: of what is to be changed, as it is now; NULL = it is not there
 * Return: false: answered, 412.
 */
bool request_fresh(struct request *rq, const char *etag);

/** reply_etag() - add the tag to an answer that was given */
void reply_etag(struct request *rq, const char *etag);

#endif
