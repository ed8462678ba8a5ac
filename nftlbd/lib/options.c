/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options are few: one table is --help and the parser's string. */
#include "lib/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

struct row {
	char letter;
	const char *name, *argument, *help;
};

static const struct row table[] = {
	{ 'c', "config", "FILE", "configuration" },
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
#define FLUSH  1 /* no letter */

static void usage(FILE *to, const struct options_program *p)
{
	fprintf(to, "usage: %s [-c FILE] [-t] [-n] [-f] [-v] [-V]%s\n\n%s\n\n",
		p->name, p->flush ? " [--flush]" : "", p->about);
	for (size_t i = 0; i < NTABLE; i++) {
		char left[32];

		snprintf(left, sizeof(left), "-%c, --%s%s%s", table[i].letter,
			 table[i].name, table[i].argument ? " " : "",
			 table[i].argument ? table[i].argument : "");
		fprintf(to, "  %-20s %s", left, table[i].help);
		if (table[i].argument)
			fprintf(to, " (%s)", p->path);
		fputc('\n', to);
	}
	if (p->flush)
		fprintf(to, "  %-20s %s\n", "    --flush", p->flush);
	fprintf(to, "\n%s", p->end);
}

static int bad_usage(const struct options_program *p)
{
	fprintf(stderr, "%s: see %s --help\n", p->name, p->name);
	return -EINVAL;
}

static int take(struct options *o, const struct options_program *p, int letter)
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
	case FLUSH:
		o->flush = true;
		return 0;
	case 'V':
		printf("%s %s\n", p->name, PACKAGE_VERSION);
		return 1;
	case 'h':
		usage(stdout, p);
		return 1;
	default:
		return bad_usage(p);
	}
}

/* The table, as getopt wants it. */
static void getopt_table(const struct options_program *p, struct option *longs,
			 char *shorts)
{
	for (size_t i = 0; i < NTABLE; i++) {
		longs[i].name = table[i].name;
		longs[i].has_arg = table[i].argument != NULL;
		longs[i].val = table[i].letter;
		*shorts++ = table[i].letter;
		if (table[i].argument)
			*shorts++ = ':';
	}
	if (p->flush)
		longs[NTABLE] = (struct option){ "flush", 0, NULL, FLUSH };
	*shorts = '\0';
}

int options_parse(struct options *o, const struct options_program *p, int argc,
		  char **argv)
{
	struct option longs[NTABLE + 2] = { { 0 } };
	char shorts[2 * NTABLE + 1];
	int letter, ret = 0;

	getopt_table(p, longs, shorts);
	memset(o, 0, sizeof(*o));
	o->conf_path = p->path;
	while (ret == 0 &&
	       (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		ret = take(o, p, letter);
	if (ret == 0 && optind < argc) {
		fprintf(stderr, "%s: unexpected argument \"%s\"\n", p->name,
			argv[optind]);
		ret = bad_usage(p);
	}
	return ret;
}
