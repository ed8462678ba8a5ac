/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A prober under test. Every wait has an end: a prober that says nothing fails
 * the test after WAIT_MS.
 */
#include "prober_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

static const char *prober_path(void)
{
	const char *path = getenv("NFTLB_PROBER");

	return path ? path : TEST_PROBER;
}

void rig_spawn(struct rig *p, int child_fd)
{
	int err[2];

	memset(p, 0, sizeof(*p));
	p->fd = -1;
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		int fd = fcntl(child_fd, F_DUPFD, 10);

		dup2(err[1], STDERR_FILENO);
		close(HC_PROBER_FD);
		if (fd >= 0) {
			dup2(fd, HC_PROBER_FD);
			close(fd);
		}
		execl(prober_path(), "nftlb-prober", (char *)NULL);
		_exit(99);
	}
	close(err[1]);
	p->err = err[0];
}

void rig_start(struct rig *p, int sndbuf)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (sndbuf)
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &sndbuf,
			   sizeof(sndbuf));
	rig_spawn(p, pair[1]);
	close(pair[1]);
	p->fd = pair[0];
}

ssize_t rig_recv(struct rig *p, void *packet, size_t size)
{
	struct pollfd in = { .fd = p->fd, .events = POLLIN };

	if (poll(&in, 1, WAIT_MS) != 1)
		return -1;
	return recv(p->fd, packet, size, 0);
}

void rig_hello(struct rig *p)
{
	struct hc_header head;

	assert_int_equal(rig_recv(p, &head, sizeof(head)), sizeof(head));
	assert_int_equal(head.version, HC_VERSION);
	assert_int_equal(head.type, HC_MSG_HELLO);
	assert_int_equal(head.count, 0);
}

void rig_open(struct rig *p)
{
	rig_start(p, 0);
	rig_hello(p);
}

int rig_end(struct rig *p)
{
	uint64_t until = now_ms() + WAIT_MS;
	int status;

	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		if (now_ms() > until) {
			kill(p->pid, SIGKILL);
			waitpid(p->pid, &status, 0);
			fail_msg("the prober does not exit");
		}
		usleep(1000);
	}
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void rig_close(struct rig *p)
{
	assert_int_equal(rig_end(p), 0);
	close(p->err);
}

struct hc_job rig_job(uint32_t id, const struct listener *l,
		      uint32_t interval_ms, uint32_t timeout_ms)
{
	struct hc_job j = { .id = id,
			    .interval_ms = interval_ms,
			    .timeout_ms = timeout_ms,
			    .port = l->port,
			    .type = HC_TCP,
			    .family = (uint8_t)l->family };

	inet_pton(l->family, l->family == AF_INET6 ? "::1" : "127.0.0.1", j.ip);
	return j;
}

void rig_jobs(struct rig *p, const struct hc_job *jobs, size_t n)
{
	struct {
		struct hc_header head;
		struct hc_job jobs[HC_RECORDS_MAX];
	} packet = { .head = { HC_VERSION, HC_MSG_JOB, (uint32_t)n } };

	memcpy(packet.jobs, jobs, n * sizeof(*jobs));
	assert_true(send(p->fd, &packet,
			 sizeof(packet.head) + n * sizeof(*jobs), 0) > 0);
}

void rig_stop(struct rig *p, uint32_t id)
{
	struct {
		struct hc_header head;
		struct hc_stop stop;
	} packet = { { HC_VERSION, HC_MSG_STOP, 1 }, { id } };

	assert_true(send(p->fd, &packet, sizeof(packet), 0) > 0);
}

struct hc_result rig_next(struct rig *p)
{
	struct {
		struct hc_header head;
		struct hc_result results[HC_RECORDS_MAX];
	} packet;
	ssize_t n;

	if (p->next == p->ngot) {
		n = rig_recv(p, &packet, sizeof(packet));
		assert_true(n > (ssize_t)sizeof(packet.head));
		assert_int_equal(packet.head.type, HC_MSG_RESULT);
		assert_int_equal((size_t)n, sizeof(packet.head) +
						packet.head.count *
						    sizeof(struct hc_result));
		memcpy(p->got, packet.results, sizeof(p->got));
		p->ngot = packet.head.count;
		p->next = 0;
	}
	return p->got[p->next++];
}

struct hc_result rig_result(struct rig *p, uint32_t id, uint32_t never)
{
	struct hc_result r;

	do {
		r = rig_next(p);
		assert_int_not_equal(r.id, never);
	} while (r.id != id);
	return r;
}
