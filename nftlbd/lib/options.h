/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of our daemons. */
#ifndef NFTLB_LIB_OPTIONS_H
#define NFTLB_LIB_OPTIONS_H

#include <stdbool.h>

/* What differs from one to the other. */
struct options_program {
	const char *name, *about, *path;
	const char *end;   /* of the help: signals, manuals */
	const char *flush; /* help of --flush; NULL = there is no such option */
};

struct options {
	const char *conf_path;
	bool test;       /* -t */
	bool dry_run;    /* -n */
	bool foreground; /* -f */
	bool verbose;    /* -v */
	bool flush;      /* --flush */
};

/**
 * options_parse() - 0; 1: done (help, version were printed), exit 0;
 * -EINVAL: wrong usage (said on stderr), exit 2
 */
int options_parse(struct options *o, const struct options_program *p, int argc,
		  char **argv);

#endif
