/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One check or feed of a configuration file, run here and now: no daemon, no
 * prober process, no services. For tests of the types of check, and for whoever
 * wants to know what a check would say.
 *
 *   probe [--name BACKEND] [--ping] [--free] [--every MS] CONF CHECK
 * ADDRESS[:PORT] [COUNT]
 *
 * It runs as the prober does: without capabilities and, but for scripts, under
 * its seccomp filter; --free: as whoever called it.
 * COUNT probes, one after the other (--every MS: begun so far apart), each a
 * line of JSON. Raw ICMP sockets are
 * opened where that is allowed, as the daemon does for its prober; --ping: not.
 * Exit status: 0 the last one was ok, 1 it was not, 2 cannot be run.
 */
#include <curl/curl.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/conf.h"
#include "healthcheck/checks.h"
#include "healthcheck/sandbox.h"
#include "healthcheck/tls.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "lib/parse.h"

struct probe {
	struct ev_loop *loop;
	struct lag lag;
	struct conf *conf;
	struct spec spec;
	struct hc_job job;
	struct check check;
	struct finding found; /* by the last one */
	uint32_t count;
	uint32_t every_ms;
	bool ping, free;
};

static const struct {
	const char *word;
	enum hc_says bit;
} says_words[] = {
	{ "ready", HC_SAYS_READY },   { "drain", HC_SAYS_DRAIN },
	{ "maint", HC_SAYS_MAINT },   { "percent", HC_SAYS_PERCENT },
	{ "weight", HC_SAYS_WEIGHT },
};

static int usage(void)
{
	fputs("usage: probe [--name BACKEND] [--ping] [--free] [--every MS] "
	      "CONF CHECK ADDRESS[:PORT] [COUNT]\n",
	      stderr);
	return -1;
}

static int cannot(const char *what, const char *why)
{
	fprintf(stderr, "probe: %s: %s\n", what, why);
	return -1;
}

static int options_take(struct probe *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "ping", no_argument, NULL, 'p' },
		{ "free", no_argument, NULL, 'f' },
		{ "every", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			p->ping = true;
		else if (option == 'f')
			p->free = true;
		else if (option == 'e' &&
			 parse_number(optarg, 1, 60000, &p->every_ms) < 0)
			return cannot(optarg, "not a number of ms");
		else if (option == 'e')
			continue;
		else if (option != 'n')
			return usage();
		else if (strlen(optarg) > HC_NAME_MAX)
			return cannot("--name", "too long");
		else
			strcpy(p->job.name, optarg);
	}
	return argc - optind < 3 || argc - optind > 4 ? usage() : 0;
}

static int target_take(struct probe *p, const struct conf_check *check,
		       const char *target)
{
	const struct check_ops *ops = check_ops_of(check->type);
	static const struct conf_backend nobody;
	struct addr a;

	if (endpoint_parse(target, &a, &p->job.port) < 0)
		return cannot(target, "neither ADDRESS nor ADDRESS:PORT");
	if (!p->job.port)
		p->job.port = conf_probe_port(&nobody, check);
	if (!p->job.port && ops->needs_port)
		return cannot(target, "this check needs a port");
	p->job.family = a.family;
	memcpy(p->job.ip, a.ip, sizeof(a.ip));
	return 0;
}

static int conf_take(struct probe *p, const char *path)
{
	struct conf_errors errors = { 0 };
	struct buf words = { 0 };

	if (conf_load(path, &p->conf, &errors) < 0) {
		conf_errors_print(&errors, &words);
		fputs(words.data, stderr);
		buf_free(&words);
	}
	conf_errors_free(&errors);
	return p->conf ? 0 : -1;
}

static const struct conf_check *check_find(const struct conf *c,
					   const char *name)
{
	for (size_t i = 0; i < c->nchecks; i++)
		if (!strcmp(c->checks[i].name, name))
			return &c->checks[i];
	for (size_t i = 0; i < c->nfeeds; i++)
		if (!strcmp(c->feeds[i].probe.name, name))
			return &c->feeds[i].probe;
	return NULL;
}

static int arguments_take(struct probe *p, char **argv)
{
	const struct conf_check *check;

	p->count = 1;
	if (argv[3] && parse_number(argv[3], 1, UINT32_MAX, &p->count) < 0)
		return cannot(argv[3], "not a number of probes");
	if (conf_take(p, argv[0]) < 0)
		return -1;
	check = check_find(p->conf, argv[1]);
	if (!check)
		return cannot(argv[1], "no such check or feed");
	if (!check_ops_of(check->type))
		return cannot(argv[1], "a type that no prober has");
	p->spec.type = check->type;
	spec_copy(&p->spec.of, &check->spec);
	p->job.type = (uint8_t)check->type;
	p->job.interval_ms = check->interval_ms;
	p->job.timeout_ms = check->timeout_ms;
	return target_take(p, check, argv[2]);
}

