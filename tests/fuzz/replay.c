/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzzer without its engine: each file of its corpus, and each beginning of
 * each file, since what is cut off is what parsers are wrong about. Files on
 * the command line instead: only these, whole (to look into a crash).
 * A finding ends the program by way of the sanitizers or abort().
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/xalloc.h"
#include "tests/fuzz/fuzz.h"

#define PREFIXES_MAX 2048 /* of one file */

static void file_read(const char *path, struct buf *bytes)
{
	FILE *f = fopen(path, "re");
	char part[4096];
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_append(bytes, part, n);
	fclose(f);
}

/* In memory of its own of just that size: a byte too far is a finding. */
static void feed(const struct buf *bytes, size_t len)
{
	uint8_t *data = xmalloc(len ? len : 1);

	if (len)
		memcpy(data, bytes->data, len);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
}

static void replay(const char *path, bool prefixes)
{
	struct buf bytes = { 0 };

	file_read(path, &bytes);
	feed(&bytes, bytes.len);
	for (size_t len = 0; prefixes && len < bytes.len && len < PREFIXES_MAX;
	     len++)
		feed(&bytes, len);
	buf_free(&bytes);
}

/* "fuzz_NAME" -> how many files were in corpus/NAME */
static int corpus_replay(const char *program)
{
	const char *base = strrchr(program, '/');
	char *name = strstr(base ? base : program, "fuzz_");
	char *dir = xasprintf("%s/%s", FUZZ_CORPUS, name ? name + 5 : "");
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (e->d_name[0] != '.') {
			replay(path, true);
			n++;
		}
		free(path);
	}
	if (d)
		closedir(d);
	if (n == 0)
		fprintf(stderr, "%s: no corpus\n", dir);
	free(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n;

	for (int i = 1; i < argc; i++)
		replay(argv[i], false);
	if (argc > 1)
		return 0;
	n = corpus_replay(argv[0]);
	/* as cmocka says it, for who counts */
	if (n)
		printf("[       OK ] corpus of %d\n", n);
	return n ? 0 : 1;
}
