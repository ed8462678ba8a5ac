/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options are few: one table is --help and the parser's string. */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config/conf.h"

static const struct {
	char letter;
	const char *name, *argument, *help;
} table[] = {
	{ 'c', "config", "FILE", "configuration (" CONF_DEFAULT_PATH ")" },
	{ 't', "test", NULL,
	  "check the configuration and exit: 0 good, 1 bad" },
	{ 'n', "dry-run", NULL,
	  "print the plan that a start would commit; change nothing" },
	{ 'f', "foreground", NULL, "stay in the foreground, log to stderr" },
	{ 'v', "verbose", NULL, "log-level = debug, whatever the file says" },
	{ 'V', "version", NULL, "print the version and exit" },
	{ 'h', "help", NULL, "print this and exit" },
};
#define NTABLE (sizeof(table) / sizeof(table[0]))

static void usage(FILE *to)
{
	fprintf(to, "usage: nftlbd [-c FILE] [-t] [-n] [-f] [-v] [-V]\n\n"
		    "nftables load balancer\n\n");
	for (size_t i = 0; i < NTABLE; i++) {
		char left[32];

		snprintf(left, sizeof(left), "-%c, --%s%s%s", table[i].letter,
			 table[i].name, table[i].argument ? " " : "",
			 table[i].argument ? table[i].argument : "");
		fprintf(to, "  %-20s %s\n", left, table[i].help);
	}
	fprintf(to, "\nSIGHUP reloads, SIGTERM stops and leaves the rules, "
		    "SIGUSR1 logs a state dump.\n"
		    "Manuals: nftlbd(8), nftlbd.conf(5), nftlbctl(8)\n");
}

static int bad_usage(void)
{
	fprintf(stderr, "nftlbd: see nftlbd --help\n");
	return -EINVAL;
}

static int take(struct options *o, int letter)
{
	switch (letter) {
	case 'c':
		o->conf_path = optarg;
		return 0;
	case 't':
		o->test = true;
		return 0;
	case 'n':
		o->dry_run = true;
		return 0;
	case 'f':
		o->foreground = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'V':
		printf("nftlbd %s\n", PACKAGE_VERSION);
		return 1;
	case 'h':
		usage(stdout);
		return 1;
	default:
		return bad_usage();
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option longs[NTABLE + 1] = { { 0 } };
	char shorts[2 * NTABLE + 1], *s = shorts;
	int letter, ret = 0;

	for (size_t i = 0; i < NTABLE; i++) {
		longs[i].name = table[i].name;
		longs[i].has_arg = table[i].argument != NULL;
		longs[i].val = table[i].letter;
		*s++ = table[i].letter;
		if (table[i].argument)
			*s++ = ':';
	}
	*s = '\0';
	memset(o, 0, sizeof(*o));
	o->conf_path = CONF_DEFAULT_PATH;
	while (ret == 0 &&
	       (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		ret = take(o, letter);
	if (ret == 0 && optind < argc) {
		fprintf(stderr, "nftlbd: unexpected argument \"%s\"\n",
			argv[optind]);
		ret = bad_usage();
	}
	return ret;
}
