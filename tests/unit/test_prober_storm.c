/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs and specs of all types come, change and go at random in the real prober,
 * while their peers answer rubbish, nothing, or not at all. What is left in the
 * end: nothing. ASan, where it is built in, looks at the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prober_rig.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))
#define JOBS     400
#define STEPS    6000
#define SPECS    4096 /* more than ever come */
#define MARK     (JOBS + 1)

/* ---- peers */

struct peers {
	pid_t pid;
	uint16_t rubbish; /* TCP and UDP; an answer each, and the end */
	struct listener silent, closed;
};

static int bound(int type, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr = { htonl(INADDR_LOOPBACK) },
				 .sin_port = htons(*port) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *)&a, &len);
	*port = ntohs(a.sin_port);
	return fd;
}

static void connection_serve(int fd, unsigned int turn)
{
	static const struct linger abort_now = { 1, 0 };
	static char data[20000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(turn % 3 ? lrand48() : 0);
	if (turn % 4)
		send(fd, data, lrand48() % sizeof(data),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
	if (turn % 5 == 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now,
			   sizeof(abort_now));
	close(fd);
}

static _Noreturn void rubbish_serve(int tcp, int udp)
{
	struct pollfd fds[] = { { .fd = tcp, .events = POLLIN },
				{ .fd = udp, .events = POLLIN } };
	char data[2048];

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (unsigned int turn = 0;; turn++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n;

		poll(fds, N(fds), -1);
		if (fds[0].revents)
			connection_serve(accept(tcp, NULL, NULL), turn);
		if (!fds[1].revents)
			continue;
		n = recvfrom(udp, data, sizeof(data), 0,
			     (struct sockaddr *)&from, &len);
		for (ssize_t i = turn % 2 ? 2 : 0; i < n; i++)
			data[i] = (char)lrand48();
		sendto(udp, data, n > 0 ? (size_t)n : 0, 0,
		       (struct sockaddr *)&from, len);
	}
}

static void peers_start(struct peers *p)
{
	int tcp, udp;

	listener_open(&p->silent, AF_INET, 1024);
	listener_open(&p->closed, AF_INET, -1);
	do {
		p->rubbish = 0;
		tcp = bound(SOCK_STREAM, &p->rubbish);
		udp = bound(SOCK_DGRAM, &p->rubbish);
		if (udp < 0)
			close(tcp);
	} while (udp < 0);
	assert_int_equal(listen(tcp, 128), 0);
	p->pid = fork();
	if (p->pid == 0)
		rubbish_serve(tcp, udp);
	close(tcp);
	close(udp);
}

static void peers_stop(struct peers *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	listener_close(&p->silent);
	listener_close(&p->closed);
}

/* ---- what there is */

static const struct {
	enum hc_type type;
	struct hc_spec spec;
} kinds[] = {
	{ .type = HC_TCP },
	{ HC_TCP, { .send = (char *)"hello\\n", .expect = (char *)"welcome" } },
	{ HC_TCP, { .tls = SPEC_YES } },
	{ HC_HTTP,
	  { .http_version = SPEC_HTTP_11,
	    .body_max = 4096,
	    .expect_body = (char *)"well" } },
	{ HC_HTTPS, { .http_version = SPEC_HTTP_11, .body_max = 4096 } },
	{ HC_HTTP, { .http_version = SPEC_HTTP_2, .body_max = 4096 } },
	{ HC_AGENT, { .silent = SPEC_SILENT_DOWN } },
	{ HC_UDP, { .send = (char *)"hello", .expect = (char *)"hell?" } },
	{ .type = HC_UDP },
	{ HC_DNS, { .query = (char *)"www.example.org" } },
	{ HC_SNMP, { .snmp_version = SPEC_SNMP_2C, .oid = (char *)"1.3.6.1" } },
	{ HC_SNMP,
	  { .snmp_version = SPEC_SNMP_3,
	    .oid = (char *)"1.3.6.1",
	    .snmp_user = (char *)"somebody",
	    .snmp_auth = SPEC_AUTH_SHA,
	    .snmp_priv = SPEC_PRIV_AES,
	    .auth_password = (char *)"password one",
	    .priv_password = (char *)"password two" } },
	{ .type = HC_ICMP },
	{ HC_FILE, { .file = (char *)"/nowhere/{backend}/{port}" } },
};

struct world {
	struct rig rig;
	struct peers peers;
	uint32_t spec_of_kind[N(kinds)], spec_of_job[JOBS + 1];
	unsigned int users[SPECS];
	uint32_t nspecs;
	unsigned int results;
};

static void spec_new(struct world *w, size_t kind)
{
	uint32_t old = w->spec_of_kind[kind], id = ++w->nspecs;

	assert_true(id < SPECS);
	rig_spec(&w->rig, id, kinds[kind].type, &kinds[kind].spec, 0);
	w->spec_of_kind[kind] = id;
	if (old && !w->users[old])
		rig_spec_stop(&w->rig, old);
}

/* The job @id no longer uses its spec, which goes if it is an old one. */
static void spec_leave(struct world *w, uint32_t id)
{
	uint32_t spec = w->spec_of_job[id];

	w->spec_of_job[id] = 0;
	if (!spec || --w->users[spec])
		return;
	for (size_t i = 0; i < N(kinds); i++)
		if (w->spec_of_kind[i] == spec)
			return;
	rig_spec_stop(&w->rig, spec);
}

static void job_put(struct world *w, uint32_t id)
{
	const struct peers *p = &w->peers;
	const uint16_t ports[] = { p->rubbish, p->rubbish, p->silent.port,
				   p->closed.port };
	size_t kind = (size_t)lrand48() % N(kinds);
	uint32_t spec = w->spec_of_kind[kind];
	struct hc_job j = rig_job(id, &p->closed, 100, 10);

	j.timeout_ms = 10 + (uint32_t)lrand48() % 90;
	j.first_ms = (uint32_t)lrand48() % 50;
	j.port = ports[lrand48() % 4];
	j.type = (uint8_t)kinds[kind].type;
	j.spec = spec;
	rig_jobs(&w->rig, &j, 1);
	w->users[spec]++;
	spec_leave(w, id);
	w->spec_of_job[id] = spec;
}

static void job_stop(struct world *w, uint32_t id)
{
	rig_stop(&w->rig, id);
	spec_leave(w, id);
}

/* Take what has come. */
static void results_take(struct world *w, uint32_t last_id)
{
	struct pollfd in = { .fd = w->rig.fd, .events = POLLIN };

	while (poll(&in, 1, 0) == 1) {
		rig_packet(&w->rig);
		for (; w->rig.next < w->rig.ngot; w->rig.next++) {
			const struct hc_result *r = &w->rig.got[w->rig.next];

			assert_in_range(r->id, 1, last_id);
			assert_in_range(r->reason, 0, HC_REASON_MAX - 1);
			w->results++;
		}
	}
}

static size_t descriptors(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void step(struct world *w)
{
	uint32_t id = 1 + (uint32_t)lrand48() % JOBS;

	switch (lrand48() % 20) {
	case 0:
		spec_new(w, (size_t)lrand48() % N(kinds));
		break;
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
		job_stop(w, id);
		break;
	default:
		job_put(w, id);
		break;
	}
}

static void world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	srand48(1);
	peers_start(&w->peers);
	rig_start(&w->rig, 0);
	rig_hello(&w->rig);
}

static void test_nothing_is_left(void **state)
{
	static struct world w;
	size_t before;
	struct hc_job mark;

	world_open(&w);
	before = descriptors(w.rig.pid);
	for (size_t i = 0; i < N(kinds); i++)
		spec_new(&w, i);
	for (unsigned int i = 0; i < STEPS; i++) {
		step(&w);
		results_take(&w, JOBS);
		listener_drain(&w.peers.silent);
		if (i % 1000 == 999) {
			kill(w.rig.pid, SIGSTOP);
			usleep(30000);
			kill(w.rig.pid, SIGCONT);
		}
		if (i % 10 == 0)
			usleep(1000); /* there is time for probes, too */
	}
	for (uint32_t id = 1; id <= JOBS; id++)
		job_stop(&w, id);
	for (size_t i = 0; i < N(kinds); i++)
		rig_spec_stop(&w.rig, w.spec_of_kind[i]);
	/* what comes after this one's result was found out after all stops */
	rig_spec(&w.rig, RIG_SPEC, HC_TCP, &kinds[0].spec, 0);
	mark = rig_job(MARK, &w.peers.closed, 100, 10);
	rig_jobs(&w.rig, &mark, 1);
	rig_result(&w.rig, MARK, NONE);
	assert_true(w.results > STEPS / 10);
	assert_int_equal(rig_result(&w.rig, MARK, NONE).id, MARK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig_next(&w.rig).id, MARK);
	rig_stop(&w.rig, MARK);
	rig_spec_stop(&w.rig, RIG_SPEC);
	WAIT_FOR(descriptors(w.rig.pid) == before);
	rig_close(&w.rig);
	peers_stop(&w.peers);
}

/* The daemon goes while all of them are under way. */
static void test_the_end_in_the_middle(void **state)
{
	static struct world w;

	for (int i = 0; i < 5; i++) {
		world_open(&w);
		for (size_t kind = 0; kind < N(kinds); kind++)
			spec_new(&w, kind);
		for (uint32_t id = 1; id <= JOBS; id++)
			job_put(&w, id);
		usleep(20000 * (useconds_t)i);
		rig_close(&w.rig);
		peers_stop(&w.peers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_the_end_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
