/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying a command out: request, answer, exit status. */
#ifndef NFTLB_CTL_RUN_H
#define NFTLB_CTL_RUN_H

#include "ctl/api.h"
#include "ctl/command.h"

/* How JSON is printed: for eyes too, so 0.3 and not 0.2999... */
#define RUN_JSON (JSON_INDENT(2) | JSON_REAL_PRECISION(15))

enum exit_status { EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON };

/** run_problem() - why the daemon refused, to stderr */
void run_problem(const struct api_answer *a);
/** run_failed() - words to stderr; returns the exit status that goes with it */
int run_failed(int ret, const struct err *err);
/** run_mute() - reasons go to @words instead of stderr from now on, each in
 * place of the one before; NULL: to stderr again */
void run_mute(struct buf *words);

/**
 * run_ask() - one request
 * @value: the answer, the caller's; NULL where there is none
 * Return: exit status; reasons have gone to stderr unless it is EXIT_DONE
 */
int run_ask(struct api *api, const char *method, const char *path,
	    const char *body, json_t **value);

/** run_call() - returns the exit status; reasons go to stderr */
int run_call(const struct call *c, const char *socket);

/**
 * run_show() - print an answer as JSON or as the command's text
 * @extra: the second answer of commands that have one, else NULL
 * Return: exit status.
 */
int run_show(const struct call *c, json_t *answer, const json_t *extra);

#endif
