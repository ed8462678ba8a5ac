/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's journal, spoken to in its own protocol, so that what a line says is
 * in fields as well: journalctl SERVICE=www BACKEND=b1.
 */
#ifndef NFTLB_LIB_JOURNAL_H
#define NFTLB_LIB_JOURNAL_H

#include <stdbool.h>

/**
 * journal_open() - where stderr is the journal's, give it lines with fields
 * To be called after log_open(). Else, and where the journal does not take a
 * line, lines go as before.
 * @ident: SYSLOG_IDENTIFIER; must stay
 * Return: is it the journal's?
 */
bool journal_open(const char *ident);

#endif
