/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An error is a code and words. The code (negative errno) steers the program,
 * the words are for people: filled once, where the object is known, printed
 * once, at the top. Callees that have nothing to add pass the struct through.
 */
#ifndef NFTLB_LIB_ERR_H
#define NFTLB_LIB_ERR_H

struct err {
	char msg[512];
};

/**
 * err_set() - fill @e (may be NULL) with printf-like words, return @code
 * @code: negative errno; returned unchanged, so `return err_set(...)` works.
 * Words longer than the buffer are cut, never overflow.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
