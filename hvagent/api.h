/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's HTTP API, on the control socket and, where the file says so, on a
 * TCP address. Bindings that it makes are kept in state-dir.
 */
#ifndef HVAGENT_API_H
#define HVAGENT_API_H

#include "hvagent/agent.h"

/**
 * api_load() - read what the API made in earlier lives into a->bindings
 * Before the first agent_apply(). What clashes with the file is left out, with
 * a warning: the file is right. Return: 0; -errno with words: state-dir cannot
 * be used, or is damaged.
 */
int api_load(struct agent *a, struct err *err);

/** api_peek() - only read them, as api_load(); nothing is made or locked:
 * another agent may run. For hvagent -n. */
int api_peek(struct agent *a, struct err *err);

/** api_open() - serve; after api_load() and the first agent_apply()
 * Return: 0; -errno with words, among them -EACCES: `listen` without a token
 * file is for loopback only. */
int api_open(struct agent *a, struct err *err);

/** api_close() - the end of both; nothing where there is none */
void api_close(struct agent *a);

#endif
