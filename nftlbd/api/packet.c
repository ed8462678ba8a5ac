/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets between the daemon and its API process. The daemon reads what a
 * process sends that the network may have taken over: the form is fixed, each
 * field is looked at before it is used, and descriptors that nobody asked for
 * are closed by who receives them.
 *
 * Must not know: what is done with them.
 */
#include "api/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const struct {
	bool at_daemon;
	size_t nfds;
} forms[] = {
	[API_HELLO] = { true, 0 },
	[API_SERVE] = { false, 2 },
	[API_SERVING] = { true, 0 },
	[API_CONNECT] = { true, 1 },
};

static bool all_zero(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

const char *api_packet_wrong(const struct api_packet *p, size_t len,
			     size_t nfds, bool at_daemon)
{
	size_t text;

	if (len != sizeof(*p) || p->magic != API_MAGIC)
		return "not the protocol's form";
	if (p->type < API_HELLO || p->type > API_CONNECT ||
	    forms[p->type].at_daemon != at_daemon)
		return "an unknown type";
	if (nfds != forms[p->type].nfds)
		return "not its number of descriptors";
	text = strnlen(p->text, API_TEXT);
	if (text == API_TEXT || !all_zero(p->text + text, API_TEXT - text) ||
	    !all_zero(p->pad, sizeof(p->pad)))
		return "a text without an end";
	for (size_t i = 0; i < text; i++)
		if (p->text[i] < ' ' || p->text[i] > '~')
			return "a text that is none";
	if (p->status > 0 || (p->type != API_SERVING && p->status != 0))
		return "a status that is none";
	return NULL;
}

int api_packet_send(int sock, const struct api_packet *p, const int *fds,
		    size_t nfds)
{
	struct iovec iov = { (void *)p, sizeof(*p) };
	char room[CMSG_SPACE(API_PACKET_FDS * sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (nfds) {
		msg.msg_control = room;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno
								    : 0;
}

ssize_t api_packet_receive(int sock, struct api_packet *p, int *fds,
			   size_t *nfds)
{
	struct iovec iov = { p, sizeof(*p) };
	char room[CMSG_SPACE(API_PACKET_FDS * sizeof(int))];
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	ssize_t n;

	*nfds = 0;
	memset(p, 0, sizeof(*p));
	n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		*nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *nfds * sizeof(int));
	}
	return n;
}
