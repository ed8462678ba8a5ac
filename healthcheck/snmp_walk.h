/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A column of a small table, from the first row to the last. */
#ifndef HEALTHCHECK_SNMP_WALK_H
#define HEALTHCHECK_SNMP_WALK_H

#include "healthcheck/snmp_run.h"

#define SNMP_WALK_ROWS 4096 /* no more are asked for */

struct snmp_walk {
	struct snmp_name column;
	unsigned long last[OID_MAX]; /* the row that was seen last */
	size_t nlast;
	unsigned int rows;    /* seen so far */
	unsigned int numbers; /* those of them that are numbers */
	double sum;           /* of these, each clamped to: */
	double low, high;
};

/** snmp_walk_begin() - all but column, low and high is set; the run asks for
 * the first rows */
void snmp_walk_begin(struct snmp_walk *w, struct snmp_run *r, bool bulk);

/**
 * snmp_walk_take() - the rows of a response
 * Return: HC_OK: there are no more; CHECK_RUNNING: the run asks for more, with
 * the next snmp_request(); SNMP_UNREADABLE.
 */
int snmp_walk_take(struct snmp_walk *w, struct snmp_run *r,
		   const struct snmp_pdu *pdu);

#endif
