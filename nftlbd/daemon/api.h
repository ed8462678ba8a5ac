/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API on TCP: api-listen and what goes with it. */
#ifndef NFTLB_DAEMON_API_H
#define NFTLB_DAEMON_API_H

#include "daemon/daemon.h"

/**
 * api_open() - serve the API where d->model->conf says; nothing where it does
 * not. After control_open().
 * Return: 0; -errno with words.
 */
int api_open(struct api **out, struct daemon *d, struct err *err);
void api_close(struct api *a);

/** api_try() - are the files that @conf names good? 0; -errno with words */
int api_try(const struct conf *conf, struct err *err);

/**
 * api_stage() - get ready to serve what a new configuration says; what is
 * served meanwhile is the old. Then either api_adopt() or api_unstage().
 * Return: 0; -errno with words, nothing is staged.
 */
int api_stage(struct api *a, const struct conf *conf, struct err *err);
void api_adopt(struct api *a);
void api_unstage(struct api *a);

#endif
