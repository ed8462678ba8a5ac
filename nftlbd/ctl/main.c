/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlbctl: options, then one command.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "ctl/run.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "lib/near.h"

#define SOCKET_DEFAULT "/run/nftlb/nftlbd.sock"

enum { OPT_COMMANDS = 256, OPT_COLOUR, OPT_NO_COLOUR };

static void print_help(void)
{
	printf("usage: nftlbctl [-s SOCKET] [-o text|json] COMMAND\n\n");
	for (const struct command *c = commands; c->grammar; c++)
		if (!c->hidden)
			printf("  %-41s %s\n", c->grammar, c->help);
	printf("\nwhere\n");
	for (int p = 0; p < PLACES; p++)
		printf("  %-41s %s\n", places[p].word, places[p].help);
	printf("\noptions\n"
	       "  %-41s the daemon's socket (%s)\n"
	       "  %-41s what to print; JSON never changes shape\n"
	       "  %-41s only say what would change, and what it costs:\n"
	       "  %-41s backend, service, config reload and apply, sync\n"
	       "  %-41s auto, always or never; auto: on a terminal\n"
	       "  %-41s the same as --color=never\n"
	       "  -h, --help\n"
	       "  -V, --version\n\n"
	       "Words may be shortened: nftlbctl b dr www b1. Exit status: 0 "
	       "done, 1 refused,\n2 usage, 3 no daemon.\n",
	       "-s SOCKET", SOCKET_DEFAULT, "-o text|json", "--dry-run", "",
	       "--color[=WHEN]", "--no-color");
}

/* For tests: the manual must have them all. */
static void print_commands(void)
{
	for (const struct command *c = commands; c->grammar; c++)
		if (!c->hidden)
			printf("%s\n", c->grammar);
}

/* --dry-run may stand anywhere; takes it out of @argv. */
static bool take_dry_run(int *argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < *argc; i++)
		if (strcmp(argv[i], "--dry-run") != 0)
			argv[kept++] = argv[i];
	if (kept == *argc)
		return false;
	*argc = kept;
	argv[kept] = NULL;
	return true;
}

static bool colour_when(const char *when)
{
	static const char *const words[] = { "auto", "always", "never" };

	if (!when)
		when = "always";
	for (int i = 0; i < 3; i++) {
		if (strcmp(words[i], when) != 0)
			continue;
		terminal_colour_when((enum terminal_when)i);
		return true;
	}
	return false;
}

/* What getopt did not know: what is like it? */
static void unknown(const char *option, char *words, size_t size)
{
	static const char *const known[] = {
		"--help",   "--version", "--dry-run", "--no-color",
		"--socket", "--output",  "--color",
	};
	const char *near =
	    near_word(option, known, sizeof(known) / sizeof(known[0]));

	snprintf(words, size, "%.60s: unknown, or a value is missing%s%s%s",
		 option, near ? "; did you mean " : "", near ? near : "",
		 near ? "?" : "");
}

static int usage(const char *words)
{
	fprintf(stderr, "nftlbctl: %s\nTry: nftlbctl --help\n", words);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "commands", no_argument, NULL, OPT_COMMANDS },
		{ "socket", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' },
		{ "color", optional_argument, NULL, OPT_COLOUR },
		{ "colour", optional_argument, NULL, OPT_COLOUR },
		{ "no-color", no_argument, NULL, OPT_NO_COLOUR },
		{ "no-colour", no_argument, NULL, OPT_NO_COLOUR },
		{ NULL, 0, NULL, 0 },
	};
	const char *socket = SOCKET_DEFAULT;
	struct call call = { 0 };
	struct err err = { "" };
	char words[160];
	int o;

	call.dry_run = take_dry_run(&argc, argv);
	opterr = 0;
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error like others */
	while ((o = getopt_long(argc, argv, "+s:o:hV", options, NULL)) != -1) {
		switch (o) {
		case 's':
			socket = optarg;
			break;
		case 'o':
			call.json = !strcmp(optarg, "json");
			if (!call.json && strcmp(optarg, "text") != 0)
				return usage("-o: text or json");
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		case 'V':
			printf("nftlbctl %s\n", PACKAGE_VERSION);
			return EXIT_DONE;
		case OPT_COLOUR:
			if (!colour_when(optarg))
				return usage("--color: auto, always or never");
			break;
		case OPT_NO_COLOUR:
			terminal_colour_when(TERMINAL_NEVER);
			break;
		case OPT_COMMANDS:
			print_commands();
			return EXIT_DONE;
		default:
			unknown(argv[optind - 1], words, sizeof(words));
			return usage(words);
		}
	}
	if (optind == argc)
		return usage("a command is needed");
	if (command_match(argc - optind, argv + optind, &call, &err) < 0)
		return usage(err.msg);
	if (call.dry_run && !call.command->dry_run)
		return usage("--dry-run: not of this command; see --help");
	table_limit(terminal_width());
	return run_call(&call, socket);
}
