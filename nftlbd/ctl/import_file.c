/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `import`: another program's file as ours, on stdout; on stderr what has no
 * equivalent. Files are read here; what they say is understood elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/run.h"
#include "import/import.h"
#include "lib/xalloc.h"

#define FILE_MAX (8u << 20)

static int read_all(int fd, struct buf *out)
{
	ssize_t n;

	do {
		if (out->len > FILE_MAX)
			return -EFBIG;
		n = read(fd, buf_reserve(out, 65536), 65536);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	buf_append(out, "", 0);
	return n < 0 ? -errno : 0;
}

/* Regular files only; "-" is stdin. */
static int read_file(const char *path, struct buf *out)
{
	struct stat st;
	int fd, ret;

	if (!strcmp(path, "-"))
		return read_all(STDIN_FILENO, out);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ret = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? -EISDIR
							 : read_all(fd, out);
	close(fd);
	return ret;
}

/* Patterns are relative to the file that has them, as with keepalived. */
static size_t read_included(void *arg, const char *pattern, const char *from,
			    void (*take)(void *to, const char *name,
					 const char *text, size_t len),
			    void *to)
{
	const char *slash = strrchr(from, '/');
	char *path =
	    pattern[0] == '/' || !slash
		? xstrdup(pattern)
		: xasprintf("%.*s/%s", (int)(slash - from), from, pattern);
	size_t n = 0;
	glob_t g;

	if (glob(path, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++) {
			struct buf text = { 0 };

			if (read_file(g.gl_pathv[i], &text) == 0) {
				take(to, g.gl_pathv[i],
				     text.data ? text.data : "", text.len);
				n++;
			}
			buf_free(&text);
		}
		globfree(&g);
	}
	free(path);
	return n;
}

static json_t *answer_of(const struct import *im)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < im->nnotes; i++)
		json_array_append_new(notes, json_string(im->notes[i].text));
	return json_pack("{s:s%, s:I, s:I, s:I, s:o}", "text", im->text.data,
			 im->text.len, "services", (json_int_t)im->services,
			 "backends", (json_int_t)im->backends, "checks",
			 (json_int_t)im->checks, "no_equivalent", notes);
}

static void summary(const struct import *im)
{
	for (size_t i = 0; i < im->nnotes; i++)
		fprintf(stderr, "%s\n", im->notes[i].text);
	fprintf(stderr,
		"nftlbctl: %zu service%s, %zu backend%s, %zu check%s; %zu "
		"line%s without an equivalent\n",
		im->services, im->services == 1 ? "" : "s", im->backends,
		im->backends == 1 ? "" : "s", im->checks,
		im->checks == 1 ? "" : "s", im->nnotes,
		im->nnotes == 1 ? "" : "s");
}

static int import_with(const struct call *c,
		       void (*import)(const char *, const char *, size_t,
				      const struct import_reader *,
				      struct import *))
{
	const struct import_reader reader = { read_included, NULL };
	const char *path = c->value[PLACE_FILE];
	struct import im = { 0 };
	struct buf text = { 0 };
	json_t *answer;
	int ret = read_file(path, &text);

	if (ret < 0) {
		fprintf(stderr, "nftlbctl: %s: %s\n", path, strerror(-ret));
		buf_free(&text);
		return EXIT_REFUSED;
	}
	import(strcmp(path, "-") != 0 ? path : "stdin",
	       text.data ? text.data : "", text.len, &reader, &im);
	answer = answer_of(&im);
	ret = run_show(c, answer, NULL);
	summary(&im);
	if (ret == EXIT_DONE && im.services == 0) {
		fprintf(stderr, "nftlbctl: %s: no virtual server in it\n",
			path);
		ret = EXIT_REFUSED;
	}
	json_decref(answer);
	import_free(&im);
	buf_free(&text);
	return ret;
}

int import_from_keepalived(const struct call *c)
{
	return import_with(c, import_keepalived);
}

int import_from_ipvsadm(const struct call *c)
{
	return import_with(c, import_ipvsadm);
}
