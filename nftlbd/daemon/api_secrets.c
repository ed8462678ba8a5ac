/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that only root may read are read here, and judged before anything
 * changes: the API process gets them whole, in memory, by a descriptor, which
 * nobody else can see and nobody can change.
 *
 * Must not know: the process.
 */
#include "daemon/api_secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/packet.h"
#include "healthcheck/tls_pem.h"
#include "http/listener.h"
#include "lib/fd.h"
#include "lib/xalloc.h"

_Static_assert(TLS_PEM_MAX <= API_PEM_MAX, "it can be handed over");

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

/* Words of others, behind the key that they are about. */
static int about(const char *key, int ret, const struct err *why,
		 struct err *err)
{
	return ret < 0 ? err_set(err, ret, "[global] %s: %s", key, why->msg)
		       : 0;
}

static int pem_check(const struct tls *tls, struct err *err)
{
	const struct spec_bytes none = { 0 };
	const struct spec_bytes cert = { (uint8_t *)tls->cert,
					 length(tls->cert) };
	const struct spec_bytes key = { (uint8_t *)tls->key, length(tls->key) };
	const char *problem = NULL;

	if (key.len || cert.len)
		problem = tls_pem_problem(&none, &cert, &key);
	return problem ? err_set(err, -EINVAL, "[global] api-%s", problem) : 0;
}

int secrets_read(struct secrets *s, const struct conf *conf, struct err *err)
{
	struct err why;
	int ret = 0;

	*s = (struct secrets){ .listener = -1 };
	if (!conf->api_listen)
		return 0;
	s->listen = xstrdup(conf->api_listen);
	s->has_tokens = conf->api_token_file;
	if (s->has_tokens)
		ret = about("api-token-file",
			    tokens_read(conf->api_token_file, &s->tokens, &why),
			    &why, err);
	if (ret == 0)
		ret = about("api-cert-file, api-key-file",
			    tls_read(&s->tls, conf->api_cert_file,
				     conf->api_key_file, &why),
			    &why, err);
	if (ret == 0)
		ret = pem_check(&s->tls, err);
	if (ret < 0)
		secrets_free(s);
	return ret;
}

int secrets_listen(struct secrets *s, const struct secrets *now,
		   struct err *err)
{
	struct listener l;
	struct addr addr;
	struct err why;
	uint16_t port;
	int ret;

	if (!s->listen)
		return 0;
	if (same_text(s->listen, now->listen) && now->listener >= 0) {
		s->listener = fcntl(now->listener, F_DUPFD_CLOEXEC, 0);
		return s->listener < 0
			   ? err_set(err, -errno, "%s", strerror(errno))
			   : 0;
	}
	if (endpoint_parse(s->listen, &addr, &port) < 0)
		return err_set(err, -EINVAL, "[global] api-listen: %s",
			       s->listen);
	ret = listener_open_tcp(&l, &addr, port, &why);
	s->listener = l.fd;
	return about("api-listen", ret, &why, err);
}

bool secrets_same(const struct secrets *a, const struct secrets *b)
{
	return same_text(a->listen, b->listen) &&
	       a->has_tokens == b->has_tokens &&
	       !memcmp(&a->tokens, &b->tokens, sizeof(a->tokens)) &&
	       same_text(a->tls.cert, b->tls.cert) &&
	       same_text(a->tls.key, b->tls.key);
}

int secrets_file(const struct secrets *s)
{
	struct api_secrets head;
	int fd = memfd_create("nftlb-api", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return -errno;
	memset(&head, 0, sizeof(head)); /* gaps too */
	head.has_tokens = s->has_tokens;
	head.tokens = s->tokens;
	head.cert_len = (uint32_t)length(s->tls.cert);
	head.key_len = (uint32_t)length(s->tls.key);
	ret = fd_write_all(fd, &head, sizeof(head));
	if (ret == 0)
		ret = fd_write_all(fd, s->tls.cert, head.cert_len);
	if (ret == 0)
		ret = fd_write_all(fd, s->tls.key, head.key_len);
	if (ret == 0 &&
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

void secrets_free(struct secrets *s)
{
	if (s->listener >= 0)
		close(s->listener);
	free(s->listen);
	tls_free(&s->tls);
	*s = (struct secrets){ .listener = -1 };
}
