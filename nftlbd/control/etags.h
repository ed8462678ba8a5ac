/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tag of an object is about: what people and files say of it, not what
 * happens to it. Two that write do not lose what the other wrote. */
#ifndef NFTLB_CONTROL_ETAGS_H
#define NFTLB_CONTROL_ETAGS_H

#include "daemon/daemon.h"
#include "http/etag.h"

const char *etag_config(const struct daemon *d, char etag[ETAG_STRLEN]);
const char *etag_service(const struct service *s, char etag[ETAG_STRLEN]);
const char *etag_backend(const struct backend *b, char etag[ETAG_STRLEN]);
const char *etag_pool(const struct conf_pool *p, char etag[ETAG_STRLEN]);
const char *etag_member(const struct conf_pool_member *m,
			char etag[ETAG_STRLEN]);

#endif
