/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of nftlbctl as one table: grammar, help, completion, request and
 * renderer of each are columns of its row.
 */
#ifndef NFTLB_CTL_COMMAND_H
#define NFTLB_CTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

#define COMMAND_WORDS_MAX 8 /* of one command */

/* What stands for a value in a grammar. */
enum place {
	PLACE_SERVICE,
	PLACE_BACKEND,
	PLACE_CLIENT,
	PLACE_WEIGHT,
	PLACE_FILE,
	PLACE_SESSION,
	PLACE_LIST,
	PLACE_ADDRESS,
	PLACE_BINDING,
	PLACE_BOUND, /* what clients ask for */
	PLACE_VM,
	PLACE_TUNNEL,
	PLACE_POOL,
	PLACE_MEMBER, /* of a pool */
	PLACE_ENDPOINT,
	PLACE_REVISION,
	PLACE_DURATION,
	PLACE_OPTIONS, /* the last of a grammar: one or more words */
	PLACE_ENTRIES, /* the same */
	PLACES
};

struct api;
struct call; /* a command with its values */
struct render;

struct command {
	const char *grammar; /* "backend drain SERVICE BACKEND" */
	const char *help;
	const char *method, *path; /* "{SERVICE}" is replaced */
	const char *body;          /* fixed body, or NULL */
	json_t *(*make_body)(const struct call *c);
	/* a body that is no JSON: what FILE says */
	bool send_file;
	/* path of a second answer, for text only; @answer: the first one */
	const char *(*extra)(const json_t *answer);
	void (*text)(struct render *r, const json_t *answer);
	/* does it all without a daemon; returns the exit status */
	int (*local)(const struct call *c);
	/* goes on until the operator or the daemon ends it; returns the exit
	 * status. @path: the row's, with its values */
	int (*live)(const struct call *c, struct api *api, const char *path);
	/* is what the answer says bad? Then the exit status is 1 */
	bool (*failed)(const json_t *answer);
	bool one_of_many; /* the answer is one object of a list: [object] */
	bool dry_run;     /* --dry-run may be said: ?dry_run=1 of its path */
	bool agent;       /* hvagent answers it, not nftlbd */
	bool hidden;
};

extern const struct command commands[]; /* ends with grammar == NULL */

struct call {
	const struct command *command;
	const char *value[PLACES]; /* NULL = not in the grammar */
	char *const *entries;      /* PLACE_ENTRIES, _OPTIONS: all of them */
	size_t nentries;
	bool json;
	bool dry_run;
};

struct place_info {
	const char *word; /* as it stands in a grammar */
	const char *help;
	/* 0, or -EINVAL with words: the value cannot be right */
	int (*check)(const char *value, struct err *err);
	const char *complete; /* bash/zsh: what to complete with; see there */
};

extern const struct place_info places[PLACES];

/**
 * command_match() - what did the operator say?
 * Words may be shortened as long as they are unambiguous.
 * Return: 0; -EINVAL with words for people.
 */
int command_match(int argc, char *const *argv, struct call *call,
		  struct err *err);

/* The words of a grammar, one after the other. */
struct grammar_word {
	char text[24];
	int place; /* enum place, or -1: a word as it is */
};
/** grammar_split() - returns how many */
size_t grammar_split(const char *grammar,
		     struct grammar_word words[COMMAND_WORDS_MAX]);

/** completion_bash(), completion_zsh() - print the script to stdout */
int completion_bash(const struct call *c);
int completion_zsh(const struct call *c);
/** import_from_keepalived(), import_from_ipvsadm() - import ... FILE */
int import_from_keepalived(const struct call *c);
int import_from_ipvsadm(const struct call *c);
/** check_file() - config check FILE: without a daemon */
int check_file(const struct call *c);

#endif
