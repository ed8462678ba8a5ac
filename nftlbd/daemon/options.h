/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of nftlbd. */
#ifndef NFTLB_DAEMON_OPTIONS_H
#define NFTLB_DAEMON_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *conf_path;
	bool test;       /* -t */
	bool dry_run;    /* -n */
	bool foreground; /* -f */
	bool verbose;    /* -v */
};

/**
 * options_parse() - 0; 1: done (help, version were printed), exit 0;
 * -EINVAL: wrong usage (said on stderr), exit 2
 */
int options_parse(struct options *o, int argc, char **argv);

#endif
