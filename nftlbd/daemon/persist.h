/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must live through a restart and is not in the file: the operator's words
 * and what is known to be down. Kept as JSON in state-dir; only what differs
 * from the configuration is written.
 */
#ifndef NFTLB_DAEMON_PERSIST_H
#define NFTLB_DAEMON_PERSIST_H

#include "model/model.h"

/**
 * persist_load() - apply the saved state to @m
 * No file is no state. A file that cannot be read is logged, set aside as
 * state.json.bad and counts as none.
 */
void persist_load(struct model *m);

/** persist_save() - write it, replacing the old file in one step
 * Return: 0 or -errno (logged). */
int persist_save(const struct model *m);

#endif
