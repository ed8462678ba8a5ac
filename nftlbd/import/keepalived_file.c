/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keepalived.conf as a whole: its blocks, and the files that it includes. */
#include <string.h>

#include "import/keepalived.h"

static void top_word(struct ka *k, size_t node)
{
	static const char vrrp[] =
	    "no equivalent: keep keepalived for VRRP and addresses, and "
	    "nftlbd's service addresses with it";
	static const struct {
		const char *begin, *why;
	} others[] = {
		{ "vrrp", vrrp },
		{ "virtual_server_group", NULL },
		{ "global_defs", "mail, router ids and the like stay with "
				 "keepalived; ours are in [global]" },
		{ "static_", vrrp },
		{ "track_", vrrp },
		{ "bfd", "there is no check by BFD" },
		{ "linkbeat", vrrp },
		{ "$", "definitions are not expanded: write the file out "
		       "first" },
		{ "@", "conditions are not looked at: what they guard is "
		       "taken, or not known" },
		{ "net_namespace", "[Service] NetworkNamespacePath= of the "
				   "unit does that" },
		{ "include", "not read: give the file that is meant" },
		{ "garp_", vrrp },
		{ "SSL", "certificates are keys of checks here: cert-file, "
			 "ca-file" },
	};
	const char *word = ka_word(k, node, 0);

	if (!strcmp(word, "virtual_server")) {
		ka_virtual_server(k, node);
		return;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strncmp(word, others[i].begin, strlen(others[i].begin)))
			continue;
		if (others[i].why)
			ka_note(k, &k->d->head, node, others[i].why);
		return;
	}
	ka_note(k, &k->d->head, node, "not known to the import");
}

struct including {
	const struct import_reader *reader;
	struct tree *t;
	struct import *out;
	struct draft *d;
	const char *from;
	unsigned depth, files;
};

#define INCLUDE_DEPTH_MAX 8
#define INCLUDE_FILES_MAX 1000

static void on_include(void *arg, struct tree *t, const char *pattern);

static void on_file(void *arg, const char *name, const char *text, size_t len)
{
	struct including in = *(struct including *)arg;

	if (++((struct including *)arg)->files > INCLUDE_FILES_MAX)
		return;
	in.from = name;
	in.depth++;
	tree_read(in.t, name, text, len, on_include, &in);
	((struct including *)arg)->files = in.files;
}

static void on_include(void *arg, struct tree *t, const char *pattern)
{
	struct including *in = arg;

	if (in->depth < INCLUDE_DEPTH_MAX && in->files < INCLUDE_FILES_MAX &&
	    in->reader &&
	    in->reader->read(in->reader->arg, pattern, in->from, on_file, in))
		return;
	draft_note(in->d, &in->d->head, in->from, "include %s: not read",
		   pattern);
}

void import_keepalived(const char *name, const char *text, size_t len,
		       const struct import_reader *reader, struct import *out)
{
	struct draft d = { .out = out };
	struct tree t = { 0 };
	struct including in = { reader, &t, out, &d, name, 0, 0 };
	struct ka k = { &t, &d };

	tree_read(&t, name, text, len, on_include, &in);
	if (t.cut)
		draft_note(&d, &d.head, name,
			   "not read to its end: it is too large, or braces "
			   "are where they cannot be");
	if (t.unbalanced)
		draft_note(&d, &d.head, name, "braces do not match");
	for (size_t i = 0; i < t.n; i = t.nodes[i].end)
		top_word(&k, i);
	draft_write(&d, "keepalived");
	tree_free(&t);
}
