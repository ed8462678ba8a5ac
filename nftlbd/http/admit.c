/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admission. On a UNIX socket the kernel says who asks. On TCP a token does; if
 * there is none, the address is a loopback one, and who asks must have meant
 * us: a browser that was led here by another name (DNS rebinding) has not.
 *
 * Invariant: who is not admitted learns nothing but that.
 * Must not know: what is asked for.
 */
#include "http/admit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/impl.h"
#include "http/reply.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define SCHEME "Bearer "

static bool admit_peer(struct request *rq)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    rq->conn, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info)
		peer_read(info->connect_fd, rq->http->listener.group,
			  &rq->peer);
	if (rq->peer.allowed)
		return true;
	log_warning("%s: uid=%ld pid=%ld refused: not root and not in "
		    "control-group",
		    rq->http->site->name, (long)rq->peer.uid,
		    (long)rq->peer.pid);
	reply_problem(rq, MHD_HTTP_FORBIDDEN,
		      "uid %ld may not use the control socket",
		      (long)rq->peer.uid);
	return false;
}

bool token_matches(const char *said, const char *token)
{
	size_t len = strlen(said), wanted = strlen(token);
	volatile unsigned char differ = len != wanted;

	/* As long as it is said, not as it is right. */
	for (size_t i = 0; i < len; i++)
		differ =
		    (unsigned char)(differ | (said[i] ^ token[i % wanted]));
	return differ == 0;
}

static bool admit_token(struct request *rq, const char *url)
{
	const char *open = rq->http->site->open_path;
	const char *said = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

	if (said && !strncasecmp(said, SCHEME, strlen(SCHEME)) &&
	    token_matches(said + strlen(SCHEME), rq->http->token))
		return true;
	if (open && !strcmp(url, open))
		return true;
	reply_problem(rq, MHD_HTTP_UNAUTHORIZED,
		      said ? "Authorization: the token is not the right one"
			   : "Authorization: needed: Bearer TOKEN");
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
				"Bearer");
	return false;
}

/* An address, or localhost; with a port or not. */
static bool is_plain_host(const char *host)
{
	struct addr a;
	uint16_t port;

	return (!strncasecmp(host, "localhost", 9) &&
		(host[9] == '\0' || host[9] == ':')) ||
	       addr_parse(host, &a) == 0 ||
	       endpoint_parse(host, &a, &port) == 0;
}

static bool admit_local(struct request *rq)
{
	const char *host = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const char *origin = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);

	if (!origin && (!host || is_plain_host(host)))
		return true;
	reply_problem(rq, MHD_HTTP_FORBIDDEN,
		      "%s: allowed without a token: requests of no web page, "
		      "to an address or localhost",
		      origin ? "Origin" : "Host");
	return false;
}

bool admit_request(struct request *rq, const char *url)
{
	rq->peer = (struct peer){ .uid = (uid_t)-1 };
	if (rq->http->listener.path)
		return admit_peer(rq);
	return rq->http->token ? admit_token(rq, url) : admit_local(rq);
}

/* ---- the file */

static int token_check(const char *path, const char *text, struct err *err)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return err_set(err, -EINVAL,
				       "%s: character %zu; allowed: one line "
				       "of visible ASCII characters",
				       path, i + 1);
	if (len < TOKEN_MIN || len > TOKEN_MAX)
		return err_set(err, -EINVAL,
			       "%s: %zu characters; allowed: %d to %d", path,
			       len, TOKEN_MIN, TOKEN_MAX);
	return 0;
}

/* What is in the file, without the end of its line. */
static int token_load(const char *path, char *text, size_t size,
		      struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = { 0 };
	ssize_t n = -1;
	int code;

	if (fd >= 0 && fstat(fd, &st) == 0)
		n = read(fd, text, size - 1);
	code = errno;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return err_set(err, -code, "%s: %s", path, strerror(code));
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0007))
		return err_set(err, -EPERM,
			       "%s: mode %04o; allowed: a file that others may "
			       "neither read nor write",
			       path, (unsigned int)(st.st_mode & 07777));
	if (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return 0;
}

int token_read(const char *path, char **token, struct err *err)
{
	char text[TOKEN_MAX + 3];
	int ret = token_load(path, text, sizeof(text), err);

	if (ret == 0)
		ret = token_check(path, text, err);
	if (ret == 0)
		*token = xstrdup(text);
	explicit_bzero(text, sizeof(text));
	return ret;
}
