/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PEM files are read whole, once, when the server starts: whether they are what
 * they should be, libmicrohttpd says.
 */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/xalloc.h"

static int wrong_file(const char *path, const struct stat *st, bool secret,
		      struct err *err)
{
	if (!S_ISREG(st->st_mode) || (secret && st->st_mode & 0007))
		return err_set(err, -EPERM, "%s: mode %04o; allowed: a file%s",
			       path, (unsigned int)(st->st_mode & 07777),
			       secret ? " that others may neither read nor "
					"write"
				      : "");
	if (st->st_size > (off_t)TLS_PEM_MAX)
		return err_set(err, -EFBIG, "%s: larger than %zu KiB", path,
			       TLS_PEM_MAX >> 10);
	return 0;
}

static int pem_read(const char *path, bool secret, char **text, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		ret = err_set(err, -errno, "%s: %s", path, strerror(errno));
	} else {
		ret = wrong_file(path, &st, secret, err);
		if (ret == 0) {
			*text = xcalloc(1, (size_t)st.st_size + 1);
			ret = (int)fd_read_all(fd, *text, (size_t)st.st_size);
			if (ret < 0)
				err_set(err, ret, "%s: %s", path,
					strerror(-ret));
			else
				ret = 0;
		}
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

int tls_read(struct tls *tls, const char *cert_file, const char *key_file,
	     struct err *err)
{
	int ret;

	*tls = (struct tls){ 0 };
	if (!cert_file && !key_file)
		return 0;
	if (!cert_file || !key_file)
		return err_set(err, -EINVAL,
			       "a certificate and its key are needed, and the "
			       "%s is missing",
			       cert_file ? "key" : "certificate");
	ret = pem_read(cert_file, false, &tls->cert, err);
	if (ret == 0)
		ret = pem_read(key_file, true, &tls->key, err);
	if (ret < 0)
		tls_free(tls);
	return ret;
}

void tls_free(struct tls *tls)
{
	if (tls->key)
		explicit_bzero(tls->key, strlen(tls->key));
	free(tls->key);
	free(tls->cert);
	*tls = (struct tls){ 0 };
}
