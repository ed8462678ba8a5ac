/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe that goes to the service's address has to reach one certain backend:
 * its source port says which. So each backend with such a check has a port of
 * its own.
 */
#ifndef NFTLB_MODEL_PROBE_PORTS_H
#define NFTLB_MODEL_PROBE_PORTS_H

#include "model/model.h"

/* Above what Linux gives out by itself (ip_local_port_range). */
#define PROBE_PORT_MIN 61001u
#define PROBE_PORT_MAX 65535u

/**
 * probe_ports_assign() - set via_port of @m's backends, and m->no_via_port
 * What was carried over from @old (NULL: nothing) stays. Others get one by
 * their names and address, or the next one that is free. Services are dirty
 * where one changed.
 */
void probe_ports_assign(struct model *m, const struct model *old);

#endif
