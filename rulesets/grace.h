/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When have all packets that met the old rules gone on? */
#ifndef RULESETS_GRACE_H
#define RULESETS_GRACE_H

/**
 * grace_wait() - until each packet that the kernel handles now is through
 * Takes 5..25 ms, whatever there is to do.
 */
void grace_wait(void);

#endif
