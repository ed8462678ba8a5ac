/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of requests, made of the values of a command. All return a new object,
 * the caller's, or NULL without memory.
 */
#ifndef NFTLB_CTL_BODY_H
#define NFTLB_CTL_BODY_H

#include <jansson.h>

struct call;

/** body_weight() - {"weight": N}; null stands for the file's */
json_t *body_weight(const struct call *c);
/** body_add(), body_remove() - the entries for a list, or off it */
json_t *body_add(const struct call *c);
json_t *body_remove(const struct call *c);
/** body_binding() - {"service": ADDRESS:PORT/PROTO, "vm": VM}, and
 * where it is said "tunnel": TUNNEL */
json_t *body_binding(const struct call *c);
/** body_member() - {"address": ..., "port": ..., options of a backend line} */
json_t *body_member(const struct call *c);
/** body_rollback() - {"revision": N, "confirm": DURATION}, as far as said */
json_t *body_rollback(const struct call *c);
/** body_path() - {"path": FILE}, as an absolute path */
json_t *body_path(const struct call *c);

#endif
