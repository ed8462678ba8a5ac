/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration from text; what a refused file must always give. */
#include "conf_rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/xalloc.h"

static void rig_forget(struct rig *rig)
{
	conf_free(rig->conf);
	conf_errors_free(&rig->errors);
	buf_free(&rig->words);
	rig->conf = NULL;
}

int rig_setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	snprintf(rig->dir, sizeof(rig->dir), "/tmp/nftlb-conf.XXXXXX");
	*state = rig;
	return mkdtemp(rig->dir) ? 0 : -1;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	DIR *dir = opendir(rig->dir);
	struct dirent *entry;

	rig_forget(rig);
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name != '.' &&
		    unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
	rmdir(rig->dir);
	free(rig);
	return 0;
}

void rig_write(struct rig *rig, const char *name, const void *data, size_t len)
{
	char *path = xasprintf("%s/%s", rig->dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	free(path);
}

int rig_load(struct rig *rig, const char *name)
{
	char *path = strchr(name, '/') ? xstrdup(name)
				       : xasprintf("%s/%s", rig->dir, name);
	size_t i;
	int ret;

	rig_forget(rig);
	ret = conf_load(path, &rig->conf, &rig->errors);
	free(path);
	conf_errors_print(&rig->errors, &rig->words);
	if (!ret) {
		assert_non_null(rig->conf);
		assert_int_equal(rig->errors.n, 0);
		return ret;
	}
	assert_int_equal(ret, -EINVAL);
	assert_null(rig->conf);
	assert_true(rig->errors.n > 0);
	/* each complaint says what is allowed and is one printable line */
	for (i = 0; i < rig->errors.n; i++) {
		const char *text = rig->errors.list[i].text;

		if (strncmp(text, "and ", 4))
			assert_non_null(strstr(text, "; allowed: "));
		for (; *text; text++)
			assert_true((unsigned char)*text >= ' ' &&
				    *text != 0x7f);
	}
	return ret;
}

const struct conf *rig_good(struct rig *rig, const char *text)
{
	rig_write(rig, "good.conf", text, strlen(text));
	if (rig_load(rig, "good.conf"))
		fail_msg("refused: %s", rig->words.data);
	return rig->conf;
}

void rig_bad(struct rig *rig, const void *text, size_t len, unsigned int line,
	     const char *words)
{
	size_t i;

	rig_write(rig, "bad.conf", text, len);
	assert_int_equal(rig_load(rig, "bad.conf"), -EINVAL);
	for (i = 0; i < rig->errors.n; i++) {
		if (rig->errors.list[i].line == line &&
		    strstr(rig->errors.list[i].text, words))
			return;
	}
	fail_msg("no \"%s\" at line %u in: %s", words, line, rig->words.data);
}
