/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps NAT alive in the kernel while somebody deletes our tables. When the
 * last nat chain of a network namespace goes, the kernel stops translating
 * established flows as well, and their clients get resets. So we hold one idle
 * nat chain per family in a table that only we can remove (flags owner); it
 * goes by itself when our socket closes. Who translates nothing does without.
 */
#ifndef RULESETS_KEEPER_H
#define RULESETS_KEEPER_H

#include "rulesets/nl.h"

struct keeper {
	struct nl nl; /* the socket that owns the tables */
	bool open;
};

/**
 * keeper_open() - create the tables "@table-keeper"; nothing if they are there
 * Return: 0 or -errno (kernels before 5.12 have no owner flag): not being able
 * to keep NAT alive is no reason not to balance.
 */
int keeper_open(struct keeper *k, const char *table, struct err *err);
void keeper_close(struct keeper *k);

#endif
