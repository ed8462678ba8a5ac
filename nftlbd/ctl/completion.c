/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion scripts, made from the table of commands. The script holds rules,
 * "number of words so far|these words|what may follow": values that were typed
 * match "*", and what begins with "@" is asked for when it is needed.
 *
 * Must not know: what the commands do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "lib/buf.h"

#define OPTIONS "-s -o -h -V --dry-run --color --no-color --help --version"

static void rules_of(const char *grammar, struct buf *out)
{
	struct grammar_word words[COMMAND_WORDS_MAX];
	size_t n = grammar_split(grammar, words);
	struct buf line = { 0 };
	struct buf path = { 0 };

	buf_append(&path, "", 0);
	for (size_t i = 0; i < n; i++) {
		int p = words[i].place;

		buf_clear(&line);
		buf_printf(&line, "%zu|%s|%s\n", i, path.data,
			   p < 0 ? words[i].text : places[p].complete);
		/* The rule of many commands, once. No rule ends in another. */
		if (!out->data || !strstr(out->data, line.data))
			buf_append(out, line.data, line.len);
		buf_printf(&path, "%s%s", i ? " " : "",
			   p < 0 ? words[i].text : "*");
	}
	buf_free(&line);
	buf_free(&path);
}

static void print_rules(void)
{
	struct buf out = { 0 };

	for (const struct command *c = commands; c->grammar; c++)
		if (!c->hidden)
			rules_of(c->grammar, &out);
	printf("_nftlbctl_rules='%s'\n", out.data);
	buf_free(&out);
}

/* Shared by both shells: $1.. are the words before the one to complete, with
 * options taken out; $socket may name a socket. */
static const char candidates[] =
    "_nftlbctl_candidates() {\n"
    "	local typed=\"$*\" rule pattern\n" /* "2|config check|@files" */
    "	printf '%s\\n' \"$_nftlbctl_rules\" | while IFS= read -r rule; do\n"
    "		[ \"${rule%%|*}\" = \"$#\" ] || continue\n"
    "		rule=${rule#*|}\n"
    "		pattern=${rule%%|*}\n"
    "		case $typed in\n"
    "		MATCH) ;;\n"
    "		*) continue ;;\n"
    "		esac\n"
    "		case ${rule#*|} in\n"
    "		@services) nftlbctl -s \"$socket\" complete-names services ;;\n"
    "		@pools) nftlbctl -s \"$socket\" complete-names pools ;;\n"
    "		@members) nftlbctl -s \"$socket\" complete-names members \\\n"
    "			\"$(_nftlbctl_last \"$@\")\" ;;\n"
    "		@revisions) nftlbctl -s \"$socket\" complete-names revisions "
    ";;\n"
    "		@lists) nftlbctl -s \"$socket\" complete-names lists ;;\n"
    "		@bindings) nftlbctl -s \"$socket\" complete-names bindings ;;\n"
    "		@backends) nftlbctl -s \"$socket\" complete-names backends \\\n"
    "			\"$(_nftlbctl_last \"$@\")\" ;;\n"
    "		*) printf '%s\\n' \"${rule#*|}\" ;;\n"
    "		esac\n"
    "	done 2>/dev/null\n"
    "}\n"
    "_nftlbctl_last() {\n"
    "	while [ $# -gt 1 ]; do shift; done\n"
    "	printf '%s\\n' \"$1\"\n"
    "}\n";

/* A pattern in a variable: zsh wants to be told. */
static void print_candidates(const char *match)
{
	const char *at = strstr(candidates, "MATCH");

	printf("%.*s%s%s", (int)(at - candidates), candidates, match,
	       at + strlen("MATCH"));
}

int completion_bash(const struct call *c)
{
	printf("# bash completion of nftlbctl; made by: nftlbctl completion "
	       "bash\n");
	print_rules();
	print_candidates("$pattern");
	printf("_nftlbctl() {\n"
	       "	local cur=${COMP_WORDS[COMP_CWORD]} "
	       "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "	local socket=/run/nftlb/nftlbd.sock i words=() list\n"
	       "	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "		case ${COMP_WORDS[i]} in\n"
	       "		-s) socket=${COMP_WORDS[++i]} ;;\n"
	       "		-o) ((++i)) ;;\n"
	       "		--confirm) words+=(--confirm) ;;\n"
	       "		-*) ;;\n"
	       "		*) words+=(\"${COMP_WORDS[i]}\") ;;\n"
	       "		esac\n"
	       "	done\n"
	       "	case $prev:$cur in\n"
	       "	-s:*) list=@files ;;\n"
	       "	-o:*) list='text json' ;;\n"
	       "	*:-*) list=\"" OPTIONS " $(_nftlbctl_candidates "
	       "\"${words[@]}\")\" ;;\n"
	       "	*) list=$(_nftlbctl_candidates \"${words[@]}\") ;;\n"
	       "	esac\n"
	       "	case $list in\n"
	       "	*@files*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	       "	*) COMPREPLY=($(compgen -W \"$list\" -- \"$cur\")) ;;\n"
	       "	esac\n"
	       "}\n"
	       "complete -o filenames -F _nftlbctl nftlbctl\n");
	return EXIT_SUCCESS;
}

int completion_zsh(const struct call *c)
{
	printf("#compdef nftlbctl\n"
	       "# zsh completion of nftlbctl; made by: nftlbctl completion "
	       "zsh\n");
	print_rules();
	print_candidates("${~pattern}");
	printf(
	    "_nftlbctl() {\n"
	    "	local socket=/run/nftlb/nftlbd.sock i\n"
	    "	local -a before list\n"
	    "	for ((i = 2; i < CURRENT; i++)); do\n"
	    "		case ${words[i]} in\n"
	    "		-s) socket=${words[++i]} ;;\n"
	    "		-o) ((++i)) ;;\n"
	    "		--confirm) before+=(--confirm) ;;\n"
	    "		-*) ;;\n"
	    "		*) before+=(\"${words[i]}\") ;;\n"
	    "		esac\n"
	    "	done\n"
	    "	case ${words[CURRENT-1]}:${words[CURRENT]} in\n"
	    "	-s:*) _files; return ;;\n"
	    "	-o:*) list=(text json) ;;\n"
	    "	*:-*) list=(" OPTIONS
	    " ${(f)\"$(_nftlbctl_candidates $before)\"}) ;;\n"
	    "	*) list=(${(f)\"$(_nftlbctl_candidates $before)\"}) ;;\n"
	    "	esac\n"
	    "	if [[ ${list[(i)@files]} -le ${#list} ]]; then\n"
	    "		_files\n"
	    "	else\n"
	    "		compadd -a list\n"
	    "	fi\n"
	    "}\n"
	    "if [ \"$funcstack[1]\" = _nftlbctl ]; then\n"
	    "	_nftlbctl \"$@\"\n"
	    "else\n"
	    "	compdef _nftlbctl nftlbctl\n"
	    "fi\n");
	return EXIT_SUCCESS;
}
