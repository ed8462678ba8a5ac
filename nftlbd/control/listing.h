/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What children of the daemon list. */
#ifndef NFTLB_CONTROL_LISTING_H
#define NFTLB_CONTROL_LISTING_H

#include "control/handlers.h"
#include "http/listing.h"

/**
 * listing_child() - print the tables named @table of all families to stdout, as
 * `nft list table` does
 * For a process of its own: libnftables takes its time and 90 MB for a large
 * rule set, and may crash over expressions that it does not know.
 * Return: exit status. No table is no error.
 */
int listing_child(const char *table);

#endif
