/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the configuration put in the place of those on disk: all of them or
 * none. What can fail for want of room or of permission is done before the
 * first is replaced; what is replaced can be put back without either.
 */
#ifndef NFTLB_REVISIONS_PLACE_H
#define NFTLB_REVISIONS_PLACE_H

#include "config/conf.h"
#include "lib/err.h"

struct place;

/**
 * place_prepare() - write what differs beside what is there
 * @files: the first one is there; text NULL = the file goes away. Others that
 * are not there get its mode and owner.
 * @out: on success; place_free() frees it and what is left beside
 * Return: 0 or -errno with words: nothing was changed.
 */
int place_prepare(struct place **out, const struct conf_file *files, size_t n,
		  struct err *err);
/** place_swap() - replace them; on -errno all are as they were, or the words
 * say which one is not */
int place_swap(struct place *p, struct err *err);
/** place_back() - undo place_swap(); 0 or -errno with words */
int place_back(struct place *p, struct err *err);
void place_free(struct place *p);

#endif
