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
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 90000

static const char *prober_path(void)
{
	const char *path = getenv("NFTLB_PROBER");

	return path ? path : TEST_PROBER;
}

/* As the daemon does: the program below has none, whoever runs the tests. */
static void capabilities_drop(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &head, none);
}

void rig_spawn_role(struct rig *p, int child_fd, const char *role)
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
		capabilities_drop();
		execl(prober_path(), "nftlb-prober", role, (char *)NULL);
		_exit(99);
	}
	close(err[1]);
	p->err = err[0];
}

void rig_spawn(struct rig *p, int child_fd)
{
	rig_spawn_role(p, child_fd, NULL);
}

static void start_role(struct rig *p, int sndbuf, const char *role)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (sndbuf)
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &sndbuf,
			   sizeof(sndbuf));
	rig_spawn_role(p, pair[1], role);
	close(pair[1]);
	p->fd = pair[0];
}

void rig_start(struct rig *p, int sndbuf)
{
	start_role(p, sndbuf, NULL);
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
	static const struct hc_spec nothing;

	rig_start(p, 0);
	rig_hello(p);
	rig_spec(p, RIG_SPEC, HC_TCP, &nothing, 0);
}

void rig_open_role(struct rig *p, const char *role)
{
	start_role(p, 0, role);
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

/* What the prober wrote to stderr until it ended, as text. */
static void stderr_read(struct rig *p, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 &&
	       (n = read(p->err, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(p->err);
}

void rig_said(struct rig *p, const char *words)
{
	char text[4096];

	stderr_read(p, text, sizeof(text));
	if (!strstr(text, words) ||
	    strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("not one line that says \"%s\": %s", words, text);
}

void rig_refused(struct rig *p, const char *words)
{
	uint64_t until = now_ms() + WAIT_MS;
	char packet[4096];

	/* It closes its end; statistics may come before. */
	while (rig_recv(p, packet, sizeof(packet)) > 0)
		assert_true(now_ms() < until);
	assert_int_equal(rig_end(p), 1);
	rig_said(p, words);
}

struct hc_job rig_job(uint32_t id, const struct listener *l,
		      uint32_t interval_ms, uint32_t timeout_ms)
{
	struct hc_job j = { .id = id,
			    .spec = RIG_SPEC,
			    .interval_ms = interval_ms,
			    .fast_ms = interval_ms,
			    .down_ms = interval_ms,
			    .rise = 1,
			    .fall = 1,
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

static void stop_send(struct rig *p, uint16_t message, uint32_t id)
{
	struct {
		struct hc_header head;
		struct hc_stop stop;
	} packet = { { HC_VERSION, message, 1 }, { id } };

	assert_true(send(p->fd, &packet, sizeof(packet), 0) > 0);
}

void rig_stop(struct rig *p, uint32_t id)
{
	stop_send(p, HC_MSG_STOP, id);
}

void rig_spec_stop(struct rig *p, uint32_t id)
{
	stop_send(p, HC_MSG_SPEC_STOP, id);
}

void rig_part(struct rig *p, uint16_t message, const struct hc_part *part,
	      const char *blob)
{
	const struct hc_header head = { HC_VERSION, message, 1 };
	struct buf packet = { 0 };

	buf_append(&packet, &head, sizeof(head));
	buf_append(&packet, part, sizeof(*part));
	buf_append(&packet, blob + part->offset, part->len);
	assert_int_equal(send(p->fd, packet.data, packet.len, 0), packet.len);
	buf_free(&packet);
}

void rig_spec(struct rig *p, uint32_t id, enum hc_type type,
	      const struct hc_spec *spec, uint32_t part)
{
	struct buf blob = { 0 };
	struct hc_part at = { .id = id, .type = type };

	spec_encode(spec, &blob);
	at.total = (uint32_t)blob.len;
	for (; at.offset < at.total; at.offset += at.len) {
		at.len = at.total - at.offset;
		if (at.len > (part ? part : HC_PART_MAX))
			at.len = part ? part : HC_PART_MAX;
		rig_part(p, HC_MSG_SPEC, &at, blob.data);
	}
	buf_free(&blob);
}

struct packet {
	struct hc_header head;
	union {
		struct hc_result results[HC_RECORDS_MAX];
		struct hc_stats stats;
	} of;
};

static void packet_take(struct rig *p, const struct packet *packet, ssize_t n)
{
	size_t len = (size_t)n - sizeof(packet->head);
	size_t count = packet->head.count;

	assert_true(n > (ssize_t)sizeof(packet->head));
	if (packet->head.type == HC_MSG_STATS) {
		assert_int_equal(count, 1);
		assert_int_equal(len, sizeof(p->stats));
		p->stats = packet->of.stats;
		p->nstats++;
		return;
	}
	assert_int_equal(packet->head.type, HC_MSG_RESULT);
	assert_int_equal(len, count * sizeof(struct hc_result));
	memcpy(p->got, packet->of.results, sizeof(p->got));
	p->ngot = count;
	p->next = 0;
}

void rig_packet(struct rig *p)
{
	struct packet packet;

	packet_take(p, &packet, rig_recv(p, &packet, sizeof(packet)));
}

struct hc_result rig_next(struct rig *p)
{
	while (p->next == p->ngot)
		rig_packet(p);
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
