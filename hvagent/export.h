/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole list of bindings for somebody else, again and again: whoever knows
 * what should be bound where compares. JSON lines, to a file, by HTTP or to
 * Kafka, as [export] says. A target that hangs, refuses or is not there costs
 * the agent nothing but its words in the status.
 */
#ifndef HVAGENT_EXPORT_H
#define HVAGENT_EXPORT_H

#include "hvagent/agent.h"

struct export_status {
	const char *type; /* "file", "http", "kafka" */
	bool busy;        /* one is under way */
	uint64_t good, failed;
	uint64_t failures;      /* in a row, since the last good one */
	ev_tstamp tried, ended; /* when the last one began, and when a good one
				 * ended last; 0 = never */
	double took_s;          /* the last good one */
	size_t bindings;        /* that it had */
	char error[256];        /* why the last one failed; "" = it did not */
};

/**
 * export_open() - export from now on as a->conf says; a->exporter is set
 * Nothing where there is no [export]. To be called once the loop is there.
 * Return: 0; -errno with words: a target of that type cannot be had.
 */
int export_open(struct agent *a, struct err *err);

/** export_close() - give up what is under way; nothing where there is none */
void export_close(struct agent *a);

/** export_reload() - after a->conf was replaced: as it says now. What has not
 * changed goes on. As export_open(). */
int export_reload(struct agent *a, struct err *err);

/** export_status() - NULL: nothing is exported */
static inline const struct export_status *export_status(const struct agent *a)
{
	return a->exported;
}

#endif
