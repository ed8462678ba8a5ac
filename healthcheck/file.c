/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file check: a file that is there takes the backend out of service (drain
 * or down), one that is not says that it is ready. Whatever is of that name
 * counts, a directory or a link to something that is there too.
 *
 * One stat() and the check is over: local file systems only, since one that
 * hangs would hang the loop. A file that cannot be asked for (a directory that
 * may not be entered) is this machine's fault and says nothing.
 *
 * Must not read files.
 */
#include "healthcheck/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "healthcheck/checks.h"
#include "healthcheck/socket.h"
#include "healthcheck/text.h"

static int file_present(struct check *c)
{
	if (c->spec->of.present == SPEC_SAYS_DOWN)
		return HC_MAINTENANCE;
	c->says = HC_SAYS_DRAIN;
	return HC_OK;
}

int file_start(struct check *c, const struct hc_job *job)
{
	char address[ADDR_STRLEN];
	struct buf path = { 0 };
	struct stat st;
	int error;

	if (!c->spec->of.file)
		return HC_LOCAL;
	probe_address(job, address);
	braces_fill(c->spec->of.file, address, job->port, job->name, &path);
	error = stat(path.data ? path.data : "", &st) < 0 ? errno : 0;
	buf_free(&path);
	if (error == 0)
		return file_present(c);
	if (error == ENOENT || error == ENOTDIR) {
		c->says = HC_SAYS_READY;
		return HC_OK;
	}
	c->detail = error;
	return HC_LOCAL;
}

int file_look(struct check *c)
{
	return CHECK_RUNNING;
}

void file_cancel(struct check *c)
{
}