/* The descriptors that a daemon hands over where it may. */
static void raw_sockets(void)
{
	int v4 = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);
	int v6 = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6);

	/* Neither may be where the other one is to be. */
	if (v4 >= 0)
		v4 = fcntl(v4, F_DUPFD, HC_ICMP6_FD + 1);
	if (v6 >= 0)
		v6 = fcntl(v6, F_DUPFD, HC_ICMP6_FD + 1);
	if (v4 >= 0)
		dup2(v4, HC_ICMP4_FD);
	if (v6 >= 0)
		dup2(v6, HC_ICMP6_FD);
}

/* Of those that there were. */
static json_t *phases_pack(const struct check_phases *p)
{
	const struct {
		const char *name;
		uint32_t us;
	} rows[] = { { "connect", p->connect_us },
		     { "tls", p->tls_us },
		     { "first", p->first_us } };
	json_t *packed = json_object();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].us)
			json_object_set_new(packed, rows[i].name,
					    json_real(rows[i].us / 1e3));
	return packed;
}

static void found_print(const struct finding *f)
{
	json_t *says = json_array(), *line;
	char *text;

	for (size_t i = 0; i < sizeof(says_words) / sizeof(says_words[0]); i++)
		if (f->says & says_words[i].bit)
			json_array_append_new(says,
					      json_string(says_words[i].word));
	line = json_pack("{s:s, s:i, s:f, s:o, s:i}", "reason",
			 word_text(hc_reason_words, (int)f->reason), "detail",
			 (int)f->detail, "ms", (double)f->duration_us / 1000,
			 "says", says, "weight", (int)f->weight);
	json_object_set_new(line, "phases", phases_pack(&f->phases));
	if (f->has_value)
		json_object_set_new(line, "value", json_real(f->value));
	text = json_dumps(line, JSON_REAL_PRECISION(6));
	puts(text);
	fflush(stdout);
	free(text);
	json_decref(line);
}

static void probe_done(struct check *c, const struct finding *found)
{
	struct probe *p =
	    (struct probe *)((char *)c - offsetof(struct probe, check));

	p->found = *found;
	found_print(found);
	ev_break(p->loop, EVBREAK_ALL);
}

static int probes_run(struct probe *p)
{
	const struct check_ops *ops = check_ops_of(p->spec.type);
	const char *wrong =
	    ops->prepare ? ops->prepare(&p->spec, p->loop) : NULL;

	if (wrong)
		return cannot("check", wrong);
	lag_open(&p->lag, p->loop);
	check_init(&p->check, p->loop, &p->lag, probe_done);
	for (uint32_t i = 0; i < p->count; i++) {
		if (i > 0)
			poll(NULL, 0, (int)p->every_ms);
		ev_now_update(p->loop);
		check_start(&p->check, &p->spec, &p->job);
		if (check_running(&p->check))
			ev_run(p->loop, 0);
	}
	check_forget(&p->check);
	lag_close(&p->lag);
	if (ops->release)
		ops->release(&p->spec);
	return p->found.reason == HC_OK ? 0 : 1;
}

/* As the daemon and the prober do before the first probe. */
static int confine(bool filter)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };
	struct err err = { "" };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) < 0)
		return cannot("capabilities", strerror(errno));
	if (sandbox_enter(filter, &err) < 0)
		return cannot("sandbox", err.msg);
	return 0;
}

int main(int argc, char **argv)
{
	struct probe p = { 0 };
	int status = -1;

	log_open("probe", false);
	signal(SIGPIPE, SIG_IGN);
	if (options_take(&p, argc, argv) < 0 ||
	    arguments_take(&p, argv + optind) < 0)
		goto out;
	if (!p.ping)
		raw_sockets();
	tls_open();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	/* Not the default one: that would reap what script checks run. */
	p.loop = ev_loop_new(EVFLAG_AUTO);
	status = p.free ? 0 : confine(p.spec.type != HC_SCRIPT);
	if (status == 0)
		status = probes_run(&p);
	ev_loop_destroy(p.loop);
	curl_global_cleanup();
	tls_close();
out:
	spec_free(&p.spec.of);
	conf_free(p.conf);
	return status < 0 ? 2 : status;
}
