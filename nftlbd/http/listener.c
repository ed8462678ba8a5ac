/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket's file. Between bind() and listen() nobody can connect,
 * so its mode and group are right before the first peer gets in.
 *
 * Invariant: a live daemon's socket is never taken away, and on the way out
 * only our own file is removed.
 * Must not know: HTTP, the model.
 */
#include "http/listener.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/peer.h"
#include "lib/xalloc.h"

#define BACKLOG 128

static int address_of(const char *path, struct sockaddr_un *sun,
		      struct err *err)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path))
		return err_set(err, -ENAMETOOLONG,
			       "control socket %s: longer than %zu bytes", path,
			       sizeof(sun->sun_path) - 1);
	strcpy(sun->sun_path, path);
	return 0;
}

/* Does somebody serve the socket file that is there? 0: no, or no file. */
static int check_free(const struct sockaddr_un *sun, struct err *err)
{
	const char *path = sun->sun_path;
	struct stat st;
	int fd, ret;

	if (lstat(path, &st) < 0)
		return errno == ENOENT
			   ? 0
			   : err_set(err, -errno, "control socket %s: %s", path,
				     strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST,
			       "control socket %s: a file that is no socket is "
			       "in the way",
			       path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	ret = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	/* A full backlog (EAGAIN) is a sign of life as well. */
	if (ret < 0 && errno == ECONNREFUSED) {
		ret = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
		if (ret < 0)
			err_set(err, ret, "cannot replace %s: %s", path,
				strerror(-ret));
	} else {
		ret = err_set(err, -EADDRINUSE,
			      "control socket %s: another daemon answers there",
			      path);
	}
	close(fd);
	return ret;
}

/* The directory of a socket in /run goes with every boot. */
static void make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (!slash || slash == path)
		return;
	dir = xstrndup(path, (size_t)(slash - path));
	mkdir(dir, 0755); /* bind() says what is wrong */
	free(dir);
}

static int find_group(const char *name, gid_t *gid, struct err *err)
{
	const struct group *gr;

	*gid = GID_NONE;
	if (!name)
		return 0;
	errno = 0;
	gr = getgrnam(name);
	if (!gr)
		return err_set(err, errno ? -errno : -ENOENT,
			       "control-group: no group \"%s\"", name);
	*gid = gr->gr_gid;
	return 0;
}

static int bind_file(struct listener *l, const struct sockaddr_un *sun,
		     struct err *err)
{
	const char *what = "bind";
	mode_t mask = umask(0177);
	int ret = bind(l->fd, (const struct sockaddr *)sun, sizeof(*sun));
	struct stat st;

	umask(mask);
	if (ret == 0 && l->group != GID_NONE) {
		what = "set group and mode";
		ret = chown(sun->sun_path, (uid_t)-1, l->group);
		if (ret == 0)
			ret = chmod(sun->sun_path, 0660);
	}
	if (ret == 0) {
		what = "listen";
		ret = listen(l->fd, BACKLOG);
	}
	if (ret == 0)
		ret = stat(sun->sun_path, &st);
	if (ret < 0)
		return err_set(err, -errno, "control socket %s: %s: %s",
			       sun->sun_path, what, strerror(errno));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

int listener_open(struct listener *l, const char *path, const char *group,
		  struct err *err)
{
	struct sockaddr_un sun;
	int ret;

	*l = (struct listener){ .fd = -1, .group = GID_NONE };
	ret = address_of(path, &sun, err);
	if (ret == 0)
		ret = find_group(group, &l->group, err);
	if (ret == 0)
		ret = check_free(&sun, err);
	if (ret < 0)
		return ret;
	make_directory(path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	ret = bind_file(l, &sun, err);
	if (ret < 0) {
		close(l->fd);
		l->fd = -1;
		return ret;
	}
	l->path = xstrdup(path);
	return 0;
}

int listener_open_tcp(struct listener *l, const struct addr *addr,
		      uint16_t port, struct err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(addr, port, &ss);
	char text[ENDPOINT_STRLEN];
	int one = 1, ret;

	*l = (struct listener){ .fd = -1, .group = GID_NONE };
	l->fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ret = bind(l->fd, (const struct sockaddr *)&ss, len);
	if (ret == 0)
		ret = listen(l->fd, BACKLOG);
	if (ret == 0)
		return 0;
	ret = err_set(err, -errno, "cannot listen on %s: %s",
		      endpoint_format(addr, port, text), strerror(errno));
	close(l->fd);
	l->fd = -1;
	return ret;
}

void listener_remove(struct listener *l)
{
	struct stat st;

	if (!l->path)
		return;
	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		unlink(l->path);
	free(l->path);
	l->path = NULL;
}
