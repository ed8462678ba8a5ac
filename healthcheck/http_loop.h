/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcurl's transfers on libev: one multi handle for all specs. */
#ifndef HEALTHCHECK_HTTP_LOOP_H
#define HEALTHCHECK_HTTP_LOOP_H

#include <curl/curl.h>
#include <ev.h>

/* A transfer that is over; it no longer belongs to the loop. @private: its
 * CURLOPT_PRIVATE. */
typedef void http_loop_done(void *private, CURLcode code);

/**
 * http_loop_get() - the loop's only one; made for its first user
 * curl_global_init() was called before. @done: the same for all users.
 * Return: give it back with http_loop_put(); NULL: no memory, no descriptors.
 */
struct http_loop *http_loop_get(struct ev_loop *loop, http_loop_done *done);

/** http_loop_put() - one user less; the last one takes it down */
void http_loop_put(struct http_loop *h);

/**
 * http_loop_add() - begin a transfer, as soon as this turn of the loop is over
 * Return: 0, or -ENOMEM. It ends in `done` or http_loop_remove().
 */
int http_loop_add(struct http_loop *h, CURL *easy);

/** http_loop_remove() - forget a transfer; its connection is closed */
void http_loop_remove(struct http_loop *h, CURL *easy);

/**
 * http_loop_look() - what lies in the kernel for the socket @fd, now
 * `done` may be called before this returns, also for other transfers.
 */
void http_loop_look(struct http_loop *h, int fd);

#endif
