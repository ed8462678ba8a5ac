/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse*.c only: attributes of a fixed length. */
#ifndef NFTLB_NET_PARSE_IMPL_H
#define NFTLB_NET_PARSE_IMPL_H

#include "net/parse.h"

/* false: it is not of that length; @out is as it was */
bool nla_addr(const struct nlattr *a, uint8_t family, struct addr *out);
bool nla_u32(const struct nlattr *a, uint32_t *out);

#endif
